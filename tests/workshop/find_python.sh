#!/bin/sh
# Prints a Python 3.11 to 3.14 that can make virtual environments. Says what to install when there is none;
# as root on Debian and Ubuntu it installs that itself.
set -u

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

find_one() {
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
        if command -v "$name" >/dev/null 2>&1 && usable "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_one && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "no usable Python 3.11+: installing python3 and python3-venv" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2 && apt-get install -q -y --no-install-recommends python3 python3-venv >&2
    find_one && exit 0
    apt-get install -q -y --no-install-recommends python3.11 python3.11-venv >&2
    find_one && exit 0
fi
echo "Python 3.11 to 3.14 with its venv module is needed. On Debian or Ubuntu: apt-get install python3 python3-venv" >&2
echo "(or name one: make PYTHON=/path/to/python3.12 ...)" >&2
exit 1
