#!/usr/bin/env bash
# A control plane and two workers out of bare hosts: pods run, a second run changes nothing, a host that is off holds nobody.
. ../../../workshop/data/provisioning.sh

hosts up n1 n2 n3

# Checked before anything is touched.
play provision --check
if on n1 test -e /etc/containerd; then fail "check mode touched a host"; fi

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
