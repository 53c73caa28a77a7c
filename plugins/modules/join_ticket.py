#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: join_ticket
short_description: Ask a control plane for what lets a host join its cluster
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, by C(delegate_to). Makes a token that lives for minutes, and tells the hash of the cluster's CA. For a new
    control plane it also uploads the certificates, encrypted under a key that it returns.
  - What the cluster still has of an earlier host of the same name or address is removed first, see O(newcomer).
  - A ticket is a secret. Use it with C(no_log), keep it in no file.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Makes no token; tells whether the cluster could give one.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  role:
    description:
      - What the host is going to be.
    type: str
    choices: [control_plane, worker]
    default: worker
  newcomer:
    description:
      - The host that is going to join. Its Node, the static pods of its control plane and its member of etcd are removed, because they
        belong to a host that was lost or to a join that was broken off. While a Node of this name is Ready at another address, the
        cluster lets nobody in.
      - Not for a host that is part of the cluster.
    type: dict
    suboptions:
      node:
        description: Name of its Node.
        type: str
        required: true
      address:
        description: Address at which the other hosts reach it.
        type: str
        required: true
  wait:
    description:
      - Seconds to wait for a cluster that is only being made. It is no error when that was not enough, see RV(open).
    type: float
    default: 0
  failures:
    description:
      - How many changes of this control plane had failed when the play began, RV(navarch.fleet.host#module:failures). When there is one
        more, it failed at making the cluster, and the wait of O(wait) ends.
    type: int
  minutes:
    description:
      - How long the token lives.
    type: int
    default: 15
"""

EXAMPLES = r"""
- name: Ask the control plane for a ticket
  navarch.fleet.join_ticket:
    wait: 120
  delegate_to: n1
  register: asked
  no_log: true
"""

RETURN = r"""
open:
  description: Whether the cluster lets hosts in.
  returned: success
  type: bool
reason:
  description: Why not.
  returned: success
  type: str
  sample: it is no control plane yet
steps:
  description: What was removed of an earlier host, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["remove etcd member 8e9e05c52164694d (of an earlier n1)", "delete node n1 (its host joins anew)"]
ticket:
  description: The ticket, for O(navarch.fleet.kubeadm#module:ticket). Empty where RV(open) is false, and in check mode.
  returned: success
  type: dict
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import kubeadm, predecessor, ticket

_NEWCOMER = {"node": {"type": "str", "required": True}, "address": {"type": "str", "required": True}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "choices": [role.value for role in kubeadm.Role], "default": "worker"},
            "newcomer": {"type": "dict", "options": _NEWCOMER},
            "wait": {"type": "float", "default": 0.0},
            "failures": {"type": "int"},
            "minutes": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    newcomer = predecessor.Newcomer(**module.params["newcomer"]) if module.params["newcomer"] else None
    request = ticket.Request(kubeadm.Role(module.params["role"]), module.params["minutes"], newcomer)
    given = (request, module.params["wait"], module.params["failures"])
    reply = ticket.look(request) if module.check_mode else ticket.give(*given)
    module.exit_json(
        changed=bool(reply.ticket or reply.steps),
        open=reply.open,
        reason=reply.reason,
        steps=[str(step) for step in reply.steps],
        ticket=asdict(reply.ticket) if reply.ticket else {},
    )


if __name__ == "__main__":
    main()
