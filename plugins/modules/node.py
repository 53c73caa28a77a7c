#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node
short_description: Label, taint, drain or remove a Node of a cluster
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, by C(delegate_to), with the credential that kubeadm made there.
  - Draining honours budgets (C(PodDisruptionBudget)); pods are evicted side by side. Pods of DaemonSets and static pods stay, and what
    lies in an C(emptyDir) is lost. When the deadline is over, the Node stays cordoned, and the pods that are left are named with the
    budgets that hold them.
  - A Node that somebody else cordoned stays cordoned.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  name:
    description:
      - Name of the Node.
    type: str
    required: true
  state:
    description:
      - V(present) looks after O(labels) and O(taints) only.
      - V(drained) lets the Node take no pods, and moves those that it has.
      - V(schedulable) waits until the Node is Ready, and ends what V(drained) with the same O(purpose) began.
      - V(absent) drains a Node that is Ready, and removes it.
    type: str
    choices: [present, drained, schedulable, absent]
    default: present
  labels:
    description:
      - Labels that the Node has to have. One that an earlier call set and that is not named any more is removed.
      - By default labels are left as they are.
    type: dict
  taints:
    description:
      - Taints that the Node has to have, with the same rule. Each has C(key), C(effect), and perhaps C(value).
      - By default taints are left as they are.
    type: list
    elements: dict
  purpose:
    description:
      - For what it is drained, as an annotation on the Node.
    type: str
    default: maintenance
  version:
    description:
      - The version that its kubelet has to have before the Node takes pods again.
    type: str
    default: ""
  delete_unmanaged:
    description:
      - Whether draining may delete pods that no controller brings back.
    type: bool
    default: false
  deadline:
    description:
      - Seconds for draining, and for a Node to become Ready.
    type: float
    default: 300
"""

EXAMPLES = r"""
- name: Move the pods away before the host is serviced
  navarch.fleet.node:
    name: n2
    state: drained
    deadline: 600
  delegate_to: n1

- name: Let it take pods again
  navarch.fleet.node:
    name: n2
    state: schedulable
  delegate_to: n1

- name: Keep labels as the inventory has them
  navarch.fleet.node:
    name: n2
    labels:
      topology.kubernetes.io/zone: a
  delegate_to: n1
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["drain n2 (maintenance)"]
seconds:
  description: How long it took.
  returned: success
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import nodes
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": [state.value for state in nodes.State], "default": "present"},
            "labels": {"type": "dict"},
            "taints": {"type": "list", "elements": "dict"},
            "purpose": {"type": "str", "default": "maintenance"},
            "version": {"type": "str", "default": ""},
            "delete_unmanaged": {"type": "bool", "default": False},
            "deadline": {"type": "float", "default": 300.0},
        },
        supports_check_mode=True,
    )
    began = time.monotonic()

    def work() -> dict:
        steps = _run(_wanted(module.params), check=module.check_mode)
        return {**report(steps), "seconds": round(time.monotonic() - began, 1)}

    answer(module, work)


def _wanted(params: dict) -> nodes.Wanted:
    labels = params["labels"]
    return nodes.Wanted(
        name=params["name"],
        state=nodes.State(params["state"]),
        labels=None if labels is None else {key: str(value) for key, value in labels.items()},
        taints=params["taints"],
        purpose=params["purpose"],
        version=params["version"],
        delete_unmanaged=params["delete_unmanaged"],
        deadline=params["deadline"],
    )


def _run(wanted: nodes.Wanted, *, check: bool) -> list:
    found = nodes.observe(wanted)
    steps = nodes.plan(wanted, found)
    if check:
        return steps
    for step in steps:
        nodes.act(step, wanted, found)
    nodes.verify(wanted)
    return steps


if __name__ == "__main__":
    main()
