#!/usr/bin/env bash
# A cluster of one host, and a spare host beside it. Pods that find no room bring the spare host into the cluster; when they are gone
# it leaves, and is a bare host with a few packages more.
. ../../../workshop/data/provisioning.sh
export NAVARCH_HUB_KUBECONFIG=$folder/lab/hub.kubeconfig
trap 'leave' EXIT

leave() {
    play lab -e lab_state=absent -e "lab_directory=$folder/lab" >/dev/null || true
    hosts down
    rm -rf "$folder"
}

unschedulable() { kubectl get pods --selector app=flood --output 'jsonpath={.items[*].status.conditions[*].reason}' | grep -q Unschedulable; }
no_pods() { [ -z "$(kubectl get pods --selector app=flood --no-headers)" ]; }

hosts up n1 n2
play lab -e "lab_directory=$folder/lab" -e '{"lab_members": []}'
play registry
play provision --limit n1,localhost -e cluster_join=true
nodes_ready 1

sets=(-e "{\"autoscale_machine_sets\": [{\"name\": \"spares\", \"cluster\": \"north\", \"provider\": \"idc\", \"min_replicas\": 0, \"max_replicas\": 2,
  \"labels\": {\"pool\": \"spares\"}, \"settings\": {\"hosts\": [{\"name\": \"n2\", \"address\": \"$(address n2)\"}], \"capacity\": {\"cpu\": \"2\", \"memory\": \"4Gi\"}}}]}")
at_once=(-e autoscale_scale_up_delay=0 -e autoscale_scale_down_unneeded_time=0 -e autoscale_scale_down_delay_after_add=0)
play autoscale "${sets[@]}" "${at_once[@]}"
nodes_ready 1

on n1 ctr --namespace k8s.io images import /srv/navarch/images/localhost_navarch-web-1-linux-*/image.tar
kubectl create deployment flood --image localhost/navarch-web:1
kubectl patch deployment flood --patch '{"spec": {"template": {"spec": {"nodeSelector": {"pool": "spares"}}}}}'
eventually 60 unschedulable
play autoscale "${at_once[@]}"
nodes_ready 2
kubectl get node n2 --output 'jsonpath={.metadata.labels.pool}' | grep -qx spares
play autoscale "${at_once[@]}"
nodes_ready 2

kubectl delete deployment flood
eventually 60 no_pods
play autoscale "${at_once[@]}"
nodes_ready 1
# Packages stay, for the next time; nothing that runs or that kubeadm wrote does.
for left in /etc/kubernetes /usr/local/bin/kubelet; do
    if on n2 test -e "$left"; then fail "$left was left on n2"; fi
done
# On a host that is a container these are disks of their own, which stay.
left=$(on n2 find /var/lib/kubelet /var/lib/containerd -mindepth 1 -print -quit)
[ -z "$left" ] || fail "$left was left on n2"
if on n2 systemctl is-active kubelet containerd bird; then fail "n2 still runs what it ran as a node"; fi

# It is spare again: the next run finds nothing to do.
play autoscale "${at_once[@]}"
unchanged
