#!/usr/bin/env bash
# Debian 13, Ubuntu 22.04 and 24.04: each is a control plane, a worker and, of both families, a balancer, in one play; each is left as it was.
. ../../../workshop/data/provisioning.sh

each=(-e "cluster_kubeconfig=$folder/{{ cluster_name }}.conf")
of() { kubeconfig=$folder/$1.conf; }

hosts up b1:noble b2:trixie n1:noble n2:jammy n3:trixie s1:trixie w1:jammy
for host in n1 n2 n3; do state "$host" >"$folder/$host.before"; done
play provision "${each[@]}"
of south
nodes_ready 1
pods_reach_each_other
of west
nodes_ready 1
pods_reach_each_other
of north
nodes_ready 3
pods_reach_each_other
for system in "Debian GNU/Linux 13" "Ubuntu 22.04" "Ubuntu 24.04"; do
    kubectl get nodes --output 'jsonpath={.items[*].status.nodeInfo.osImage}' | grep -q "$system" || fail "no Node is $system"
done

# Either balancer has the address.
for gone in b1 b2; do
    hosts stop "$gone"
    eventually 10 kubectl get nodes --request-timeout 2s
    hosts start "$gone"
    eventually 30 on "$gone" systemctl is-active --quiet haproxy keepalived
done

play provision "${each[@]}"
unchanged

play reset --limit north -e reset_confirm=north -e reset_packages=true
for host in n1 n2 n3; do
    state "$host" >"$folder/$host.after"
    diff "$folder/$host.before" "$folder/$host.after" || fail "$host is not as it was"
done
