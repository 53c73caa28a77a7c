#!/usr/bin/env bash
# Two clusters in one play, and a host that is off from the start: all others get done, and the report names the command that goes on.
. ../../../workshop/data/provisioning.sh

each=(-e "cluster_kubeconfig=$folder/{{ cluster_name }}.conf")
of() { kubeconfig=$folder/$1.conf; }

hosts up n1 n2 n3 s1 s2
hosts stop n3
if play provision "${each[@]}"; then fail "a host that is off went unnoticed"; fi
of north
nodes_ready 2
of south
nodes_ready 2
pods_reach_each_other

# The command as it stands in the report.
hosts start n3
command=$(grep -oE -- '--limit [a-z0-9,]+' "$folder/said" | tail -1)
[ "$command" = "--limit n3" ] || fail "the report names no command that goes on"
play provision "${each[@]}" --limit n3
of north
nodes_ready 3
pods_reach_each_other
[ "$(kubectl get pods --selector app=web --output 'jsonpath={.items[*].status.podIP}' | tr ' ' '\n' | grep -c '^10[.]244[.]')" = 3 ] ||
    fail "pods of one cluster have addresses of the other"

play provision "${each[@]}"
unchanged

# Named hosts leave, new ones come.
hosts up n4
cat >"$folder/more.yml" <<'E'
north: {hosts: {n4: {}}}
worker: {hosts: {n4: {}}}
E
play scale "${each[@]}" -i "$folder/more.yml" -e scale_remove=n3
nodes_ready 3
if kubectl get node n3; then fail "n3 has not left"; fi
if on n3 test -e /etc/kubernetes; then fail "n3 is not as it was"; fi
if grep -E '^(s2|n2) +: .*(ok|changed)=[1-9]' "$folder/said"; then fail "hosts were contacted that it does not concern"; fi
pods_reach_each_other
