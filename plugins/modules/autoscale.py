#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: autoscale
short_description: Add machines for pods that find no node, and remove those that nobody needs
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Looks at every member that has machine sets (module M(navarch.fleet.machine_set)) and brings each set to the size that its cluster needs now.
  - Machines are added for pods that their scheduler has found no node for since O(scale_up_delay) seconds and that fit a machine of the set, by their requests,
    node selectors, tolerations, affinity and spread constraints; several at once when the backlog asks for it.
  - Machines are removed when nobody has needed them for O(scale_down_unneeded_time) seconds. Nodes are cordoned and drained first, as PodDisruptionBudgets
    allow. What keeps a node is what users of the cluster autoscaler expect, its annotations included.
  - Run it again and again, by a schedule or a rulebook. What was asked of a provider is recorded in the hub and counts until it is there,
    so no run adds a machine twice, not even after an answer was lost or a run was killed.
  - Every decision comes with its reason, for each pod without a node, for each node of a set, and for each set.
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
  clusters:
    description:
      - Only the machine sets of these members. All by default.
    type: list
    elements: str
    default: []
  machine_sets:
    description:
      - Only these machine sets. All by default.
    type: list
    elements: str
    default: []
  max_machines:
    description:
      - How many machines all machine sets of the fleet may have together. No limit by default.
    type: int
  max_cost_per_hour:
    description:
      - What all machines of all sets may cost per hour together. No limit by default.
      - A set whose price is not known does not grow under such a limit.
    type: float
  scale_up_delay:
    description:
      - Seconds for which a pod is unschedulable before machines are added for it. Stands in for what the sets say.
    type: float
  scale_down_unneeded_time:
    description:
      - Seconds for which a machine is not needed before it is removed. Stands in for what the sets say.
    type: float
  scale_down_delay_after_add:
    description:
      - Seconds after a machine was added to a cluster in which none of it is removed. Stands in for what the sets say.
    type: float
  drain_timeout:
    description:
      - Seconds that pods have to leave a node. When it is over the node takes pods again and stays. Stands in for what the sets say.
    type: float
  released:
    description:
      - Machines that were cleared of their nodes since the last run (RV(release)), so that they can leave their sets.
    type: list
    elements: str
    default: []
  wait_timeout:
    description:
      - Seconds to wait until new machines are ready nodes, where they become nodes by themselves.
    type: int
    default: 300
  lock_holder:
    description:
      - Id of the play, for tasks that share one lease.
    type: str
seealso:
  - module: navarch.fleet.machine_set
"""

EXAMPLES = r"""
- name: Show what would be added and removed, and why
  navarch.fleet.autoscale:
  check_mode: true

- name: Bring all machine sets to the size that is needed, for at most 2.50 per hour
  navarch.fleet.autoscale:
    max_machines: 20
    max_cost_per_hour: 2.5

- name: After a flood, remove what is idle at once
  navarch.fleet.autoscale:
    clusters: [cloud-east]
    scale_down_unneeded_time: 0
    scale_down_delay_after_add: 0
"""

RETURN = r"""
machine_sets:
  description:
    - For each machine set what was decided, why, and what came of it.
    - C(desired) is its size now. C(added) and C(removed) are names; before they are made, machines of some providers have placeholders.
  returned: success
  type: dict
  sample:
    cloud-east-workers:
      cluster: cloud-east
      provider: openstack
      desired: 3
      added: [cloud-east-workers-3]
      removed: []
      waiting: []
      reasons: [1 more for 2 pods without a node (shop/web-1, shop/web-2)]
      errors: []
      cost_per_hour: 0.12
pods:
  description: By cluster, for each pod without a node, what becomes of it.
  returned: success
  type: dict
  sample:
    cloud-east: {shop/web-1: needs a new machine of cloud-east-workers}
nodes:
  description: By cluster, for each node of a machine set, why it stays or goes. Empty in a cluster that grows.
  returned: success
  type: dict
  sample:
    cloud-east: {cloud-east-workers-1: "60% of it is asked for, the threshold is 50%"}
stuck:
  description: By cluster, the pods that no machine set helps.
  returned: success
  type: dict
  sample: {}
provision:
  description: Machines that are there and have to be made nodes by roles of this collection.
  returned: success
  type: list
  elements: dict
  sample: [{name: cloud-east-workers-3, address: 10.0.0.13, cluster: cloud-east, machine_set: cloud-east-workers, labels: {}, taints: []}]
release:
  description: Machines whose nodes are empty and have to be cleared by roles of this collection before they can leave their sets.
  returned: success
  type: list
  elements: dict
  sample: []
clusters:
  description: By cluster, what could not be looked at or done. Nothing is changed in a cluster that could not be looked at.
  returned: always
  type: dict
  sample: {}
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
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._machines.autoscale import Request, autoscale
from ansible_collections.navarch.fleet.plugins.module_utils._machines.report import autoscale_report

if TYPE_CHECKING:
    from typing import Any

STAND_INS = ("scale_up_delay", "scale_down_unneeded_time", "scale_down_delay_after_add", "drain_timeout")


def main() -> None:
    module = FleetModule(
        {
            "clusters": {"type": "list", "elements": "str", "default": []},
            "machine_sets": {"type": "list", "elements": "str", "default": []},
            "max_machines": {"type": "int"},
            "max_cost_per_hour": {"type": "float"},
            **{name: {"type": "float"} for name in STAND_INS},
            "released": {"type": "list", "elements": "str", "default": []},
            "wait_timeout": {"type": "int", "default": 300},
            "lock_holder": {"type": "str"},
        }
    )
    run(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    for name in ("max_machines", "max_cost_per_hour", "wait_timeout", *STAND_INS):
        if params[name] is not None and params[name] < 0:
            raise InputError(f"{name} is {params[name]:g}", next_step="Give a number from 0")
    identity = play_identity(params["lock_holder"])
    request = Request(
        clusters=frozenset(params["clusters"]),
        sets=frozenset(params["machine_sets"]),
        most_machines=params["max_machines"],
        most_cost_per_hour=params["max_cost_per_hour"],
        scaling={name: params[name] for name in STAND_INS if params[name] is not None},
        released=frozenset(params["released"]),
        timeout=float(params["wait_timeout"]),
    )
    actor = Actor(identity.holder, identity.who, identity.where)
    return autoscale_report(autoscale(open_hub(params), request, actor, check=check), check=check)


if __name__ == "__main__":
    main()
