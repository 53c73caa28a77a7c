#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_set
short_description: Record which machines a member of the fleet may have
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - A machine set is a number of machines that look alike and whose nodes belong to one member. Module M(navarch.fleet.autoscale) adds and removes
    machines between its minimum and its maximum.
  - This module writes the record in the hub and checks it with the provider; it makes no machine. What is left out keeps its value.
  - Placement reads from the record what room a member could still get, at which price and how soon.
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
  name:
    description:
      - Name of the machine set, unique in the fleet.
    type: str
    required: true
  state:
    description:
      - V(absent) forgets the set. While it has machines that is refused, unless O(keep_machines) says that they are somebody else's from now on.
    type: str
    choices: [present, absent]
    default: present
  cluster:
    description:
      - The member whose nodes its machines become. Needed for a new set, and never changed.
    type: str
  provider:
    description:
      - Who has the machines. Needed for a new set, and never changed.
      - V(idc) takes spare hosts of the data centre, V(cluster_api) a MachineDeployment of a management cluster,
        V(openstack) makes servers, with the options of module M(navarch.fleet.openstack_machines) as settings.
      - V(kwok) is for labs, where nodes are simulated.
    type: str
    choices: [cluster_api, idc, kwok, openstack]
  min_replicas:
    description:
      - Machines that the set has at least.
    type: int
  max_replicas:
    description:
      - Machines that the set has at most.
    type: int
  zones:
    description:
      - Zones that machines are dealt to in turn. One set per zone is better where pods ask for a zone.
    type: list
    elements: str
  labels:
    description:
      - Labels of its nodes.
    type: dict
  taints:
    description:
      - Taints of its nodes.
    type: list
    elements: dict
    suboptions:
      key:
        description: The key.
        type: str
        required: true
      value:
        description: The value.
        type: str
      effect:
        description: What it does.
        type: str
        choices: [NoSchedule, PreferNoSchedule, NoExecute]
        required: true
  allocatable:
    description:
      - What pods can have of one machine, such as C(cpu), C(memory) and C(pods). By default as a node of
        the set tells, or what its provider says of the flavor, less a little memory.
    type: dict
  cost_per_hour:
    description:
      - Price of one machine per hour, in no currency.
    type: float
  seconds_to_create:
    description:
      - Until a machine is a ready node, as far as you know. For what is told beforehand; by default as the provider says.
    type: int
  priority:
    description:
      - Of several sets that would help, those of a higher priority grow first; among equals the cheapest per pod.
    type: int
  settings:
    description:
      - What only the provider understands.
      - "V(openstack): C(cloud), C(flavor), C(image), C(network), C(key) and the other options of module M(navarch.fleet.openstack_machines)."
      - "V(idc): C(hosts) (a list of C(name), C(address), C(port), C(zone)), C(capacity) of a host."
      - "V(cluster_api): C(management_cluster) (a member), C(namespace), C(machine_deployment), C(capacity) where that is not annotated."
      - "V(openstack) and V(idc): C(host_vars), variables of its hosts in the inventory of playbook C(autoscale), such as C(ansible_user)."
      - "V(kwok): C(capacity) (resources of a machine), C(quota) (machines at most), C(startupSeconds)."
    type: dict
  scaling:
    description:
      - When the set grows and shrinks. Names and defaults are those of the cluster autoscaler.
    type: dict
    suboptions:
      scale_up_delay:
        description: Seconds for which a pod is unschedulable before machines are added for it. V(30) by default.
        type: float
      scale_down_unneeded_time:
        description: Seconds for which a machine is not needed before it is removed. V(600) by default.
        type: float
      scale_down_utilization_threshold:
        description: Share of CPU and memory asked for on a node, below which it may be removed. V(0.5) by default.
        type: float
      scale_down_delay_after_add:
        description: Seconds after a machine was added to the cluster in which none is removed. V(600) by default.
        type: float
      max_node_provision_time:
        description: Seconds after which a machine that is no node is given up. V(900) by default.
        type: float
      drain_timeout:
        description: Seconds that pods have to leave a node. V(600) by default.
        type: float
  keep_machines:
    description:
      - With O(state=absent), forget the set although it has machines.
    type: bool
    default: false
seealso:
  - module: navarch.fleet.autoscale
"""

EXAMPLES = r"""
- name: Up to five simulated machines for a member of a lab
  navarch.fleet.machine_set:
    name: cloud-east-workers
    cluster: cloud-east
    provider: kwok
    min_replicas: 0
    max_replicas: 5
    cost_per_hour: 0.12
    settings:
      capacity: {cpu: "4", memory: 16Gi, pods: "110"}

- name: Not more than two from now on
  navarch.fleet.machine_set:
    name: cloud-east-workers
    max_replicas: 2
"""

RETURN = r"""
machine_set:
  description: The set as it is recorded now.
  returned: success
  type: dict
  sample: {name: cloud-east-workers, cluster: cloud-east, provider: kwok, min_replicas: 0, max_replicas: 5, desired: 0, machines: []}
error:
  description: Kind, cluster, object and next step of what went wrong.
  returned: failure
  type: dict
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._machines.describe import Wish, bring_to

if TYPE_CHECKING:
    from typing import Any

SCALING = (
    "scale_up_delay",
    "scale_down_unneeded_time",
    "scale_down_utilization_threshold",
    "scale_down_delay_after_add",
    "max_node_provision_time",
    "drain_timeout",
)
GIVEN = (
    "cluster",
    "provider",
    "min_replicas",
    "max_replicas",
    "zones",
    "labels",
    "taints",
    "allocatable",
    "cost_per_hour",
    "seconds_to_create",
    "priority",
    "settings",
    "scaling",
)


def main() -> None:
    module = FleetModule(
        {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "cluster": {"type": "str"},
            "provider": {"type": "str", "choices": ["cluster_api", "idc", "kwok", "openstack"]},
            "min_replicas": {"type": "int"},
            "max_replicas": {"type": "int"},
            "zones": {"type": "list", "elements": "str"},
            "labels": {"type": "dict"},
            "taints": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "key": {"type": "str", "required": True, "no_log": False},
                    "value": {"type": "str"},
                    "effect": {
                        "type": "str",
                        "choices": ["NoSchedule", "PreferNoSchedule", "NoExecute"],
                        "required": True,
                    },
                },
            },
            "allocatable": {"type": "dict"},
            "cost_per_hour": {"type": "float"},
            "seconds_to_create": {"type": "int"},
            "priority": {"type": "int"},
            "settings": {"type": "dict"},
            "scaling": {"type": "dict", "options": {name: {"type": "float"} for name in SCALING}},
            "keep_machines": {"type": "bool", "default": False},
        }
    )
    run(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    wish = Wish(
        name=params["name"],
        absent=params["state"] == "absent",
        keep_machines=params["keep_machines"],
        given={name: params[name] for name in GIVEN if params[name] is not None},
    )
    return bring_to(open_hub(params), wish, check=check)


if __name__ == "__main__":
    main()
