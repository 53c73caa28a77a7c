#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubelet_configuration
short_description: Change the configuration of kubelets
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - O(state=published), on a control plane, writes the configuration of all kubelets into the cluster, where kubeadm keeps it.
  - O(state=applied), on each host, lets kubeadm write it there and starts the kubelet again. Pods go on running. A kubelet that does
    not come up with it gets the old configuration back.
  - What would change is what kubeadm shows in a dry run, its defaults among it.
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
  state:
    description:
      - Whether the cluster's configuration is written, or the host's.
    type: str
    choices: [published, applied]
    required: true
  documents:
    description:
      - kubeadm's configuration (C(v1beta4)) by kind, for O(state=published).
    type: dict
    default: {}
  node:
    description:
      - Name of the host's Node, for O(state=applied).
    type: str
  deadline:
    description:
      - Seconds for kubeadm, and then for the Node to be Ready.
    type: float
    default: 120
"""

EXAMPLES = r"""
- name: Write it into the cluster
  navarch.fleet.kubelet_configuration:
    state: published
    documents:
      KubeletConfiguration:
        maxPods: 200
  delegate_to: n1

- name: Let the host take it
  navarch.fleet.kubelet_configuration:
    state: applied
    node: n2
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["write /var/lib/kubelet/config.yaml (it differs)"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import kubelet_configuration
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["published", "applied"], "required": True},
            "documents": {"type": "dict", "default": {}},
            "node": {"type": "str"},
            "deadline": {"type": "float", "default": 120.0},
        },
        required_if=[("state", "applied", ["node"])],
        supports_check_mode=True,
    )
    answer_alone(module, lambda: report(_run(module.params, check=module.check_mode)))


def _run(params: dict, *, check: bool) -> list:
    deadline = params["deadline"]
    if params["state"] == "published":
        steps = kubelet_configuration.plan_cluster(params["documents"], deadline)
        if steps and not check:
            kubelet_configuration.publish(params["documents"], deadline)
        return steps
    steps = kubelet_configuration.plan_host(deadline)
    if steps and not check:
        kubelet_configuration.apply_host(params["node"], deadline)
    return steps


if __name__ == "__main__":
    main()
