# Sourced after provisioning.sh by the targets that kill plays which make a cluster. The options of its plays are in the array `options`.

ends_as_undisturbed() { # ends_as_undisturbed "KILLS..." HOST... : hosts that are up become a cluster; then new ones do, for each number with so many kills
    local numbers=$1 began lasted kills
    shift
    began=$SECONDS
    play provision "${options[@]}"
    lasted=$((SECONDS - began))
    end_of "$@" >"$folder/expected"
    grep -q . "$folder/expected"
    echo "nobody killed it: $lasted s"

    RANDOM=${SEED:=$(date +%s)}
    echo "SEED=$SEED makes the same choice again"
    for kills in $numbers; do
        hosts down "$@"
        hosts up "$@"
        for _kill in $(seq "$kills"); do
            killed_after "sleep $(awk -v "share=$RANDOM" -v "lasted=$lasted" 'BEGIN { printf "%.1f", 1 + share / 32768 * lasted }')" provision "${options[@]}"
        done
        play provision "${options[@]}"
        end_of "$@" >"$folder/found"
        diff --unified=99 "$folder/expected" "$folder/found" || fail "the end is another one"
        pods_reach_each_other
        play provision "${options[@]}"
        unchanged
    done
}

end_of() { # end_of HOST... : what there is at the end, without what is made at random
    local host
    kubectl get nodes --output 'custom-columns=N:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status,L:.metadata.labels,T:.spec.taints[*].key,V:.status.nodeInfo.kubeletVersion' | sort
    # One that was moved to another Node may still be on its way out.
    kubectl get pods --namespace kube-system --no-headers | awk '$3 != "Terminating"' | sed -E 's/^([a-z-]+)-[a-z0-9]{5,10}(-[a-z0-9]{5})? .*/\1/; s/^(\S+) .*/\1/' | sort
    members n1 | awk -F ', ' '{ print $3, $2 }' | sort
    for host in "$@"; do
        echo "$host"
        on "$host" 'find /etc /opt /usr/local -xdev -type f -newer /srv/packages \( ! -name "*.crt" ! -name "*.key" ! -name "*.conf" \) | sort'
    done
}
