#!/usr/bin/env bash
# The control plane that begins is slower than four workers, and the play has five forks: those that wait for it leave it enough of them.
. ../../../workshop/data/provisioning.sh
export ANSIBLE_FORKS=5

hosts up n1 n2 n3 n4 n5
play provision &
playing=$!
eventually 180 grep -q 'TASK .*Make the host fit to run Kubernetes' "$folder/said"
hosts pause n1
# What comes right before the wait; the wait itself is told when it is over.
eventually 60 grep -q 'TASK .*: Ask another control plane' "$folder/said"
sleep 20
hosts unpause n1
wait "$playing"
nodes_ready 5

play provision
unchanged
