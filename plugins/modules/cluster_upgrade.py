#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_upgrade
short_description: Check a cluster before an upgrade, and keep the record of it
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, by C(delegate_to), with the credential that kubeadm made there.
  - The record is ConfigMap C(navarch-upgrade) in C(kube-system). So an upgrade that was killed goes on from any controller, and one that
    runs is paused from any other.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  state:
    description:
      - V(checked) only tells what speaks against an upgrade.
      - V(running) begins one or goes on with it, V(paused) lets no further Node begin, V(finished) ends it.
    type: str
    choices: [checked, running, paused, finished]
  node:
    description:
      - Name of the Node of O(progress).
    type: str
  progress:
    description:
      - V(begun) asks whether the Node may begin, and is an error if the upgrade is paused or failed elsewhere. V(done) and V(failed) tell
        how it came out.
    type: str
    choices: [begun, done, failed]
  reason:
    description:
      - Why it failed.
    type: str
    default: ""
  version:
    description:
      - The version to go to, for O(state=checked) and O(state=running).
    type: str
  accept:
    description:
      - Kinds of findings that are told, but do not stop the upgrade.
    type: list
    elements: str
    choices: [nodes, budgets, deprecated]
    default: []
  tolerate:
    description:
      - How many Nodes may have failed before no other begins.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: See what speaks against the upgrade
  navarch.fleet.cluster_upgrade:
    state: checked
    version: v1.37.2
  delegate_to: n1

- name: Pause it
  navarch.fleet.cluster_upgrade:
    state: paused
  delegate_to: n1
"""

RETURN = r"""
findings:
  description: What speaks against the upgrade, without what is accepted.
  returned: with O(state=checked)
  type: list
  elements: str
  sample: ["the budget shop/web wants all 2 of its pods, so none of them can ever be evicted."]
accepted:
  description: The same for what is accepted.
  returned: with O(state=checked)
  type: list
  elements: str
server_version:
  description: The version of the API server.
  returned: with O(state=checked)
  type: str
record:
  description: How the upgrade stood before this call.
  returned: success
  type: dict
  sample: {"state": "running", "from": "v1.36.3", "to": "v1.37.2", "nodes": {"n1": "done 2026-11-30T02:00:00Z"}}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import preflight, upgrade_record
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer
from ansible_collections.navarch.fleet.plugins.module_utils._node.upgrade_record import Progress, Record, State

_CHECKED = "checked"
_STATES = [_CHECKED, State.RUNNING.value, State.PAUSED.value, State.FINISHED.value]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": _STATES},
            "node": {"type": "str"},
            "progress": {"type": "str", "choices": [each.value for each in Progress]},
            "reason": {"type": "str", "default": ""},
            "version": {"type": "str"},
            "accept": {
                "type": "list",
                "elements": "str",
                "choices": ["nodes", "budgets", "deprecated"],
                "default": [],
            },
            "tolerate": {"type": "int", "default": 0},
        },
        mutually_exclusive=[("state", "progress")],
        required_one_of=[("state", "progress")],
        required_together=[("node", "progress")],
        required_if=[("state", _CHECKED, ["version"]), ("state", State.RUNNING.value, ["version"])],
        supports_check_mode=True,
    )
    answer(module, lambda: _check(module.params) if module.params["state"] == _CHECKED else _write(module))


def _check(params: dict) -> dict:
    seen = preflight.observe()
    found = preflight.findings(seen, params["version"])
    record = upgrade_record.read() if seen.server else Record(State.NONE, "", "", {})
    return {
        "changed": False,
        "findings": [each.text for each in found if each.kind not in params["accept"]],
        "accepted": [each.text for each in found if each.kind in params["accept"]],
        "server_version": seen.server,
        "record": record.to_dict(),
    }


def _write(module: AnsibleModule) -> dict:
    record = upgrade_record.read()
    over = module.params["state"] == State.FINISHED.value and record.state in (State.NONE, State.FINISHED)
    if not over and not module.check_mode:
        _act(record, module.params)
    return {"changed": not over, "record": record.to_dict()}


def _act(record: Record, params: dict) -> None:
    state, progress, node = params["state"], params["progress"], params["node"]
    if state == State.RUNNING.value:
        upgrade_record.begin(record, preflight.server_version(), params["version"])
    elif state == State.PAUSED.value:
        upgrade_record.pause(record)
    elif state == State.FINISHED.value:
        upgrade_record.finish(record)
    elif progress == Progress.BEGUN.value:
        upgrade_record.take_turn(record, node, params["tolerate"])
    else:
        upgrade_record.note(record, node, Progress(progress), params["reason"])


if __name__ == "__main__":
    main()
