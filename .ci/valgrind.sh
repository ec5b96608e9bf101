#!/usr/bin/env bash
# Installs valgrind, unless it is there.
set -euo pipefail

command -v valgrind > /dev/null && exit
as_root=$([ "$(id -u)" = 0 ] || echo sudo)
$as_root apt-get update -qq
$as_root apt-get install -qq -y valgrind > /dev/null
