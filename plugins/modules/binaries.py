#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/binaries.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: binaries
short_description: Get pinned binaries of Kubernetes and what runs beside it into a cache
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Gives the path of each binary in the cache, C(<cache>/binaries/<product>-<version>-<system>-<architecture>/<name>), and gets those
    that are not there or not whole.
  - Official releases are downloaded and checked against their publisher's checksum. Where the publisher cannot be reached, the same
    versions are built from the Go modules in role C(navarch.fleet.binaries), which takes minutes; how far it is is shown meanwhile.
  - A file appears under its name when it is complete. Several runs can use one cache at the same time.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.cache
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It runs on the controller, whatever the host is, and so does its cache lie there.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  names:
    description:
      - The binaries, out of C(kube-apiserver), C(kube-controller-manager), C(kube-scheduler), C(kubectl), C(kubelet), C(kubeadm),
        C(kube-proxy); C(kwok), C(kwokctl); C(etcd), C(etcdctl), C(etcdutl); C(helm); C(containerd), C(containerd-shim-runc-v2), C(ctr);
        C(crictl); C(runc); C(coredns); and the CNI plugins C(bandwidth), C(bridge), C(dhcp), C(firewall), C(host-device), C(host-local),
        C(ipvlan), C(loopback), C(macvlan), C(portmap), C(ptp), C(sbr), C(static), C(tuning), C(vlan), C(vrf).
    type: list
    elements: str
    required: true
  versions:
    description:
      - Version of each product whose binaries are named, with the leading C(v). The products are C(kubernetes), C(kwok), C(etcd),
        C(helm), C(containerd), C(cni-plugins), C(cri-tools), C(runc) and C(coredns).
    type: dict
    required: true
  urls:
    description:
      - Where the publishers are, if not where they usually are, for mirrors; by product. C(helm) is the folder of the archives, all others
        are the folder above the versions. C(kwok_checksums) is the folder above the descriptions of kwok's releases.
    type: dict
    default: {}
  source:
    description:
      - V(auto) downloads where the publisher answers within O(patience), else builds.
      - V(release) never builds; V(build) never downloads a binary. C(runc) cannot be built, and C(coredns) is built with the plugins of
        kubeadm's configuration only.
    type: str
    choices: [auto, release, build]
    default: auto
"""

EXAMPLES = r"""
- name: Get kubectl
  navarch.fleet.binaries:
    names: [kubectl]
    versions:
      kubernetes: v1.37.2
  register: got

- name: Use it
  ansible.builtin.command:
    cmd: "{{ got.paths.kubectl }} version --client"
  changed_when: false
"""

RETURN = r"""
paths:
  description: Where each binary is.
  returned: success
  type: dict
  sample:
    kubectl: /home/me/.cache/navarch/binaries/kubernetes-v1.37.2-linux-amd64/kubectl
sha256:
  description: The SHA-256 of each binary that is there.
  returned: success
  type: dict
  sample:
    kubectl: 0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f
missing:
  description: The binaries that were not there.
  returned: success
  type: list
  elements: str
  sample: [kubectl]
origins:
  description: For each product of which something was missing, where it came from, why from there, and how long that took.
  returned: success
  type: dict
  sample:
    kubernetes:
      source: build
      names: [kubectl]
      seconds: 95.2
      reason: "dl.k8s.io: Name or service not known"
"""
