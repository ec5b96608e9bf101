#!/usr/bin/env bash
# Runs the unit tests of byte strings, numbers and records under miri, which finds undefined behaviour, ours or that of a
# crate below. Neither journal/mmap.rs nor Lua can be run: miri maps no files and knows no C.
set -euo pipefail

# One that is known to run them; another nightly does where it is installed already.
pinned=nightly-2026-05-20
install_limit=300
limit=900

skip() { echo "skipped: $1"; exit; }
has_miri() { timeout 60 cargo "+$1" miri --version > /dev/null 2>&1; }

toolchain=$pinned
if ! has_miri $pinned; then
    if has_miri nightly; then
        toolchain=nightly
    else
        command -v rustup > /dev/null || skip "no rustup to install $pinned with"
        timeout $install_limit rustup toolchain install $pinned --profile minimal --component miri --component rust-src \
            > /dev/null 2>&1 || skip "$pinned with miri can't be installed, or not within $install_limit s"
    fi
fi

# proptest looks for its folder of failures.
export MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=4
# The rest of the unit tests takes miri too long.
timeout $limit cargo "+$toolchain" miri test --quiet --no-default-features --lib -- \
    bytes:: journal::format journal::packed journal::payload number::double number::integer --skip command:: || {
    code=$?
    [ $code -ne 124 ] || skip "miri was not done after $limit s"
    exit $code
}
