#!/usr/bin/env bash
# A data centre that serves the ordinary day, and a cluster on OpenStack without a worker. The flood comes: machines appear, become Nodes,
# and pods run on them; the flood goes: first the pods, then the machines. Each step is timed, and the project is afterwards as it was.
. ../../../workshop/data/provisioning.sh
# Both this machine and its servers have to be able to write there.
export ANSIBLE_REMOTE_TMP=/tmp/navarch-ansible
export OS_CLIENT_CONFIG_FILE=$NAVARCH_TEST_CLOUDS NAVARCH_HUB_KUBECONFIG=$folder/lab/hub.kubeconfig
trap 'leave' EXIT

leave() {
    fleet openstack_machines -e openstack_machines_state=absent >/dev/null || true
    fleet lab -e lab_state=absent >/dev/null || true
    rm -rf "$folder"
}

fleet() { # fleet PLAYBOOK OPTION... : a playbook of the collection; what it said is in $folder/said
    ansible-playbook -e "@$collection/tests/workshop/data/stand_ins.yml" -e "@$target/flood.yml" -e "key=$folder/key folder=$folder" \
        -e "lab_directory=$folder/lab" -e "cluster_kubeconfig=$kubeconfig" "navarch.fleet.$1" "${@:2}" 2>&1 | tee "$folder/said"
}

census() { python "$target/../setup_openstack/files/census.py" lab; }

timed() { # timed WORDS COMMAND... : say how long the command took
    local begin=$SECONDS
    "${@:2}"
    echo "TIME $1: $((SECONDS - begin)) s"
}

running() { kubectl get pods --namespace flood --field-selector status.phase=Running --no-headers 2>/dev/null | wc -l; }

ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
census >"$folder/nothing"

timed "a hub and a data centre" fleet lab
fleet registry
fleet join -e "@$folder/lab/clusters.yml"
timed "a cluster of one control plane, joined" fleet provision -e cluster_join=true
nodes_ready 1
census >"$folder/ordinary"

fleet autoscale -e "@$target/machine_sets.yml"
fleet apply
grep -q 'ok=.*failed=0' "$folder/said"

# Beforehand it is told what the flood would take.
flood=(-e burst_application=flood -e burst_clusters=cumulus -e burst_wait_timeout=900)
fleet burst "${flood[@]}" -e burst_replicas=9 --check
grep -q 'fits after adding 2 flood in cumulus, about 2 minutes, 0.24 per hour' "$folder/said"
census | diff "$folder/ordinary" -

timed "from load to pods" fleet burst "${flood[@]}" -e burst_replicas=9
nodes_ready 3
[ "$(running)" = 6 ] || fail "$(running) pods run in the cloud, not 6"
kubectl get pods --namespace flood --output wide

fleet burst "${flood[@]}" -e burst_replicas=9
unchanged

# What provisions the cluster leaves machines alone that the machine set counts.
fleet openstack_machines
grep -q 'nothing is to be done' "$folder/said"

timed "the flood goes" fleet burst "${flood[@]}" -e burst_replicas=2
[ "$(running)" = 0 ] || fail "$(running) pods run in the cloud still"
timed "machines go" fleet autoscale -e autoscale_scale_down_unneeded_time=0 -e autoscale_scale_down_delay_after_add=0
nodes_ready 1
census | diff "$folder/ordinary" -

fleet openstack_machines -e openstack_machines_state=absent
census | diff "$folder/nothing" -
