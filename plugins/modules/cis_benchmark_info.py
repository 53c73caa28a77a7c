#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cis_benchmark_info
short_description: Judge a host of a kubeadm cluster by the CIS Kubernetes Benchmark
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads command lines of what runs, modes and owners of files, what the kubelet says it runs with, how the API server answers a stranger,
    which certificate the kubelet shows, and how Secrets lie in etcd. Changes nothing.
  - Items and numbers are those of the CIS Kubernetes Benchmark v1.12; titles are our own words. Items whose number begins with C(X) are
    ours. Items that only a person can judge (parts 3.1 and 5, but 5.2.1) are not among them.
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
  groups:
    description:
      - What the host is to be. What it is besides is seen from what runs on it.
    type: list
    elements: str
    choices: [control_plane, etcd, worker, load_balancer]
    default: []
  address:
    description:
      - Address at which its kubelet is reached.
    type: str
    required: true
  kubelet:
    description:
      - RV(navarch.fleet.kubelet_configuration_info#module:configuration) of its Node.
    type: dict
    default: {}
  switches:
    description:
      - Measures of C(cluster_security) that are on or off.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Judge a control plane
  navarch.fleet.cis_benchmark_info:
    groups: [control_plane]
    address: 10.0.0.11
  become: true
  register: judged
"""

RETURN = r"""
benchmark:
  description: Which benchmark, and its version.
  returned: success
  type: str
  sample: CIS Kubernetes Benchmark v1.12
items:
  description: All items that concern the host, in order.
  returned: success
  type: list
  elements: dict
  contains:
    number:
      description: Number of the item.
      type: str
      sample: 1.2.16
    title:
      description: What it asks for.
      type: str
    result:
      description: V(pass), V(fail), or V(off) where it does not hold because its measure is switched off.
      type: str
    evidence:
      description: What was seen.
      type: str
    remedy:
      description: How to mend it.
      type: str
    measure:
      description: The switch in C(cluster_security). Empty where kubeadm has it so without one.
      type: str
counts:
  description: How many items ended how.
  returned: success
  type: dict
  sample: {"pass": 100, "fail": 0, "off": 2}
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.security import benchmark, evidence, processes


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "groups": {
                "type": "list",
                "elements": "str",
                "choices": ["control_plane", "etcd", "worker", "load_balancer"],
                "default": [],
            },
            "address": {"type": "str", "required": True},
            "kubelet": {"type": "dict", "default": {}},
            "switches": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        result = _judge(module.params)
    except (NodeError, OSError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=False, **result)


def _judge(params: dict[str, Any]) -> dict[str, Any]:
    running = {name: process.flags for name, process in processes.running().items()}
    places = benchmark.places_of(running, params["groups"])
    seen = evidence.observe(benchmark.patterns(places), params["address"], params["kubelet"])
    found = benchmark.judge(seen, places, params["switches"])
    items = [{**asdict(each), "result": each.result.value} for each in found]
    counts = {result.value: sum(each.result is result for each in found) for result in benchmark.Result}
    return {"benchmark": benchmark.VERSION, "items": items, "counts": counts}


if __name__ == "__main__":
    main()
