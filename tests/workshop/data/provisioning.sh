# Sourced by the targets that make clusters out of hosts: hosts come up in $folder and go in any case.
set -euo pipefail
target=$PWD
collection=$(cd ../../../.. && pwd)
folder=$(mktemp -d)
kubeconfig=$folder/admin.conf
export PYTHONPATH=$collection/tests ANSIBLE_TIMEOUT=60 ANSIBLE_CALLBACK_RESULT_FORMAT=yaml

hosts() { python -m workshop.hosts "$1" "$folder" "${@:2}"; }
trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true; hosts down; rm -rf "$folder"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

playbook() { # playbook NAME OPTION... : of the collection, with the target's groups
    ansible-playbook -i "$folder/hosts.yml" -i "$target/groups.yml" -e "@$collection/tests/workshop/data/stand_ins.yml" \
        -e "cluster_kubeconfig=$kubeconfig" "navarch.fleet.$1" "${@:2}" 2>&1
}

play() { playbook "$@" | tee "$folder/said"; } # what it said is in $folder/said

killed_after() { # killed_after COMMAND NAME OPTION... : when the command has ended, the play and all its children are killed in one moment
    local pid
    set -m
    playbook "${@:2}" >"$folder/killed" &
    pid=$!
    set +m
    $1
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    echo "killed after $1, in: $(grep -E '^TASK' "$folder/killed" | tail -1)"
}

older_version() { # what makes a cluster of the version before is in the array `old`: its etcd and CoreDNS can be had with other tags than kubeadm's
    sed 's/^cluster_kubeadm:/&\n  ClusterConfiguration: {etcd: {local: {imageTag: 3.6.16-0}}, dns: {imageTag: v1.14.6}}/' \
        "$collection/tests/workshop/data/stand_ins.yml" >"$folder/old.yml"
    old=(-e "@$folder/old.yml" -e cluster_kubernetes_version=v1.36.3)
}

unchanged() { # the last play changed nothing anywhere
    if grep -E '^\S+ +: .*changed=[1-9]' "$folder/said"; then fail "something changed"; fi
    grep -qE '^\S+ +: .*changed=0' "$folder/said"
}

address() { # address HOST
    python -c "import json, sys; print(json.load(open(sys.argv[1]))['stand_ins']['hosts'][sys.argv[2]]['ansible_host'])" "$folder/hosts.yml" "$1"
}

on() { # on HOST COMMAND... : over SSH, as root
    ssh -i "$folder/id_ed25519" -o "UserKnownHostsFile=$folder/known_hosts" -o LogLevel=ERROR "root@$(address "$1")" "${@:2}"
}

state() { # state HOST : what a host is, as far as we change it
    on "$1" 'find /etc /opt /usr/local /var/lib -xdev \( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/ucf -o -path /var/lib/systemd \) -prune -o -print | sort; ip rule; systemctl list-unit-files --no-legend'
}

spare_endpoint() { # an address that no host has, for load balancers, with the API's port
    python -c "import json, sys; print(json.load(open(sys.argv[1]))['stand_ins']['vars']['stand_in_spare_addresses'][0])" "$folder/hosts.yml" | sed 's/$/:6443/'
}

kubectl() { "$(ls -d "${XDG_CACHE_HOME:-$HOME/.cache}"/navarch/binaries/kubernetes-v1.37.2-*/kubectl)" --kubeconfig "$kubeconfig" "$@"; }

eventually() { # eventually SECONDS COMMAND... : the command succeeds within that time
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        [ $SECONDS -lt $end ] || fail "not within $1 s: ${*:2}"
        sleep 1
    done
}

write() { # every moment, the time of each write that was taken
    while true; do
        if kubectl --request-timeout 2s annotate --overwrite configmap/kube-root-ca.crt "written=$EPOCHREALTIME" >"$folder/answer" 2>&1; then
            echo "$EPOCHREALTIME"
        fi
        sleep 0.2
    done >"$folder/writes"
}

longest_pause() { # longest_pause SECONDS WATCHED COMMAND... : writes go on until WATCHED seconds after the command; no pause is as long as SECONDS
    local writer longest
    write &
    writer=$!
    eventually 20 grep -q . "$folder/writes"
    "${@:3}"
    sleep "$2"
    kill "$writer"
    longest=$(awk 'NR > 1 && $1 - last > longest { longest = $1 - last } { last = $1 } END { print longest }' "$folder/writes")
    echo "the longest pause between writes: $longest s (${*:3})"
    awk -v "longest=$longest" -v "allowed=$1" 'BEGIN { exit longest >= allowed }' || fail "the API could not be written to for $longest s"
}

members() { # members HOST : of the etcd that runs on this control plane
    on "$1" 'ETCDCTL_CACERT=/etc/kubernetes/pki/etcd/ca.crt ETCDCTL_CERT=/etc/kubernetes/pki/apiserver-etcd-client.crt ETCDCTL_KEY=/etc/kubernetes/pki/apiserver-etcd-client.key etcdctl member list'
}

nodes_ready() { # nodes_ready N : exactly N Nodes, all of them Ready
    [ "$(kubectl get nodes --no-headers | awk '$2 ~ /^Ready/' | wc -l)" = "$1" ] && [ "$(kubectl get nodes --no-headers | wc -l)" = "$1" ]
}

pods_reach_each_other() { # a pod on each Node; each finds the service by name and every other pod by address
    local pod address node
    for node in $(kubectl get nodes --output 'jsonpath={.items[*].metadata.name}'); do
        on "$node" ctr --namespace k8s.io images import /srv/navarch/images/localhost_navarch-web-1-linux-*/image.tar
    done
    kubectl apply --filename "$collection/tests/workshop/data/web.yml"
    kubectl rollout status daemonset/web --timeout 180s
    for pod in $(kubectl get pods --selector app=web --output name); do
        eventually 60 kubectl exec "$pod" -- /web get http://web.default.svc.cluster.local
        for address in $(kubectl get pods --selector app=web --output 'jsonpath={.items[*].status.podIP}'); do
            eventually 30 kubectl exec "$pod" -- /web get "http://$address:8080"
        done
    done
}
