#!/usr/bin/env bash
# Three control planes and two workers behind two load balancers that share an address. One control plane is destroyed: the API can be
# written to within 10 s, and the play makes its replacement.
. ../../../workshop/data/provisioning.sh

hosts up b1 b2 n1 n2 n3 n4 n5
endpoint=$(python -c "import json, sys; print(json.load(open(sys.argv[1]))['stand_ins']['vars']['stand_in_spare_addresses'][0])" "$folder/hosts.yml"):6443

play provision -e "cluster_endpoint=$endpoint"
nodes_ready 5
pods_reach_each_other
play provision -e "cluster_endpoint=$endpoint"
unchanged

# The first is the one that the cluster began on.
hosts down n1
began=$SECONDS
eventually 10 kubectl --request-timeout 2s create configmap "written" --namespace default
echo "written $((SECONDS - began)) s after the loss"

# The load balancer that has the address goes as well.
hosts stop b1
eventually 10 kubectl --request-timeout 2s create configmap "written-again" --namespace default
hosts start b1

# A bare host comes in the place of the lost one.
hosts up n1
play provision -e "cluster_endpoint=$endpoint"
nodes_ready 5
[ "$(kubectl get pods --namespace kube-system --selector component=etcd --no-headers | grep -c Running)" = 3 ]
pods_reach_each_other
