#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_reset
short_description: Undo on a host what this collection did there
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Module M(navarch.fleet.host) writes down what it changes for the first time, with what was there before. This module undoes it, and
    removes what Kubernetes, its network and its runtime left. Units, files, programs, parameters of the kernel, interfaces, tables of
    nftables, chains of iptables, images and mounts.
  - The host has to have left its cluster (M(navarch.fleet.kubeadm) with O(navarch.fleet.kubeadm#module:state=absent)). One that has not
    is refused.
  - Backups stay. What could not be undone is named.
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
  packages:
    description:
      - Whether packages that were installed for us are purged.
    type: bool
    default: false
  deadline:
    description:
      - Seconds for packages.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Leave the host as it was
  navarch.fleet.host_reset:
    packages: true
"""

RETURN = r"""
steps:
  description: What was undone, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["stop kubelet.service", "delete interface cni0", "remove /etc/kubernetes"]
left:
  description: What of us is still there.
  returned: success
  type: list
  elements: str
  sample: ["package runc", "folder /var/backups/navarch (backups)"]
known:
  description: Whether the host had been written down. If not, only what Kubernetes leaves was removed.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import kubeadm, undo
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "bool", "default": False},
            "deadline": {"type": "float", "default": 600.0},
        },
        supports_check_mode=True,
    )
    answer_alone(module, lambda: _run(module))


def _run(module: AnsibleModule) -> dict:
    found = undo.observe()
    steps = undo.plan(found, with_packages=module.params["packages"])
    if not module.check_mode:
        remains = kubeadm.observe("").remains
        if remains:
            raise NodeError(f"This host is in a cluster still: {', '.join(remains)}.", "Let it leave first.")
        undo.act(steps, found, module.params["deadline"])
    return {
        **report(steps),
        "left": undo.left(found),
        "known": found.known,
    }


if __name__ == "__main__":
    main()
