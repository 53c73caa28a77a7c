#!/usr/bin/env bash
# A backup, all hosts lost, new ones: the objects are there again. And a host that is reset is as it was.
. ../../../workshop/data/provisioning.sh

hosts up n1 n2
state n2 >"$folder/before"
play provision
nodes_ready 2
kubectl create configmap kept --from-literal answer=42
kubectl create secret generic kept --from-literal answer=42
# Tokens of hosts that joined live for minutes.
objects() { kubectl get configmap,secret,serviceaccount,deployment,daemonset --all-namespaces --output custom-columns=K:kind,S:metadata.namespace,N:metadata.name,U:metadata.uid --no-headers | grep -v bootstrap-token- | sort; }

mkdir "$folder/kept"
play backup -e "backup_target=$folder/kept"
objects >"$folder/objects"

if play reset --limit n2; then fail "a reset without the word was not refused"; fi
play reset --limit n2 -e reset_confirm=north -e reset_packages=true
nodes_ready 1
state n2 >"$folder/after"
diff "$folder/before" "$folder/after" || fail "n2 is not as it was"

hosts down n1 n2
hosts up n1 n2
play restore -e "backup_file=$(ls "$folder"/kept/*.tar)"
nodes_ready 2
objects >"$folder/restored"
diff "$folder/objects" "$folder/restored" || fail "objects differ"
[ "$(kubectl get secret kept --output 'jsonpath={.data.answer}' | base64 --decode)" = 42 ] || fail "a secret can't be read"
pods_reach_each_other
