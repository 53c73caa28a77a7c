#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rebalance
short_description: Move a bounded number of replicas to where a fresh decision would put them
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - A new or returned cluster attracts nothing that has a place. This module compares where each application stands with where a fresh decision
    would put it, and goes one bounded step of the way. Run it again until nothing changes.
  - New copies are healthy before old ones are removed, so that there are never fewer ready replicas than before the step.
  - What a move is worth is counted in points. An application is 100 points off when every replica stands elsewhere than a fresh decision would put it.
    Staying is worth O(min_gain) points, so that nothing moves for little.
  - Left alone are applications whose placement says C(rebalance=never), applications of which every cluster holds all replicas, workloads of the kinds
    Job and Pod, and StatefulSets unless the placement says C(rebalance=allowed), because their pods leave their data behind.
  - Left alone are also applications that stand in a cluster that is not ready, that a failover has moved and not brought back, and whose rollout is not over.
    While a failover is going on, the module refuses to do anything.
  - It works when somebody runs it, never by itself. Each step is a revision whose note says what was moved and why.
extends_documentation_fragment:
  - navarch.fleet.hub
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
options:
  applications:
    description:
      - Only these applications, as C(tenant/name) or C(name). All by default.
    type: list
    elements: str
    default: []
  exclude:
    description:
      - Not these applications.
    type: list
    elements: str
    default: []
  max_replicas:
    description:
      - How many replicas of one application are moved at most.
    type: int
  max_percent:
    description:
      - The same in percent of the application's replicas, but at least one. The smaller of both counts.
      - V(25) by default when O(max_replicas) is not given either.
    type: float
  max_total_replicas:
    description:
      - How many replicas of all applications together are moved at most. The applications that stand worst come first.
    type: int
  max_total_percent:
    description:
      - The same in percent of the replicas of all applications together, but at least one.
    type: float
  max_unavailable:
    description:
      - How many replicas of a workload may be unready when a step of its application begins. An application with more is left alone.
    type: int
    default: 0
  min_gain:
    description:
      - Points that staying is worth. An application is not touched for fewer.
    type: float
    default: 5
  probe_deadline:
    description:
      - Seconds for one look at one cluster. All are looked at.
    type: float
    default: 10
  wait_timeout:
    description:
      - Seconds to wait for the health of new copies. Old copies stay when it is over, and the next run goes on.
    type: int
    default: 300
  lock_holder:
    description:
      - Id of the play, for tasks that share one lease.
    type: str
seealso:
  - module: navarch.fleet.what_if
"""

EXAMPLES = r"""
- name: Show what the next step would be
  navarch.fleet.rebalance:
  check_mode: true
  diff: true

- name: Move at most two replicas of each application, and ten in all
  navarch.fleet.rebalance:
    max_replicas: 2
    max_total_replicas: 10

- name: Step by step until everything is balanced
  navarch.fleet.rebalance:
    applications: [shop]
    max_percent: 10
  register: step
  until: step is not changed
  retries: 20
  delay: 60
"""

RETURN = r"""
applications:
  description:
    - For each application whether it V(moved), V(would move), is V(balanced), was V(held) back, V(finished) what an earlier run began, or V(failed), and why.
    - C(gain) is how many points it was off, C(left) how many it is after the step, C(remaining) how many replicas are still to be moved.
  returned: success
  type: dict
  sample:
    default/shop:
      action: moved
      reason: a fresh decision would put it elsewhere
      moves: [{workload: Deployment/shop/web, from: idc-north, to: idc-west, replicas: 1}]
      gain: 33.3
      left: 16.7
      remaining: 1
      revision: 4
      replicas: {Deployment shop/web: {idc-north: 2, idc-south: 3, idc-west: 1}}
moves:
  description: All moves of this step.
  returned: success
  type: list
  elements: dict
  sample: [{application: default/shop, workload: Deployment/shop/web, from: idc-north, to: idc-west, replicas: 1}]
remaining:
  description: Replicas of the applications in this step that are still to be moved after it.
  returned: success
  type: int
  sample: 1
balanced:
  description: Whether every application stands well. One that was held back does not.
  returned: success
  type: bool
  sample: false
clusters:
  description: For each cluster concerned how many replicas leave and come, and what failed there.
  returned: always
  type: dict
  sample:
    idc-north: {leaving: 1, coming: 0, errors: []}
    idc-west: {leaving: 0, coming: 1, errors: []}
table:
  description: The same as lines of text.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first.
  returned: failure
  type: dict
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.rebalance import Request, rebalance
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.rebalance_report import rebalance_report
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.rebalance import Limits

if TYPE_CHECKING:
    from typing import Any

LEAST = {
    "max_replicas": 1,
    "max_percent": 0.1,
    "max_total_replicas": 1,
    "max_total_percent": 0.1,
    "max_unavailable": 0,
    "min_gain": 0,
    "probe_deadline": 0.1,
    "wait_timeout": 1,
}


def main() -> None:
    module = FleetModule(
        {
            "applications": {"type": "list", "elements": "str", "default": []},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "max_replicas": {"type": "int"},
            "max_percent": {"type": "float"},
            "max_total_replicas": {"type": "int"},
            "max_total_percent": {"type": "float"},
            "max_unavailable": {"type": "int", "default": 0},
            "min_gain": {"type": "float", "default": 5},
            "probe_deadline": {"type": "float", "default": 10},
            "wait_timeout": {"type": "int", "default": 300},
            "lock_holder": {"type": "str"},
        },
    )
    run(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    check_numbers(params)
    identity = play_identity(params["lock_holder"])
    request = Request(
        limits=limits(params),
        observer=identity.place,
        applications=frozenset(params["applications"]),
        exclude=frozenset(params["exclude"]),
        deadline=params["probe_deadline"],
        timeout=float(params["wait_timeout"]),
    )
    actor = Actor(identity.holder, identity.who, identity.where)
    return rebalance_report(rebalance(open_hub(params), request, actor, check=check), check=check)


def limits(params: dict[str, Any]) -> Limits:
    percent = params["max_percent"]
    if percent is None and params["max_replicas"] is None:
        percent = 25.0
    return Limits(
        replicas=params["max_replicas"],
        percent=percent,
        total_replicas=params["max_total_replicas"],
        total_percent=params["max_total_percent"],
        unavailable=params["max_unavailable"],
        gain=params["min_gain"],
    )


def check_numbers(params: dict[str, Any]) -> None:
    for name, least in LEAST.items():
        if params[name] is not None and params[name] < least:
            raise InputError(f"{name} is {params[name]:g}", next_step=f"Give at least {least:g}")


if __name__ == "__main__":
    main()
