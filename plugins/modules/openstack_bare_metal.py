#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openstack_bare_metal
short_description: Enrol, power and deploy bare metal through Ironic
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Brings machines of a data centre to a provision state and a power state, side by side. Each is led through all states between.
  - Nodes are known by their names, which Ironic keeps unique.
  - A node that somebody is at work on is waited for.
extends_documentation_fragment:
  - navarch.fleet.openstack
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the steps of the plan.
  platform:
    platforms: posix
    support: full
options:
  nodes:
    description:
      - The machines.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the node.
        type: str
        required: true
      state:
        description:
          - V(enrolled), Ironic knows it and its BMC answers.
          - V(available), it can be deployed. A deployed node is wiped for that, as far as the cloud's cleaning goes.
          - V(deployed), the image of O(nodes[].instance_info) is on its disk.
          - V(absent), Ironic forgets it.
        type: str
        choices: [enrolled, available, deployed, absent]
        default: available
      power:
        description:
          - V(on), V(off), or V(cycled) for a cut and return of power each time the module runs. Left as it is by default.
        type: str
        choices: ['on', 'off', cycled]
      driver:
        description:
          - Ironic's driver.
        type: str
        default: ipmi
      driver_info:
        description:
          - How the BMC is reached. Used when the node is enrolled.
        type: dict
        default: {}
      properties:
        description:
          - What the machine has, for example C(cpus), C(memory_mb), C(local_gb).
        type: dict
        default: {}
      resource_class:
        description:
          - Ironic's resource class.
        type: str
        default: baremetal
      mac_addresses:
        description:
          - MAC addresses of its network cards.
        type: list
        elements: str
        default: []
      instance_info:
        description:
          - What is deployed, for example C(image_source) and C(root_gb).
        type: dict
        default: {}
      config_drive:
        description:
          - C(meta_data), C(user_data) and C(network_data) for cloud-init.
        type: dict
        default: {}
  timeout:
    description:
      - Seconds for each node.
    type: float
    default: 1800
"""

EXAMPLES = r"""
- name: A machine is enrolled and gets its system
  navarch.fleet.openstack_bare_metal:
    cloud: data-centre
    nodes:
      - name: rack1-n1
        state: deployed
        driver: redfish
        driver_info: {redfish_address: "https://10.0.0.11", redfish_username: admin, redfish_password: "{{ bmc_password }}"}
        mac_addresses: ["52:54:00:12:34:56"]
        instance_info: {image_source: "http://10.0.0.1/debian-12.qcow2", root_gb: 20}
        config_drive: {meta_data: {name: rack1-n1}}

- name: A machine that must not write any more loses its power
  navarch.fleet.openstack_bare_metal:
    cloud: data-centre
    nodes: [{name: rack1-n1, state: deployed, power: 'off'}]
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, and why.
  returned: always
  type: list
  elements: dict
  sample:
    - {node: rack1-n1, verb: manage, reason: from enroll to manageable}
nodes:
  description: The nodes afterwards, by name.
  returned: always
  type: dict
  sample:
    rack1-n1: {name: rack1-n1, id: 2c0f..., provision_state: active, power_state: power on, error: ''}
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.openstack import (
    CLOUD_ARGUMENTS,
    access,
    run_on_cloud,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.bare_metal import (
    Node,
    NodeResult,
    NodeStep,
    Power,
    Wanted,
    ensure,
    observe,
    plan,
    result_of,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import connect

POWER = {"on": Power.ON, "off": Power.OFF, "cycled": Power.CYCLED}
NODE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["enrolled", "available", "deployed", "absent"], "default": "available"},
    "power": {"type": "str", "choices": ["on", "off", "cycled"]},
    "driver": {"type": "str", "default": "ipmi"},
    "driver_info": {"type": "dict", "default": {}, "no_log": True},
    "properties": {"type": "dict", "default": {}},
    "resource_class": {"type": "str", "default": "baremetal"},
    "mac_addresses": {"type": "list", "elements": "str", "default": []},
    "instance_info": {"type": "dict", "default": {}},
    "config_drive": {"type": "dict", "default": {}, "no_log": True},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CLOUD_ARGUMENTS,
            "nodes": {"type": "list", "elements": "dict", "required": True, "options": NODE},
            "timeout": {"type": "float", "default": 1800},
        },
        supports_check_mode=True,
    )
    run_on_cloud(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    wanted = [_node(each) for each in params["nodes"]]
    cloud = connect(access(params), services=("baremetal",))
    if check:
        seen = observe(cloud, [node.name for node in wanted])
        steps = [step for node in wanted for step in plan(node, seen[node.name])]
        return _result(steps, [result_of(node.name, seen[node.name]) for node in wanted])
    steps, results = ensure(cloud, wanted, params["timeout"])
    failed = [f"{result.name}: {result.error}" for result in results if result.error]
    return _result(steps, results) | ({"failed": True, "msg": "; ".join(failed)} if failed else {})


def _node(given: dict[str, Any]) -> Node:
    return Node(
        name=given["name"],
        state=Wanted(given["state"]),
        power=POWER[given["power"]] if given["power"] else None,
        driver=given["driver"],
        driver_info=given["driver_info"],
        properties=given["properties"],
        resource_class=given["resource_class"],
        addresses=tuple(given["mac_addresses"]),
        instance_info=given["instance_info"],
        config_drive=given["config_drive"],
    )


def _result(steps: list[NodeStep], results: list[NodeResult]) -> dict[str, Any]:
    lines = [f"{step.verb} {step.node}: {step.reason}" for step in steps]
    return {
        "changed": bool(steps),
        "plan": [asdict(step) for step in steps],
        "nodes": {result.name: asdict(result) for result in results},
        "diff": {"before": "", "after": "".join(f"{line}\n" for line in lines)},
    }


if __name__ == "__main__":
    main()
