#!/usr/bin/env bash
# Three control planes behind two load balancers go to the next minor version, and the API can be written to all the while. The play is
# killed when the first is done; the second does not come up, and gets back what it had; the play is run again each time.
. ../../../workshop/data/provisioning.sh

older_version
hosts up b1 b2 n1 n2 n3 n4
endpoint=$(spare_endpoint)
play provision "${old[@]}" -e "cluster_endpoint=$endpoint"
nodes_ready 4

version() { kubectl get node "$1" --output 'jsonpath={.status.nodeInfo.kubeletVersion}'; }
done_hosts() { for host in n1 n2 n3 n4; do [ "$(version "$host")" != v1.37.2 ] || printf '%s ' "$host"; done; }

first_is_done() { # "$pid" is the play's
    until [ "$(version n1 2>/dev/null)" = v1.37.2 ]; do
        kill -0 "$pid" 2>/dev/null || { cat "$folder/killed" && fail "the play ended before it was killed"; }
        sleep 1
    done
}
longest_pause 10 5 killed_after first_is_done upgrade -e "cluster_endpoint=$endpoint"

# The new kubelet does not start on n2.
on n2 'mkdir -p /etc/systemd/system/kubelet.service.d; cat >/etc/systemd/system/kubelet.service.d/99-refuse.conf' <<'C'
[Service]
ExecStartPre=/bin/sh -c "! /usr/local/bin/kubelet --version | grep -q v1.37"
C
refused() { if play upgrade -e upgrade_deadline=300 -e "cluster_endpoint=$endpoint"; then fail "a control plane whose kubelet does not start went unnoticed"; fi; }
longest_pause 10 5 refused
[ "$(done_hosts)" = "n1 " ] || fail "of the new version are: $(done_hosts)"
eventually 60 nodes_ready 4
[ -z "$(kubectl get nodes --output 'jsonpath={.items[*].spec.unschedulable}')" ] || fail "a Node takes no pods"
kubectl --namespace kube-system get configmap navarch-upgrade --output jsonpath='{.data}' | grep -q n2 || fail "the cluster does not know who failed"

on n2 rm /etc/systemd/system/kubelet.service.d/99-refuse.conf
longest_pause 10 5 play upgrade -e "cluster_endpoint=$endpoint"
[ "$(done_hosts)" = "n1 n2 n3 n4 " ] || fail "of the new version are: $(done_hosts)"
nodes_ready 4
kubectl --namespace kube-system get configmap navarch-upgrade --output jsonpath='{.data.state}' | grep -q finished
pods_reach_each_other

play upgrade -e "cluster_endpoint=$endpoint"
unchanged
