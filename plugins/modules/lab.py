#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lab
short_description: Keep a lab of Kubernetes clusters on this machine
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Brings up a hub and members on the host it runs on, side by side. Each has a real etcd, kube-apiserver,
    kube-controller-manager and kube-scheduler, started by kwokctl's binary runtime; nodes and pods are simulated by kwok.
  - Everything is kept in O(directory), the kubeconfigs included; no file outside of it is written, no port but on loopback is opened.
  - What is there already is used. Processes that ended (a reboot, a kill) are started again on the same data, a cluster that was
    left half made is made anew, and a port that another program took is replaced by another one.
  - Needs Linux, and the user it runs as needs no privileges.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
    support: full
options:
  directory:
    description:
      - Folder of the lab. One folder, one lab; two labs can run at the same time.
    type: path
    required: true
  state:
    description:
      - V(present), all clusters run, and no others than O(clusters).
      - V(stopped), no process runs, and all data stays.
      - V(absent), processes and files are removed.
    type: str
    choices: [present, stopped, absent]
    default: present
  clusters:
    description:
      - The clusters. The first one is the hub and is left out of C(clusters.yml), the list that the join playbook reads.
      - Required for O(state=present).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the cluster, a DNS label.
        type: str
        required: true
      provider:
        description:
          - Where its machines are said to be. V(openstack) gives nodes the provider id that OpenStack's cloud provider would.
        type: str
        default: idc
      region:
        description:
          - Label C(topology.kubernetes.io/region) of its nodes.
        type: str
        default: ''
      zones:
        description:
          - Labels C(topology.kubernetes.io/zone) of its nodes, dealt in turn.
        type: list
        elements: str
        default: []
      nodes:
        description:
          - How many simulated nodes it has.
        type: int
        default: 2
      cpu:
        description:
          - Cores of each node.
        type: str
        default: "8"
      memory:
        description:
          - Memory of each node.
        type: str
        default: 32Gi
      pods:
        description:
          - Pods that fit on each node.
        type: int
        default: 110
      labels:
        description:
          - Labels that the cluster is joined with.
        type: dict
        default: {}
  binaries:
    description:
      - Absolute path of each of C(etcd), C(kube-apiserver), C(kube-controller-manager), C(kube-scheduler), C(kubectl), C(kwok) and
        C(kwokctl). Role C(navarch.fleet.binaries) gives them.
      - Required for O(state=present). A cluster that runs other ones is stopped, changes over and keeps its data.
    type: dict
    default: {}
  kubernetes_version:
    description:
      - Version that the simulated nodes report.
    type: str
    default: ''
  timeout:
    description:
      - Seconds in which all clusters have to be ready.
    type: float
    default: 180.0
seealso:
  - module: navarch.fleet.lab_component
"""

EXAMPLES = r"""
- name: Bring up a hub and one member
  navarch.fleet.lab:
    directory: /var/tmp/lab
    binaries: "{{ binaries_paths }}"
    clusters:
      - name: hub
        nodes: 0
      - name: idc-north
        region: north
        zones: [north-1, north-2]

- name: Remove it with all its processes and files
  navarch.fleet.lab:
    directory: /var/tmp/lab
    state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, and why.
  returned: always
  type: list
  elements: dict
  sample:
    - cluster: idc-north
      act: start
      reason: kube-apiserver not running
clusters:
  description: Every cluster of the lab, also where another one failed.
  returned: always
  type: dict
  sample:
    idc-north:
      state: running
      server: https://127.0.0.1:17406
      kubeconfig: /var/tmp/lab/idc-north.kubeconfig
      seconds: 6.2
      error: null
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.kwok import BINARIES
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab import preview, reconcile
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_nodes import Member
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_plan import Lab, State, Step


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "stopped", "absent"], "default": "present"},
            "clusters": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "provider": {"type": "str", "default": "idc"},
                    "region": {"type": "str", "default": ""},
                    "zones": {"type": "list", "elements": "str", "default": []},
                    "nodes": {"type": "int", "default": 2},
                    "cpu": {"type": "str", "default": "8"},
                    "memory": {"type": "str", "default": "32Gi"},
                    "pods": {"type": "int", "default": 110},
                    "labels": {"type": "dict", "default": {}},
                },
            },
            "binaries": {"type": "dict", "default": {}},
            "kubernetes_version": {"type": "str", "default": ""},
            "timeout": {"type": "float", "default": 180.0},
        },
        supports_check_mode=True,
    )
    state = State(module.params["state"])
    try:
        report = (preview if module.check_mode else reconcile)(_lab(module.params, state), state)
    except (InfrastructureError, OSError) as error:
        module.fail_json(msg=str(error), plan=[], clusters={})
    before = {name: word for name, word in report.before.items() if word != "absent"}
    results = {name: asdict(result) for name, result in report.clusters.items()}
    answer = {
        "changed": bool(report.steps),
        "plan": [asdict(step) for step in report.steps],
        "clusters": results,
        "diff": {"before": before, "after": _after(before, report.steps, state)},
    }
    failed = {name: result.error for name, result in report.clusters.items() if result.error}
    if failed:
        module.fail_json(msg="; ".join(f"{name}: {error}" for name, error in failed.items()), **answer)
    module.exit_json(**answer)


def _lab(params: Mapping[str, Any], state: State) -> Lab:
    clusters = tuple(
        Member(
            **{
                **cluster,
                "zones": tuple(cluster["zones"]),
                "labels": {key: str(value) for key, value in cluster["labels"].items()},
            }
        )
        for cluster in params["clusters"]
    )
    names = [cluster.name for cluster in clusters]
    for name in names:
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
            raise InfrastructureError(f"{name!r} is no name for a cluster: use lower case letters, digits and dashes.")
        if names.count(name) > 1:
            raise InfrastructureError(f"Two clusters are named {name!r}.")
    missing = [name for name in BINARIES if not params["binaries"].get(name)]
    if state is State.PRESENT and not clusters:
        raise InfrastructureError("A lab that is to be present needs clusters.", next_step="Name at least the hub.")
    if state is State.PRESENT and missing:
        raise InfrastructureError(
            f"binaries does not name {', '.join(missing)}.", next_step="Role navarch.fleet.binaries gives them."
        )
    directory = Path(os.path.realpath(params["directory"]))
    return Lab(directory, clusters, params["binaries"], params["kubernetes_version"], params["timeout"])


def _after(before: Mapping[str, str], steps: Iterable[Step], state: State) -> dict[str, str]:
    if state is State.ABSENT:
        return {}
    if state is State.STOPPED:
        return dict.fromkeys(before, "stopped")
    gone = {step.cluster for step in steps if step.act.value == "remove"}
    return {
        name: "running" for name in [*before, *(step.cluster for step in steps if step.cluster)] if name not in gone
    }


if __name__ == "__main__":
    main()
