#!/usr/bin/env bash
# Certificates are renewed and read anew, a changed configuration reaches every kubelet, and a second run changes nothing.
. ../../../workshop/data/provisioning.sh

hosts up n1 n2
play provision
nodes_ready 2

serial() { on n1 openssl x509 -noout -serial -in /etc/kubernetes/pki/apiserver.crt; }
before=$(serial)
play certificates
unchanged
play certificates -e certificates_threshold_days=400
[ "$before" != "$(serial)" ] || fail "no certificate was renewed"
nodes_ready 2

play kubelet_configuration
unchanged
cp ../../../workshop/data/stand_ins.yml "$folder/changed.yml"
sed -i 's/^    cgroupDriver: cgroupfs/    maxPods: 99\n&/' "$folder/changed.yml"
play kubelet_configuration -e "@$folder/changed.yml"
for host in n1 n2; do on "$host" grep -q '^maxPods: 99' /var/lib/kubelet/config.yaml; done
nodes_ready 2
play kubelet_configuration -e "@$folder/changed.yml"
unchanged
