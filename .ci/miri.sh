#!/usr/bin/env bash
# Runs the unit tests of byte strings, numbers and records under miri, which finds undefined behaviour, ours or that of a
# crate below. Neither journal/mmap.rs nor Lua can be run: miri maps no files and knows no C.
set -euo pipefail

if ! cargo +nightly miri --version > /dev/null 2>&1; then
    command -v rustup > /dev/null || { echo 'skipped: no rustup to install a nightly compiler with'; exit; }
    timeout 300 rustup toolchain install nightly --profile minimal --component miri --component rust-src > /dev/null 2>&1 ||
        { echo 'skipped: no nightly compiler with miri can be installed'; exit; }
fi

# proptest looks for its folder of failures.
export MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=4
# The rest of the unit tests takes miri too long.
cargo +nightly miri test --quiet --no-default-features --lib -- \
    bytes:: journal::format journal::packed journal::payload number::double number::integer --skip command::
