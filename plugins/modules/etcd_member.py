#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_member
short_description: Begin etcd on a host of its own, let the host join it, or take it out
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a host of etcd, whose unit C(etcd.service) is there already (role C(etcd)). Makes the certificates of the member with kubeadm,
    starts it, and waits until it serves.
  - A host that joins is a learner until it has all data. A member of the same name or address is removed before, because it belongs to a
    host that was lost, or to a join that was broken off.
  - What an interrupted run left is recognised, and the way goes on from there.
  - Data that this collection did not put there is refused.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.permissions
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  state:
    description:
      - V(initialised) begins etcd here, V(joined) lets this host join one, V(absent) takes its member out while others go on,
        and removes its data. V(erased) stops it and removes its data without a word to the others.
      - V(complete) waits until every member answers, and changes nothing.
    type: str
    choices: [initialised, joined, complete, absent, erased]
    required: true
  name:
    description:
      - Name of the member.
    type: str
    required: true
  address:
    description:
      - Address at which the other hosts reach it.
    type: str
    required: true
  peers:
    description:
      - Addresses of the other hosts of etcd.
    type: list
    elements: str
    default: []
  kubernetes_version:
    description:
      - Version of kubeadm on this host.
    type: str
    required: true
  ticket:
    description:
      - RV(navarch.fleet.etcd_ticket#module:ticket) for a member. A host that has the CA of etcd needs none.
    type: dict
  deadline:
    description:
      - Seconds for etcd to take it in, and to serve.
    type: float
    default: 300
"""

EXAMPLES = r"""
- name: Begin etcd
  navarch.fleet.etcd_member:
    state: initialised
    name: e1
    address: 10.0.0.21
    kubernetes_version: v1.37.2

- name: Let another host join
  navarch.fleet.etcd_member:
    state: joined
    name: e2
    address: 10.0.0.22
    peers: [10.0.0.21]
    kubernetes_version: v1.37.2
    ticket: "{{ asked.ticket }}"
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["run join (it is no member of etcd yet)"]
seconds:
  description: How long each step took, and how long it took until it served.
  returned: success, not in check mode
  type: dict
  sample: {"join": 3.1, "ready": 0.2}
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd_host, permissions
from ansible_collections.navarch.fleet.plugins.module_utils._node.arguments import PERMISSIONS
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.etcd_certificates import Authority, Subject
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": [state.value for state in etcd_host.State], "required": True},
            "name": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "peers": {"type": "list", "elements": "str", "default": []},
            "kubernetes_version": {"type": "str", "required": True},
            "ticket": {"type": "dict", "no_log": True},
            "permissions": {"type": "list", "elements": "dict", "options": PERMISSIONS, "default": []},
            "deadline": {"type": "float", "default": 300.0},
        },
        supports_check_mode=True,
    )
    answer_alone(module, lambda: _run(_wanted(module.params), check=module.check_mode))


def _wanted(params: dict[str, Any]) -> etcd_host.Wanted:
    return etcd_host.Wanted(
        state=etcd_host.State(params["state"]),
        subject=Subject(params["name"], params["address"], params["kubernetes_version"]),
        peers=tuple(params["peers"]),
        authority=Authority(**params["ticket"]) if params["ticket"] else None,
        permissions=tuple(permissions.Permission.from_dict(each) for each in params["permissions"]),
        deadline=params["deadline"],
    )


def _run(wanted: etcd_host.Wanted, *, check: bool) -> dict[str, Any]:
    steps = etcd_host.plan(wanted, etcd_host.observe(wanted))
    if check:
        return report(steps)
    seconds = {}
    for step in steps:
        began = time.monotonic()
        etcd_host.act(step, wanted)
        seconds[step.subject if step.action == "run" else step.action] = round(time.monotonic() - began, 1)
    began = time.monotonic()
    etcd_host.verify(wanted)
    return {**report(steps), "seconds": {**seconds, "ready": round(time.monotonic() - began, 1)}}


if __name__ == "__main__":
    main()
