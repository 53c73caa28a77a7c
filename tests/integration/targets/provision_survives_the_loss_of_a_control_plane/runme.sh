#!/usr/bin/env bash
# Three control planes and two workers behind two load balancers that share an address. A control plane is destroyed, and a load
# balancer: the API can be written to again within 10 s. The play makes the replacement. A worker goes, two come.
. ../../../workshop/data/provisioning.sh

hosts up b1 b2 n1 n2 n3 n4 n5
endpoint=$(spare_endpoint)
provision() { play provision -e "cluster_endpoint=$endpoint" "$@"; }

on_two_nodes() { [ "$(kubectl get pods --namespace kube-system --selector k8s-app=kube-dns --output 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | grep -c .)" = 2 ]; }

provision
nodes_ready 5
on_two_nodes || fail "DNS is on one Node"
pods_reach_each_other
provision
unchanged

# The first is the one that the cluster began on.
longest_pause 10 20 hosts down n1
# The load balancer that has the address goes as well.
longest_pause 10 20 hosts stop b1
hosts start b1

# A bare host comes in the place of the lost one; etcd has forgotten that one before.
lost=$(members n2 | awk -F ', ' '$3 == "n1" { print $1 }')
hosts up n1
provision
nodes_ready 5
members n2 >"$folder/members"
[ "$(grep -c started "$folder/members")" = 3 ] || fail "etcd has not three members"
if grep "$lost" "$folder/members"; then fail "the new etcd goes under the identity of the lost one"; fi
pods_reach_each_other

# A worker is removed, two are added: they and one control plane are contacted, nobody else.
play reset -e "cluster_endpoint=$endpoint" --limit n5 -e reset_confirm=north
nodes_ready 4
hosts up n6 n7
cat >"$folder/more.yml" <<'E'
north: {hosts: {n6: {}, n7: {}}}
worker: {hosts: {n6: {}, n7: {}}}
E
logins() { for host in n1 n2 n3 n4 b1 b2; do echo "$host $(on "$host" 'journalctl --unit ssh --no-pager | grep -c "Accepted publickey for admin"')"; done; }
logins >"$folder/logins"
provision -i "$folder/more.yml" --limit n6,n7
nodes_ready 6
# None where the connection of the last play to that control plane was still open.
[ "$(logins | diff - "$folder/logins" | grep -c '^<')" -le 1 ] || fail "more than one host was contacted beside the new ones"
pods_reach_each_other
