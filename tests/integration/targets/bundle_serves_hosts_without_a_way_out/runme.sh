#!/usr/bin/env bash
# A bundle is written, refused where it was damaged, and opened for a host that reaches nobody.
set -euo pipefail
PYTHONPATH=$(cd ../../.. && pwd)
export PYTHONPATH
place=$(mktemp -d)
hosts() { python -m workshop.hosts "$@"; }
finish() {
    hosts down "$place/hosts"
    rm -rf "$place"
}
trap finish EXIT
hosts up "$place/hosts" b1
ansible-playbook -i "$place/hosts/hosts.yml" play.yml -e "place=$place" "$@"
