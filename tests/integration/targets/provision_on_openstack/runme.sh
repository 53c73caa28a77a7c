#!/usr/bin/env bash
# From nothing to a cluster whose machines are servers of OpenStack; more of them, fewer, all workers with a newer image, and none.
. ../../../workshop/data/provisioning.sh
# Both this machine and its servers have to be able to write there.
export ANSIBLE_REMOTE_TMP=/tmp/navarch-ansible
export OS_CLIENT_CONFIG_FILE=$NAVARCH_TEST_CLOUDS
trap 'cloud openstack_machines -e openstack_machines_state=absent >/dev/null; rm -rf "$folder"' EXIT

cloud() { # cloud PLAYBOOK OPTION... : a playbook of the collection; what it said is in $folder/said
    ansible-playbook -e "@$collection/tests/workshop/data/stand_ins.yml" -e "@$target/north.yml" -e "key=$folder/key folder=$folder" \
        -e "cluster_kubeconfig=$kubeconfig" "navarch.fleet.$1" "${@:2}" 2>&1 | tee "$folder/said"
}

on() { # on HOST COMMAND... : over SSH, as root
    local address
    address=$(kubectl get node "$1" --output 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
    ssh -i "$folder/key" -o "UserKnownHostsFile=$folder/known_hosts" -o LogLevel=ERROR "admin@$address" sudo "${@:2}"
}

census() { python "$target/../setup_openstack/files/census.py" lab; }

timed() { # timed WORDS COMMAND... : say how long the command took
    local begin=$SECONDS
    "${@:2}"
    echo "TIME $1: $((SECONDS - begin)) s"
}

of_node() { kubectl get node "$1" --output "jsonpath={.metadata.uid}"; }

ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
census >"$folder/before"

# What would be made is told, and nothing is.
cloud provision --check
grep -q 'create server cumulus-worker-2' "$folder/said"
census | diff "$folder/before" -

timed "from nothing to 3 Nodes" cloud provision
nodes_ready 3
pods_reach_each_other

timed "once more" cloud provision
unchanged

# More by a number, and fewer: the newest go, their Nodes before them.
timed "from 3 to 5 Nodes" cloud provision -e workers=4
nodes_ready 5
timed "from 5 to 3 Nodes" cloud provision -e workers=2
nodes_ready 3
if grep -q 'unreachable=[1-9]' "$folder/said"; then fail "machines that went were asked for all the same"; fi
for gone in cumulus-worker-3 cumulus-worker-4; do
    if kubectl get node "$gone"; then fail "the Node of $gone, a machine that went, is still there"; fi
done

# A newer image: workers are made anew one by one, the control plane stays as it is.
plane=$(of_node cumulus-plane-1)
worker=$(of_node cumulus-worker-1)
timed "2 workers made anew" cloud openstack_rebuild -e image=container-newer
nodes_ready 3
[ "$(of_node cumulus-plane-1)" = "$plane" ] || fail "the control plane was made anew as well"
[ "$(of_node cumulus-worker-1)" != "$worker" ] || fail "cumulus-worker-1 is the old one"
cloud openstack_rebuild -e image=container-newer
grep -q '0 of 3 machines' "$folder/said"
if cloud openstack_rebuild -e '{"openstack_machines_rebuild": ["cumulus-plane-1"]}'; then fail "the only control plane was let go"; fi
grep -q 'is the only control plane of cumulus' "$folder/said"
pods_reach_each_other

# All of it goes, and only it.
timed "removal" cloud openstack_machines -e openstack_machines_state=absent
cloud openstack_machines -e openstack_machines_state=absent
grep -q 'nothing is to be done' "$folder/said"
census | diff "$folder/before" -
