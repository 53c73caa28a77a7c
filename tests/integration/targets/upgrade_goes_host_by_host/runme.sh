#!/usr/bin/env bash
# A cluster goes from one minor version to the next, host by host; a pause holds, and the next run goes on. A workload of two replicas
# with a budget answers all the while.
. ../../../workshop/data/provisioning.sh

older_version
hosts up n1 n2 n3
play provision "${old[@]}"
nodes_ready 3
[ "$(kubectl get nodes --no-headers | grep -c v1.36.3)" = 3 ] || fail "a Node has not the old version"

if play provision; then fail "provision upgraded a cluster"; fi

kubectl apply --filename "$target/web.yml"
kubectl rollout status deployment/served --timeout 120s
address=$(address n1)
eventually 30 python -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)" "http://$address:30080/" 2>/dev/null
python "$target/count.py" "http://$address:30080/" >"$folder/count" 2>&1 &
counter=$!

# kube-proxy of the new version comes to every Node with the control plane: no host changes while one can't get its image.
on n3 mount -t tmpfs none /srv/navarch/images
if play upgrade; then fail "a host without images went unnoticed"; fi
on n3 umount /srv/navarch/images
[ "$(kubectl get nodes --no-headers | grep -c v1.36.3)" = 3 ] || fail "a host was upgraded although another can't get its images"

play upgrade -e 'upgrade_parts=["control_plane"]'
kubectl get node n1 | grep -q v1.37.2
[ "$(kubectl get nodes --no-headers | grep -c v1.36.3)" = 2 ] || fail "a worker went along"
play upgrade
[ "$(kubectl get nodes --no-headers | grep -c v1.37.2)" = 3 ] || fail "a Node has the old version"
nodes_ready 3
kubectl --namespace kube-system get configmap navarch-upgrade --output jsonpath='{.data.state}' | grep -q finished

kill "$counter"
wait "$counter"
cat "$folder/count"
grep -q 'asked [1-9][0-9][0-9]* failed 0$' "$folder/count" || fail "requests failed while the cluster was upgraded"

play upgrade
unchanged

if play upgrade "${old[@]}"; then fail "a cluster went back"; fi
grep -q "goes forward only" "$folder/said" || fail "nothing says why a cluster does not go back"
