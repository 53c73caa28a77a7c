#!/usr/bin/env bash
# A cluster with all measures on: pods run, every item passes, what is undone by hand turns its own item, and the key of Secrets changes.
. ../../../workshop/data/provisioning.sh

items() { # items RESULT : numbers of items with that result on any host, of the last report
    python -c 'import json, sys
items = [item for host in json.load(open(sys.argv[1]))["hosts"].values() for item in host]
print(*sorted({item["number"] for item in items if item["result"] == sys.argv[2]}))' "$folder/report.json" "$1"
}

report() { play cis_benchmark -e "cis_benchmark_file=$folder/report.json" "$@"; }

turned() { # turned NUMBER... : the report says that these items fail, and no others
    report
    [ "$(items fail)" = "$*" ] || fail "failing items are '$(items fail)' and not '$*'"
}

status() { # status PATH : what the API server of n1 answers without credentials
    on n1 python3 - "$1" <<'PYTHON'
import ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context(cafile="/etc/kubernetes/pki/ca.crt")
context.check_hostname = False
try:
    print(urllib.request.urlopen("https://127.0.0.1:6443" + sys.argv[1], context=context).status)
except urllib.error.HTTPError as problem:
    print(problem.code)
PYTHON
}

in_etcd() { # in_etcd NAME : a Secret as etcd has it
    on n1 etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt \
        --key /etc/kubernetes/pki/etcd/healthcheck-client.key get "/registry/secrets/default/$1" --print-value-only | tr -d '\0'
}

hosts up n1 n2
play provision
nodes_ready 2
pods_reach_each_other

report -e cis_benchmark_fail=true
[ "$(items fail)" = "" ] || fail "with all measures on, these fail: $(items fail)"
[ "$(items off)" = "1.2.11 1.2.9 X.3" ] || fail "off are: $(items off)"

# Strangers hear whether it is alive, and where the cluster is; nothing else.
[ "$(status /livez)" = 200 ] && [ "$(status /readyz)" = 200 ]
[ "$(status /api/v1/namespaces/kube-public/configmaps/cluster-info)" = 200 ]
for path in /api /version /api/v1/nodes /metrics; do [ "$(status $path)" = 401 ] || fail "strangers are answered at $path"; done

# Secrets lie encrypted, and the audit log tells that somebody made one, but not what is in it.
kubectl create secret generic proof --from-literal=word=an-open-word
in_etcd proof | grep -aq 'k8s:enc:secretbox:v1:key-1:'
if in_etcd proof | grep -aq an-open-word; then fail "a Secret lies open in etcd"; fi
eventually 30 on n1 "grep -q '\"resource\":\"secrets\",\"namespace\":\"default\",\"name\":\"proof\"' /var/log/kubernetes/audit/audit.log"
if on n1 grep -q YW4tb3Blbi13b3Jk /var/log/kubernetes/audit/audit.log; then fail "the audit log tells a Secret"; fi

# A privileged pod is refused, and containers are reached through kubelets whose certificates are checked.
if kubectl run bad --image=localhost/navarch-web:1 --privileged 2>"$folder/refused"; then fail "a privileged pod is let in"; fi
grep -q 'violates PodSecurity "baseline' "$folder/refused"
kubectl logs "$(kubectl get pods --selector app=web --output name | head -1)" >/dev/null

# What is undone by hand turns its own items, and no others; what a host owns is mended by the next run.
on n1 chmod 0644 /etc/kubernetes/admin.conf
turned 1.1.13
play provision
turned
on n1 sed -i s/--profiling=false/--profiling=true/ /etc/kubernetes/manifests/kube-scheduler.yaml
eventually 60 on n1 pgrep -f 'kube-scheduler.*--profiling=true'
turned 1.4.1
report -e '{"cluster_security": {"profiling": false, "kernel_defaults": false}}'
[ "$(items fail)" = "" ] && [[ " $(items off) " = *" 1.4.1 "* ]] || fail "a measure that is off does not turn its item off"

# The key changes, everything is written again, and can be read.
play rotate_encryption_key
in_etcd proof | grep -aq 'k8s:enc:secretbox:v1:key-2:'
[ "$(kubectl get secret proof --output 'jsonpath={.data.word}' | base64 --decode)" = an-open-word ]
[ "$(on n1 grep -c '\"key-[0-9]' /etc/kubernetes/navarch/encryption.json)" = 1 ]
if grep -qF "$(on n1 cat /etc/kubernetes/navarch/encryption.json | python -c 'import json, sys; print(json.load(sys.stdin)["resources"][0]["providers"][0]["secretbox"]["keys"][0]["secret"])')" "$folder/said"; then
    fail "the key is in the output"
fi

play provision
unchanged
