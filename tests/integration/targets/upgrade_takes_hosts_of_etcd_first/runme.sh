#!/usr/bin/env bash
# A cluster whose etcd is on hosts of its own goes from one minor version to the next: hosts of etcd first, one by one, and only while all
# members answer.
. ../../../workshop/data/provisioning.sh

older_version
versions() { for host in e1 e2 e3; do on "$host" "etcd --version | sed -n 's/^etcd Version: //p'"; done | sort | uniq -c | xargs; }

hosts up e1 e2 e3 n1 n2
play provision "${old[@]}"
nodes_ready 2
[ "$(versions)" = "3 3.6.16" ] || fail "etcd is $(versions)"

if play provision; then fail "provision upgraded a cluster"; fi
grep -q "its etcd is 3.6.16 on e1" "$folder/said" || fail "nothing says that etcd is an older one"
if play provision --limit e2; then fail "provision upgraded a host of etcd"; fi

# While a member is silent, no other is touched.
on e2 systemctl stop etcd
if play upgrade -e upgrade_deadline=20; then fail "etcd was upgraded while a member was silent"; fi
[ "$(versions)" = "3 3.6.16" ] || fail "etcd is $(versions)"
on e2 systemctl start etcd

play upgrade
[ "$(versions)" = "3 3.7.0" ] || fail "etcd is $(versions)"
[ "$(kubectl get nodes --no-headers | grep -c v1.37.2)" = 2 ] || fail "a Node has the old version"
nodes_ready 2
on n1 'test ! -e /etc/kubernetes/manifests/etcd.yaml' || fail "the upgrade brought an etcd to the control plane"
kubectl --namespace kube-system get configmap navarch-upgrade --output jsonpath='{.data.state}' | grep -q finished
pods_reach_each_other

play upgrade
unchanged
# The administrator's kubeconfig was renewed with the upgrade, and comes to the controller anew.
play provision
play provision
unchanged
