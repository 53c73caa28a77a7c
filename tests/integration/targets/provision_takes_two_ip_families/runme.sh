#!/usr/bin/env bash
# Pods and services of a cluster have addresses of both IP families, and are reached at both. Beside it a cluster of one host without kube-proxy.
. ../../../workshop/data/provisioning.sh

each=(-e "cluster_kubeconfig=$folder/{{ cluster_name }}.conf")
hosts up n1 n2 n3 s1
play provision "${each[@]}" --limit 'all:!s1'

kubeconfig=$folder/north.conf
nodes_ready 3
pods_reach_each_other
[ "$(kubectl get nodes --output 'jsonpath={range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' | grep -c ':')" = 3 ] ||
    fail "a Node has no address of the second family"
kubectl patch service web --patch '{"spec": {"ipFamilyPolicy": "RequireDualStack"}}'
service=$(kubectl get service web --output 'jsonpath={.spec.clusterIPs[1]}')
for pod in $(kubectl get pods --selector app=web --output name); do
    eventually 30 kubectl exec "$pod" -- /web get "http://[$service]"
    for address in $(kubectl get pods --selector app=web --output 'jsonpath={.items[*].status.podIPs[1].ip}'); do
        eventually 30 kubectl exec "$pod" -- /web get "http://[$address]:8080"
    done
done

# Stand-ins have a patch for kube-proxy.
none=("${each[@]}" --limit s1 -e '{"cluster_patches": []}')
play provision "${none[@]}"
kubeconfig=$folder/south.conf
nodes_ready 1
if kubectl --namespace kube-system get daemonset kube-proxy; then fail "there is a kube-proxy"; fi

play provision "${none[@]}"
unchanged
play provision "${each[@]}" --limit 'all:!s1'
unchanged
