#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubelet_serving
short_description: Approve kubelets' requests for serving certificates after a look at them
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane. A kubelet with C(serverTLSBootstrap) asks the cluster for the certificate that it shows to clients, and
    Kubernetes leaves the decision to others, because a request may name anything.
  - A request is approved when the kubelet of a Node in O(nodes) made it, for its own name, for addresses that O(nodes) gives to it, and
    for nothing else. Any other one is left, and told in RV(left).
  - A kubelet asks again before its certificate ends (after 70 to 90 percent of its year). Run this at least once a month.
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
  nodes:
    description:
      - Nodes, as the inventory knows them. They are written down in the cluster (ConfigMap C(navarch-nodes) in C(kube-system)), so that
        renewals can be judged later without naming them. Empty means all that are written down.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the Node.
        type: str
        required: true
      addresses:
        description: Addresses that it may have a certificate for.
        type: list
        elements: str
        required: true
      names:
        description: DNS names beside that of the Node.
        type: list
        elements: str
        default: []
  wait:
    description:
      - Seconds to wait for the request of each node that has neither a request nor a certificate of the last hour. It is no error when
        none comes.
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Approve the serving certificate of a worker
  navarch.fleet.kubelet_serving:
    nodes:
      - name: n2
        addresses: [10.0.0.12]
    wait: 30
  delegate_to: n1

- name: Approve renewals of all nodes
  navarch.fleet.kubelet_serving:
"""

RETURN = r"""
steps:
  description: What was approved, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["approve csr-x7k2p (serving certificate of n2)"]
left:
  description: Requests that were not approved, and why.
  returned: success
  type: list
  elements: str
  sample: ["csr-9f2aa of n2: it asks for 10.0.0.99, which the inventory does not give to n2"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.security import serving
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report

_NODES = {
    "name": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "dict", "options": _NODES, "default": []},
            "wait": {"type": "float", "default": 0.0},
        },
        supports_check_mode=True,
    )
    nodes = [
        serving.Node(each["name"], tuple(each["addresses"]), tuple(each["names"])) for each in module.params["nodes"]
    ]
    try:
        recorded = serving.recorded()
        known = nodes or [serving.Node.from_text(name, text) for name, text in recorded.items()]
        waiting = serving.observe(known, 0.0 if module.check_mode else module.params["wait"])
        steps = serving.plan(nodes, recorded, waiting)
        for step in steps if not module.check_mode else ():
            serving.act(step)
    except (NodeError, OSError, ValueError) as problem:
        module.fail_json(msg=str(problem))
    left = [f"{each.name} of {each.node}: {each.problem}" for each in waiting if each.problem]
    module.exit_json(**report(steps), left=left)


if __name__ == "__main__":
    main()
