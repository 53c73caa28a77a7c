#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/inventory_check.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: inventory_check
short_description: Check an inventory of hosts before any of them is contacted
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the hosts in the groups C(load_balancer), C(etcd), C(control_plane) and C(worker), with their variables C(cluster_*), and fails with
    everything that is wrong. Names, addresses, versions, ranges that overlap, numbers of control planes, values that differ within a cluster.
  - Contacts nobody, and reads the whole inventory, whatever the hosts of the play are.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It runs on the controller alone.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  leaving:
    description:
      - Hosts of the inventory that are taken out of their clusters, and count no more.
    type: list
    elements: str
    default: []
  nodes:
    description:
      - Names of the Nodes, and of the members of an etcd on hosts of its own, by cluster, for RV(newcomers). A cluster that is not named is not
        there yet.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check the whole inventory
  navarch.fleet.inventory_check:
  register: inventory_check
  run_once: true
"""

RETURN = r"""
findings:
  description: What is wrong. Empty where it did not fail.
  returned: always
  type: list
  elements: str
  sample: ["north: it has 2 control planes; an even number survives no more losses than one less, so take 1, 3 or 5."]
clusters:
  description: What roles need to know of each cluster. Does not grow with the number of its workers.
  returned: success
  type: dict
  sample:
    north:
      name: north
      endpoint: 10.0.0.11:6443
      control_plane: [{name: n1, node: n1, address: 10.0.0.11}]
      load_balancer: []
      etcd: []
newcomers:
  description: >-
    Hosts that are no Node and no member of etcd yet. Where a control plane or a host of etcd comes or goes, all of its cluster, because balancers,
    routes and API servers follow.
  returned: success
  type: list
  elements: str
  sample: [n4]
versions:
  description: Versions of Kubernetes in the inventory.
  returned: success
  type: list
  elements: str
  sample: [v1.37.2]
"""
