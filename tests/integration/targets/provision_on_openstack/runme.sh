#!/usr/bin/env bash
# From nothing to a cluster whose machines are servers of OpenStack; more of them, fewer, and none.
. ../../../workshop/data/provisioning.sh
export OS_CLIENT_CONFIG_FILE=$NAVARCH_TEST_CLOUDS
trap 'cloud openstack_machines -e openstack_machines_state=absent >/dev/null; rm -rf "$folder"' EXIT

cloud() { # cloud PLAYBOOK OPTION... : a playbook of the collection; what it said is in $folder/said
    ansible-playbook -e "@$collection/tests/workshop/data/stand_ins.yml" -e "@$target/north.yml" -e "key=$folder/key folder=$folder" \
        -e "cluster_kubeconfig=$kubeconfig" "navarch.fleet.$1" "${@:2}" 2>&1 | tee "$folder/said"
}

ssh-keygen -q -t ed25519 -N '' -f "$folder/key"

# What would be made is told, and nothing is.
cloud provision --check
grep -q 'create server cumulus-worker-2' "$folder/said"

begin=$SECONDS
cloud provision
nodes_ready 3
echo "from nothing to 3 Nodes that are Ready: $((SECONDS - begin)) s"
pods_reach_each_other

cloud provision
unchanged

# More by a number, and fewer: the newest goes, its Node before it.
cloud provision -e workers=3
nodes_ready 4
cloud provision -e workers=2
nodes_ready 3
if kubectl get node cumulus-worker-3; then fail "the Node of a machine that went is still there"; fi

# All of it goes, and only it.
cloud openstack_machines -e openstack_machines_state=absent
cloud openstack_machines -e openstack_machines_state=absent
grep -q 'nothing is to be done' "$folder/said"
