#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_endpoints
short_description: Have the API server of a control plane use the hosts of etcd that there are
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane whose cluster has its etcd on hosts of its own. Where hosts of etcd came or went, it changes kubeadm's
    configuration in the cluster and the manifest of this host's API server, and waits until that is ready again.
  - On one control plane of a cluster at a time.
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
  endpoints:
    description:
      - Where the members of etcd serve clients.
    type: list
    elements: str
    required: true
  documents:
    description:
      - kubeadm's configuration by kind, as for M(navarch.fleet.kubeadm).
    type: dict
    required: true
  deadline:
    description:
      - Seconds for the API server to come back.
    type: float
    default: 300
"""

EXAMPLES = r"""
- name: Use the hosts of etcd that there are
  navarch.fleet.etcd_endpoints:
    endpoints: ["https://10.0.0.21:2379", "https://10.0.0.22:2379", "https://10.0.0.23:2379"]
    documents: "{{ control_plane_documents }}"
  throttle: 1
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["write /etc/kubernetes/manifests/kube-apiserver.yaml (hosts of etcd came or went)"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd_endpoints
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "endpoints": {"type": "list", "elements": "str", "required": True},
            "documents": {"type": "dict", "required": True},
            "deadline": {"type": "float", "default": 300.0},
        },
        supports_check_mode=True,
    )
    params = module.params
    wanted = etcd_endpoints.Wanted(tuple(params["endpoints"]), params["documents"], params["deadline"])

    def work() -> dict:
        steps = etcd_endpoints.plan(wanted, etcd_endpoints.observe())
        if steps and not module.check_mode:
            for step in steps:
                etcd_endpoints.act(step, wanted)
            etcd_endpoints.verify(wanted)
        return report(steps)

    answer_alone(module, work)


if __name__ == "__main__":
    main()
