#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/hosts_check.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: hosts_check
short_description: Put on one list what hosts said when they were looked at, and decide where clusters begin
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Collects what M(navarch.fleet.host) returned in check mode on every host of the play. Fails with the findings of all of them at once.
  - Decides for each cluster on which control plane it begins, or which control planes carry it already. A cluster is begun only where it is
    certain that there is none.
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
  clusters:
    description:
      - RV(navarch.fleet.inventory_check#module:clusters).
    type: dict
    required: true
  result:
    description:
      - Name of the variable that holds what M(navarch.fleet.host) returned on each host.
    type: str
    default: host_check
  versions:
    description:
      - With V(same), a cluster that runs another version than the inventory says is a finding.
    type: str
    choices: [same, any]
    default: same
  etcd_versions:
    description:
      - Version of etcd that is wanted, by version of Kubernetes. With O(versions=same), another one on hosts of etcd is a finding.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Put the findings of all hosts together
  navarch.fleet.hosts_check:
    clusters: "{{ inventory_check.clusters }}"
  register: hosts_check
  run_once: true
"""

RETURN = r"""
findings:
  description: What is wrong. Empty where it did not fail.
  returned: always
  type: list
  elements: str
  sample: ["n1: It has 900 MiB of memory; 1700 MiB are needed."]
clusters:
  description: >-
    For each cluster, on which control plane it begins (empty where it is there), and whom to ask for tickets, the best first. The same for an
    etcd on hosts of its own.
  returned: success
  type: dict
  sample:
    north: {begins: n1, doors: [n1, n2, n3], etcd: {begins: e1, doors: [e1, e2, e3]}}
"""
