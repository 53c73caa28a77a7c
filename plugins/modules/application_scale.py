#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_scale
short_description: Give workloads of an application another number of replicas in the whole fleet
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Sets how many replicas a workload has in all clusters together, and places the application again. What fits is placed at once; with
    C(overflowAffinities) in its placement the overflow goes to the next tier, and what a machine set (module M(navarch.fleet.machine_set)) could still
    add counts as room when there is none otherwise.
  - The number is kept by the hub. An apply does not take it back to what the sources say, but tells that it differs; RV(notes) has it.
  - The change is a revision like any other. New copies are healthy before old ones are removed.
extends_documentation_fragment:
  - navarch.fleet.application
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
  replicas:
    description:
      - Replicas of its only workload in all clusters together.
    type: int
  workloads:
    description:
      - Replicas by workload, named C(name), C(Kind/name) or C(Kind/namespace/name). A value of V(null) gives the number back to the sources,.
    type: dict
  wait:
    description:
      - Wait until everything is healthy. Say V(false) where machines have to be added first, and wait after module M(navarch.fleet.autoscale).
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for health.
    type: int
    default: 300
seealso:
  - module: navarch.fleet.application
  - module: navarch.fleet.autoscale
"""

EXAMPLES = r"""
- name: Would thirty fit, and what would that take?
  navarch.fleet.application_scale:
    name: shop
    workloads: {Deployment/frontend: 30}
  check_mode: true

- name: Thirty for the flood, before the machines are there
  navarch.fleet.application_scale:
    name: shop
    workloads: {Deployment/frontend: 30}
    wait: false

- name: Back to what the manifests say
  navarch.fleet.application_scale:
    name: shop
    workloads: {Deployment/frontend: null}
"""

RETURN = r"""
feasibility:
  description: Whether it fits C(now), or C(later) when machines were added; with these machines, their time and price.
  returned: success
  type: dict
  sample: {verdict: later, message: "fits after adding 3 m1-large in cloud-east, about 4 minutes, 0.36 per hour", machines: {cloud-east: {m1-large: 3}}}
revision:
  description: The revision in force.
  returned: success
  type: int
  sample: 7
replicas:
  description: Replicas per workload and cluster.
  returned: success
  type: dict
  sample: {Deployment shop/frontend: {idc-north: 20, cloud-east: 10}}
notes:
  description: What should be known.
  returned: success
  type: list
  elements: str
  sample: ["fits after adding 3 m1-large in cloud-east, about 4 minutes, 0.36 per hour"]
clusters:
  description: What was done in each cluster, and how healthy it is.
  returned: always
  type: dict
  sample: {}
error:
  description: Kind, cluster, object and next step of what went wrong.
  returned: failure
  type: dict
"""

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.application import APPLICATION_ARGUMENTS, actor_of
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Settings
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.scale import read_counts, rescale

ARGUMENTS: dict[str, Any] = {
    **APPLICATION_ARGUMENTS,
    "replicas": {"type": "int"},
    "workloads": {"type": "dict"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
}
CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [("replicas", "workloads")],
    "mutually_exclusive": [("replicas", "workloads")],
}


def main() -> None:
    module = FleetModule(ARGUMENTS, **CONSTRAINTS)
    run(module, lambda: work(module.params, check=module.check_mode))


def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    wanted = read_counts(params["workloads"] if params["workloads"] is not None else {"": params["replicas"]})
    actor = actor_of(params)
    settings = Settings(wait=params["wait"], timeout=float(params["wait_timeout"]))
    hub = open_hub(params)
    return rescale(hub, params["tenant"], params["name"], wanted, actor=actor, settings=settings, check=check).to_dict()


if __name__ == "__main__":
    main()
