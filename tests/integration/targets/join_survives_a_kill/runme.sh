#!/usr/bin/env bash
# A join that is killed after any of its writes is finished by the next one.
set -eu
export NAVARCH_HUB_KUBECONFIG=$NAVARCH_TEST_LAB/hub.kubeconfig
ansible-playbook navarch.fleet.registry
ansible-playbook navarch.fleet.join -e "@$NAVARCH_TEST_LAB/clusters.yml"
ansible-playbook navarch.fleet.leave -e leave_clusters=cloud-east

for writes in 0 1 3 4 6 7 8; do
    code=0
    python kill.py "$writes" || code=$?
    test "$code" -eq 9 || test "$code" -eq 0
done

ansible-playbook navarch.fleet.join -e "@$NAVARCH_TEST_LAB/clusters.yml"
ansible-playbook navarch.fleet.join -e "@$NAVARCH_TEST_LAB/clusters.yml" | tee /dev/stderr | grep "changed=0"
