#!/usr/bin/env bash
# Three control planes come in at once, and the play is killed at six random moments: each time the end is that of a play that nobody
# killed, with three members of etcd.
. ../../../workshop/data/provisioning.sh
. ../../../workshop/data/kills.sh

hosts up b1 n1 n2 n3 n4
options=(-e "cluster_endpoint=$(spare_endpoint)")
ends_as_undisturbed "1 2 3" b1 n1 n2 n3 n4
nodes_ready 4
[ "$(members n1 | grep -c started)" = 3 ] || fail "etcd has not three members"
