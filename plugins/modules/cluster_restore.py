#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_restore
short_description: Let a cluster begin anew from a backup
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on the control plane where the cluster is to begin. It puts the CAs, the keys of encryption at rest and the data of etcd in
    place. M(navarch.fleet.kubeadm) with O(navarch.fleet.kubeadm#module:state=initialised) goes on from there; further control planes
    and workers join as usual.
  - A host that holds parts of a cluster is refused. An archive is refused if it is of another cluster, or damaged.
  - Where etcd is on hosts of its own, C(etcd) of O(parts) goes to the one on which it is to begin, and M(navarch.fleet.etcd_member) goes on from
    there.
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
  parts:
    description:
      - What goes to this host. V(keys) are the CAs and the keys of encryption at rest, V(etcd) is the data.
    type: list
    elements: str
    choices: [keys, etcd]
    default: [keys, etcd]
  archive:
    description:
      - Path of the backup on this host, decrypted.
    type: path
    required: true
  cluster:
    description:
      - Name of the cluster.
    type: str
    required: true
  node:
    description:
      - Name of the Node that this host is going to be, and of its member of etcd.
    type: str
    required: true
  address:
    description:
      - Address at which other members of etcd reach this host.
    type: str
    required: true
  deadline:
    description:
      - Seconds for etcd's data.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Put the backup in place
  navarch.fleet.cluster_restore:
    archive: /root/north-20261130T020000Z.tar
    cluster: north
    node: n1
    address: 10.0.0.11
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
about:
  description: What the backup says of itself.
  returned: when something was restored
  type: dict
  sample: {"cluster": "north", "host": "n1", "kubernetes_version": "v1.37.2", "made": "2026-11-30T02:00:00Z"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import backup
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "parts": {
                "type": "list",
                "elements": "str",
                "choices": [part.value for part in backup.Part],
                "default": ["keys", "etcd"],
            },
            "archive": {"type": "path", "required": True},
            "cluster": {"type": "str", "required": True},
            "node": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "deadline": {"type": "float", "default": 600.0},
        },
        supports_check_mode=True,
    )
    params = module.params
    parts = frozenset(map(backup.Part, params["parts"]))
    wanted = backup.Wanted(parts, params["archive"], params["cluster"], params["node"], params["address"])

    def work() -> dict:
        steps = backup.plan(wanted, backup.observe(wanted))
        about = dict(backup.act(wanted, params["deadline"])) if steps and not module.check_mode else {}
        return {**report(steps), "about": about}

    answer_alone(module, work)


if __name__ == "__main__":
    main()
