#!/usr/bin/env bash
# Five control planes, more hosts than Ansible works on at once: some come in after the others. They go to the next minor version while
# the API can be written to. Two are destroyed in one moment, and replaced.
. ../../../workshop/data/provisioning.sh

older_version
hosts up b1 n1 n2 n3 n4 n5 n6
endpoint=$(spare_endpoint)
of_etcd() { members n1 | grep -c started; }

play provision "${old[@]}" -e "cluster_endpoint=$endpoint"
nodes_ready 6
[ "$(of_etcd)" = 5 ] || fail "etcd has $(of_etcd) members"

longest_pause 10 5 play upgrade -e "cluster_endpoint=$endpoint"
nodes_ready 6
[ "$(kubectl get nodes --no-headers | grep -c v1.37.2)" = 6 ] || fail "a Node has the old version"
pods_reach_each_other
play upgrade -e "cluster_endpoint=$endpoint"
unchanged

two_go() { hosts down n2 n4; }
longest_pause 10 20 two_go
hosts up n2 n4
play provision -e "cluster_endpoint=$endpoint"
nodes_ready 6
[ "$(of_etcd)" = 5 ] || fail "etcd has $(of_etcd) members"
play provision -e "cluster_endpoint=$endpoint"
unchanged
