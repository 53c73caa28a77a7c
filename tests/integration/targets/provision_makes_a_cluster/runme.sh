#!/usr/bin/env bash
# A control plane and two workers out of bare hosts: one that can't begin is not waited for, pods run, a second run changes nothing.
. ../../../workshop/data/provisioning.sh

hosts up n1 n2 n3

# Checked before anything is touched.
play provision --check
if on n1 test -e /etc/containerd; then fail "check mode touched a host"; fi

# What lies in etcd's folder makes kubeadm refuse to begin. Workers that wait for that control plane hear it at once.
on n1 mkdir -p /var/lib/etcd/left-over
began=$SECONDS
if play provision; then fail "kubeadm began beside what was there"; fi
grep -q 'DirAvailable--var-lib-etcd' "$folder/said" || fail "kubeadm's reason was not told"
[ "$(grep -c "msg: 'Cluster north lets nobody in: its control plane failed" "$folder/said")" = 2 ] || fail "the workers did not hear that n1 failed"
[ $((SECONDS - began)) -lt 180 ] || fail "n1 was waited for"
on n1 rmdir /var/lib/etcd/left-over

play provision
[ "$(stat --format %a "$kubeconfig")" = 600 ] || fail "others may read the administrator's kubeconfig"
nodes_ready 3
kubectl get node n3 --show-labels | grep -q 'disk=fast.*topology.kubernetes.io/region=eu,topology.kubernetes.io/zone=c'
pods_reach_each_other

# kube-proxy that is started anew finds the rules of its predecessor, and keeps them.
kubectl --namespace kube-system rollout restart daemonset/kube-proxy
kubectl --namespace kube-system rollout status daemonset/kube-proxy --timeout 120s
pods_reach_each_other

play provision
unchanged
