#!/usr/bin/env bash
# A bundle makes a cluster of hosts that reach nobody and have no source of packages; one that was damaged is refused.
. ../../../workshop/data/provisioning.sh

ansible-playbook write.yml -e "place=$folder"

hosts up n1 n2
for host in n1 n2; do on "$host" 'rm /etc/apt/sources.list'; done
play provision -e "host_bundle=$folder/bundle.tar" -e host_mirror= -e "host_cache=$folder/cache"
nodes_ready 2
pods_reach_each_other

ansible-playbook refuse.yml -e "place=$folder"
