#!/usr/bin/env bash
# Three hosts of etcd, three control planes that use it, a worker. A host of etcd is lost, and the API can be written to all the while; a
# bare host takes its place. One is exchanged for another by scale. Everything is lost, and restored from a backup to new hosts.
. ../../../workshop/data/provisioning.sh

members() { # members HOST : etcd's members, asked on one of its hosts
    on "$1" 'cd /etc/kubernetes/pki/etcd && etcdctl --cacert ca.crt --cert healthcheck-client.crt --key healthcheck-client.key member list'
}

three_members() { # three_members HOST : all of them started, none of them a learner
    members "$1" | tee "$folder/members"
    [ "$(grep -c 'started.*false$' "$folder/members")" = 3 ] && [ "$(wc -l <"$folder/members")" = 3 ]
}

endpoints() { # where the API server of a control plane finds etcd
    on "$1" "sed -n 's/^ *- --etcd-servers=//p' /etc/kubernetes/manifests/kube-apiserver.yaml"
}

hosts up b1 e1 e2 e3 n1 n2 n3 n4
play provision --check
if on e1 test -e /etc/kubernetes; then fail "check mode touched a host"; fi

play provision
nodes_ready 4
three_members e1 || fail "etcd has not three members"
for node in n1 n2 n3; do
    if on "$node" test -e /etc/kubernetes/manifests/etcd.yaml; then fail "$node has an etcd of its own"; fi
    if on "$node" test -e /etc/kubernetes/pki/etcd/ca.key; then fail "the key of etcd's CA is on $node"; fi
done
[ "$(on e1 'stat --format "%a %U" /var/lib/etcd; ps -o user= -C etcd')" = "700 etcd
etcd" ] || fail "etcd does not run as its own user, or others may look at its data"
if on n1 'curl --silent --max-time 5 --insecure https://'"$(address e1)"':2379/health' | grep -q true; then fail "etcd serves strangers"; fi
if grep -rlE 'BEGIN( EC| RSA)? PRIVATE KEY' "$folder/said"; then fail "a key was shown"; fi
pods_reach_each_other
play provision
unchanged

# All its items hold on hosts of etcd.
play cis_benchmark --limit e1,e2,e3

# The leader goes, as the worst one to lose.
leader=$(on e1 'cd /etc/kubernetes/pki/etcd && etcdctl --cacert ca.crt --cert healthcheck-client.crt --key healthcheck-client.key endpoint status --cluster --write-out fields' |
    awk -F ' : ' '/^"MemberID"/ { id = $2 } /^"Leader"/ { print $2 == id ? "leader" : "follower" }' | grep -n leader | cut -d: -f1)
lost=$(members e1 | sed -n "${leader}p" | cut -d, -f3 | tr -d ' ')
others=$(printf '%s\n' e1 e2 e3 | grep -v "$lost")
left=$(head -1 <<<"$others")
longest_pause 10 40 hosts down "$lost"

# While it is silent, it holds nobody up.
play provision || true
grep -q "1 of 8 hosts failed or did not answer" "$folder/said" || fail "more than the lost one was reported"

# A bare host comes in its place; etcd has forgotten the lost one before.
gone=$(members "$left" | awk -F ', ' -v "name=$lost" '$3 == name { print $1 }')
hosts up "$lost"
play provision
three_members "$left" || fail "etcd has not three members"
if grep "$gone" "$folder/members"; then fail "the new etcd goes under the identity of the lost one"; fi
nodes_ready 4
play provision
unchanged

# One leaves, another comes: API servers follow.
hosts up e4
sed 's/e3: {}/&, e4: {}/' "$target/groups.yml" >"$folder/groups.yml"
own=$target target=$folder
play scale -e scale_remove=e3
sed -i 's/e3: {}, //' "$folder/groups.yml"
three_members e1 || fail "etcd has not three members"
grep -q e4 "$folder/members" || fail "e4 is no member"
for node in n1 n2 n3; do
    endpoints "$node" | grep "$(address e4)" | grep -v -w "$(address e3)" || fail "$node looks for etcd elsewhere"
done
if on e3 test -e /var/lib/etcd/member -o -e /etc/kubernetes -o -e /usr/local/bin/etcd -o -e /etc/systemd/system/etcd.service; then fail "e3 is not as it was"; fi
nodes_ready 4

# The last one does not go.
if play reset --limit etcd -e reset_confirm=north; then fail "all of etcd was taken away"; fi
three_members e1 || fail "a refused reset touched etcd"

# Its certificates are renewed, those of its clients with them.
play certificates -e certificates_threshold_days=3000
three_members e1
nodes_ready 4

# All is lost, and made anew of a backup.
kubectl create configmap kept --from-literal answer=42
kubectl create secret generic kept --from-literal answer=42
mkdir "$folder/kept"
play backup --limit n1 -e "backup_target=$folder/kept"
target=$own
hosts down b1 e1 e2 e3 e4 n1 n2 n3 n4
hosts up b1 e1 e2 e3 n1 n2 n3 n4
play restore -e "backup_file=$(ls "$folder"/kept/*.tar)"
nodes_ready 4
three_members e2 || fail "etcd has not three members"
[ "$(kubectl get secret kept --output 'jsonpath={.data.answer}' | base64 --decode)" = 42 ] || fail "a secret can't be read"
[ "$(kubectl get configmap kept --output 'jsonpath={.data.answer}')" = 42 ] || fail "a ConfigMap is gone"
