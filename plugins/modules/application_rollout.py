#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_rollout
short_description: Carry on a rollout, steer it by hand, or go back to an old revision
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - A rollout by steps is begun by module M(navarch.fleet.application) with its option O(navarch.fleet.application#module:rollout). This module
    carries out its next step, and does by hand what the rollout else does by itself.
  - Where it stands is in the hub, so any play can go on from there. While another play holds the application, a wish (pause, promote, abort)
    is left for that play, which obeys at its next look.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.application
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of O(action=rollback).
  platform:
    platforms: posix
options:
  action:
    description:
      - V(resume) goes on where the rollout stands; what failed in that step is tried again.
      - V(pause) stops it after the step that is under way.
      - V(promote) takes the step for done as it is, without soak and checks and with what failed in it, and goes on.
      - V(abort) brings every cluster that was touched back to the revision in force, and ends a rollback that was interrupted.
      - V(rollback) delivers an old revision again, as a new one. A rollout that is under way is given up.
      - V(step) carries out one step and V(fail) says that a check of the play failed; they are for the role.
    type: str
    choices: [resume, pause, promote, abort, rollback, step, fail]
    required: true
  revision:
    description:
      - The revision that O(action=rollback) goes back to. Default is the last one that was in force before the present one.
    type: int
  step:
    description:
      - The step that O(action=step) carries out, counted from 0.
    type: int
  reason:
    description:
      - What O(action=fail) writes down.
    type: str
  rollout_steps:
    description:
      - Whether V(resume) and V(promote) carry out what is left in this task, or leave that to tasks with V(step).
    type: str
    choices: [all, begin]
    default: all
  wait_timeout:
    description:
      - Seconds to wait for health, where the rollout has no C(progressDeadline).
    type: int
    default: 300
  conflict_resolution:
    description:
      - For V(rollback), what becomes of an object or field that belongs to somebody else. Default is what the application says.
    type: str
    choices: [Abort, Overwrite]
  prune_allow:
    description:
      - What may be deleted although it is protected, each as C(Kind) or C(Kind/name).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Go on with a rollout that was paused
  navarch.fleet.application_rollout:
    name: shop
    action: resume

- name: Take back what was rolled out so far
  navarch.fleet.application_rollout:
    name: shop
    action: abort

- name: Go back to revision 3
  navarch.fleet.application_rollout:
    name: shop
    action: rollback
    revision: 3
"""

RETURN = r"""
revision:
  description: The revision that is rolled out, or that a rollback made.
  returned: success
  type: int
rollout:
  description: Where the rollout stands, with its steps, the clusters that it touched and those that failed.
  returned: when there is one
  type: dict
  sample:
    revision: 5
    from: 4
    phase: Paused
    step: 1
    steps:
      - {wave: canary, kind: deploy, clusters: [idc-north]}
      - {wave: rest, kind: deploy, clusters: [cloud-east, idc-south]}
      - {wave: finish, kind: finish, clusters: [cloud-east, idc-north, idc-south]}
    touched: [cloud-east, idc-north]
    failed: {cloud-east: "not healthy: Deployment shop/web: ImagePullBackOff"}
    line: "paused at revision 5, step 2 of 3 (wave rest): ..."
clusters:
  description: For each cluster concerned, what was done, counts, the objects that changed, health and errors.
  returned: always
  type: dict
delivery:
  description: What was done in each cluster, as lines for a terminal.
  returned: success
  type: list
  elements: str
notes:
  description: What should be known although nothing failed.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first.
  returned: failure
  type: dict
"""

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.application import APPLICATION_ARGUMENTS, actor_of
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._delivery import steer
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Conflict, Settings
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.reinstate import reinstate
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.result import Result
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub

ARGUMENTS: dict[str, Any] = {
    **APPLICATION_ARGUMENTS,
    "action": {
        "type": "str",
        "choices": ["resume", "pause", "promote", "abort", "rollback", "step", "fail"],
        "required": True,
    },
    "revision": {"type": "int"},
    "step": {"type": "int"},
    "reason": {"type": "str"},
    "rollout_steps": {"type": "str", "choices": ["all", "begin"], "default": "all"},
    "wait_timeout": {"type": "int", "default": 300},
    "conflict_resolution": {"type": "str", "choices": ["Abort", "Overwrite"]},
    "prune_allow": {"type": "list", "elements": "str", "default": []},
}
CONSTRAINTS: dict[str, Any] = {"required_if": [("action", "step", ["step"]), ("action", "fail", ["reason"])]}


def main() -> None:
    module = FleetModule(ARGUMENTS, **CONSTRAINTS)
    run(module, lambda: work(module.params, check=module.check_mode))


def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    return asked(params, check=check).to_dict()


def asked(params: dict[str, Any], *, check: bool) -> Result:
    actor = actor_of(params)
    conflict = params["conflict_resolution"]
    settings = Settings(
        timeout=float(params["wait_timeout"]),
        conflict=Conflict(conflict) if conflict else Conflict.ABORT,
        prune_allow=tuple(params["prune_allow"]),
    )
    hub, tenant, name = open_hub(params), params["tenant"], params["name"]
    if params["action"] == "rollback":
        return reinstate(hub, tenant, name, params["revision"], settings, actor, check=check)
    if check:
        return steer.foreseen(hub, tenant, name, params["action"])
    return acted(params, hub, settings, actor)


def acted(params: dict[str, Any], hub: Hub, settings: Settings, actor: Actor) -> Result:
    tenant, name = params["tenant"], params["name"]
    steps = steer.Steps.ONE_BY_ONE if params["rollout_steps"] == "begin" else steer.Steps.ALL
    action = params["action"]
    if action == "step":
        return steer.step(hub, tenant, name, params["step"], settings, actor)
    if action == "fail":
        return steer.fail(hub, tenant, name, params["reason"], settings, actor)
    if action == "pause":
        return steer.pause(hub, tenant, name, settings, actor)
    if action == "abort":
        return steer.abort(hub, tenant, name, settings, actor)
    carry_on = steer.resume if action == "resume" else steer.promote
    return carry_on(hub, tenant, name, settings, actor, steps)


if __name__ == "__main__":
    main()
