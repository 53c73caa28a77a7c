#!/usr/bin/env bash
# The play is killed at ten random moments, and run again each time: the end is that of a play that nobody killed.
. ../../../workshop/data/provisioning.sh

state() { # what there is at the end, without what is made at random
    kubectl get nodes --output 'custom-columns=N:.metadata.name,L:.metadata.labels,T:.spec.taints[*].key,V:.status.nodeInfo.kubeletVersion' | sort
    # One that was moved to another Node may still be on its way out.
    kubectl get pods --namespace kube-system --no-headers | awk '$3 != "Terminating"' | sed -E 's/^([a-z-]+)-[a-z0-9]{5,10}(-[a-z0-9]{5})? .*/\1/; s/^(\S+) .*/\1/' | sort
    for host in n1 n2 n3; do on "$host" 'find /etc /opt /usr/local -xdev -type f -newer /srv/packages \( ! -name "*.crt" ! -name "*.key" ! -name "*.conf" \) | sort'; done
}

killed_after() { # killed_after SECONDS : the play with all its children, from one moment to the next
    local pid
    setsid ansible-playbook -i "$folder/hosts.yml" -i "$target/groups.yml" -e "@$collection/tests/workshop/data/stand_ins.yml" \
        -e "cluster_kubeconfig=$kubeconfig" navarch.fleet.provision >"$folder/killed" 2>&1 &
    pid=$!
    sleep "$1"
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    echo "killed after $1 s, in: $(grep -E '^TASK' "$folder/killed" | tail -1)"
}

hosts up n1 n2 n3
began=$SECONDS
play provision
lasted=$((SECONDS - began))
nodes_ready 3
state >"$folder/expected"
echo "nobody killed it: $lasted s"

RANDOM=${SEED:=$(date +%s)}
echo "SEED=$SEED makes the same choice again"
for kills in 1 2 3 4; do
    hosts down n1 n2 n3
    hosts up n1 n2 n3
    for _kill in $(seq "$kills"); do
        killed_after "$(awk -v "share=$RANDOM" -v "lasted=$lasted" 'BEGIN { printf "%.1f", 1 + share / 32768 * lasted }')"
    done
    play provision
    nodes_ready 3
    state >"$folder/found"
    diff --unified=99 "$folder/expected" "$folder/found" || fail "the end is another one"
    pods_reach_each_other
    play provision
    unchanged
done
