# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a host has to bring along to become a node."""

    DOCUMENTATION = r"""
options:
  requirements:
    description:
      - What the host has to bring along. What is missing is returned as RV(findings), and is an error outside check mode.
    type: dict
    default: {}
    suboptions:
      memory:
        description: Least memory in MiB.
        type: int
        default: 0
      processors:
        description: Least number of processors.
        type: int
        default: 0
      ports:
        description: TCP ports that nobody else may listen on. Looked at only while the host is in no cluster.
        type: list
        elements: int
        default: []
      address:
        description: An address that one of its interfaces has to carry.
        type: str
      node:
        description: Whether it is to run Kubernetes. Without it nothing of the following is looked at but C(reach).
        type: bool
        default: false
      disk:
        description: Free disk in C(/var/lib) in MiB. Looked at only while the host is in no cluster.
        type: int
        default: 0
      swap:
        description: Whether it may have swap.
        type: bool
        default: false
      cgroup_v1:
        description: Whether it may have control groups v1 only.
        type: bool
        default: false
      nftables:
        description: Whether its kernel has to be new enough for kube-proxy with nftables.
        type: bool
        default: false
      own_network:
        description: Whether this collection brings the network of pods, so that there must be no other.
        type: bool
        default: false
      mtu:
        description: Size of packets of pods in bytes, which its interface has to carry. V(0) means not known.
        type: int
        default: 0
      mirror:
        description: A mirror that it has to reach. Looked at only while the host is in no cluster.
        type: str
      reach:
        description: Others that it has to reach. A refused connection is good enough. Looked at only while the host is in no cluster.
        type: list
        elements: dict
        default: []
        suboptions:
          address:
            description: Address.
            type: str
            required: true
          port:
            description: TCP port.
            type: int
            required: true
          purpose:
            description: What for, as it is told.
            type: str
            required: true
"""
