#!/usr/bin/env bash
# No secret of a kubeconfig or of the hub is in the output at -vvv, whether a play succeeds or fails.
set -eu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export ANSIBLE_NOCOLOR=1

cp secrets.yml "$out/play.yml"
ansible-playbook "$out/play.yml" -vvv --diff -e "fleet_lab=$NAVARCH_TEST_LAB" -e "found=$out/secrets" > "$out/log" 2>&1 || {
    tail -n 30 "$out/log"
    exit 1
}
count=$(grep -c . "$out/secrets")
echo "$count secrets looked for in $(wc -c < "$out/log") bytes of output"
test "$count" -ge 4
if grep -F -q -f "$out/secrets" "$out/log"; then
    echo "a secret is in the output"
    exit 1
fi
