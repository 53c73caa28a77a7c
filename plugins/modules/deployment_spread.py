#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_spread
short_description: Have the replicas of a Deployment on more than one Node
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, by C(delegate_to) or as the host of the play. Where all pods of a Deployment are on one Node although
    another one takes them, one pod is deleted, and comes up elsewhere.
  - Such is CoreDNS of a cluster that has just been made, because it came up when there was one Node. It prefers Nodes without
    another of its pods, as every Deployment that is named here should.
  - Nothing is done where there is one Node, or one replica, or no such Deployment.
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
  name:
    description:
      - Name of the Deployment.
    type: str
    required: true
  namespace:
    description:
      - Its namespace.
    type: str
    required: true
  deadline:
    description:
      - Seconds until its pods have to be on two Nodes.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Have DNS answer when one Node is lost
  navarch.fleet.deployment_spread:
    name: coredns
    namespace: kube-system
"""

RETURN = r"""
steps:
  description: What was moved, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["move kube-system/coredns-559f6c778d-vzctl (all of coredns is on n1)"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import spread
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "deadline": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    deployment = spread.Deployment(module.params["namespace"], module.params["name"])
    try:
        steps = spread.plan(deployment, spread.observe(deployment))
        if not module.check_mode:
            for step in steps:
                spread.act(step)
            spread.verify(deployment, module.params["deadline"])
    except (NodeError, OSError, ValueError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**report(steps))


if __name__ == "__main__":
    main()
