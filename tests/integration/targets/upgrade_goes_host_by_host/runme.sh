#!/usr/bin/env bash
# A cluster goes from one minor version to the next; a pause holds, and the next run goes on.
. ../../../workshop/data/provisioning.sh

old=(-e cluster_kubernetes_version=v1.36.3)
hosts up n1 n2
play provision "${old[@]}"
nodes_ready 2

if play provision; then fail "provision upgraded a cluster"; fi
if play upgrade -e cluster_kubernetes_version=v1.38.0; then fail "a minor version was left out"; fi

play upgrade -e 'upgrade_parts=["control_plane"]'
kubectl get node n1 | grep -q v1.37.2
kubectl get node n2 | grep -q v1.36.3
play upgrade
[ "$(kubectl get nodes --no-headers | grep -c v1.37.2)" = 2 ] || fail "a Node has the old version"
nodes_ready 2
kubectl --namespace kube-system get configmap navarch-upgrade --output jsonpath='{.data.state}' | grep -q finished
