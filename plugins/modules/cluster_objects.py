#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_objects
short_description: Apply manifests and patches to the cluster of a control plane
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, with the credential that kubeadm made there, for what belongs to the cluster itself. A network, for
    example, or a change to what kubeadm installs. Applications are rolled out with M(navarch.fleet.application).
  - Manifests are applied server-side. Whether something changes is what the API server says in a dry run.
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
  manifests:
    description:
      - Texts of manifests (YAML), each under a name of its own.
    type: dict
    default: {}
  patches:
    description:
      - Strategic merge patches.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the object.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      namespace:
        description: Its namespace.
        type: str
      patch:
        description: The patch.
        type: dict
        required: true
"""

EXAMPLES = r"""
- name: Take privileges from kube-proxy that it does not use
  navarch.fleet.cluster_objects:
    patches:
      - kind: DaemonSet
        namespace: kube-system
        name: kube-proxy
        patch:
          spec:
            template:
              spec:
                containers:
                  - name: kube-proxy
                    securityContext:
                      privileged: null
                      capabilities: {add: [NET_ADMIN]}
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["patch DaemonSet kube-system/kube-proxy"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import objects
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report

_PATCHES = {
    "kind": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "patch": {"type": "dict", "required": True},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "manifests": {"type": "dict", "default": {}},
            "patches": {"type": "list", "elements": "dict", "options": _PATCHES, "default": []},
        },
        supports_check_mode=True,
    )
    manifests = module.params["manifests"]
    patches = [objects.Patch.from_dict(each) for each in module.params["patches"]]

    def work() -> dict:
        steps = objects.plan(manifests, patches)
        for step in steps if not module.check_mode else ():
            objects.act(step, manifests, patches)
        return report(steps)

    answer(module, work)


if __name__ == "__main__":
    main()
