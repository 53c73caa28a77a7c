#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_ticket
short_description: Ask a host of etcd for what lets another host join it, or reach it
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a host of etcd, by C(delegate_to). For another member it returns the CA of etcd with its key; for an API server a new
    certificate of its own.
  - A ticket is a secret. Use it with C(no_log), keep it in no file.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Returns no ticket; tells whether there could be one.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  purpose:
    description:
      - V(member) is for a host that joins etcd, V(client) for an API server.
    type: str
    choices: [member, client]
    required: true
  kubernetes_version:
    description:
      - Version of kubeadm on this host, which signs.
    type: str
    required: true
  wait:
    description:
      - Seconds to wait for an etcd that is only being made. It is no error when that was not enough, see RV(open).
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Ask etcd for a credential
  navarch.fleet.etcd_ticket:
    purpose: client
    kubernetes_version: v1.37.2
    wait: 120
  delegate_to: e1
  register: asked
  no_log: true
"""

RETURN = r"""
open:
  description: Whether etcd lets hosts in.
  returned: success
  type: bool
reason:
  description: Why not.
  returned: success
  type: str
  sample: it has no etcd yet
holds:
  description: Whether the data of a Kubernetes cluster is in it.
  returned: success
  type: bool
ticket:
  description: >-
    The ticket, for O(navarch.fleet.etcd_member#module:ticket) or O(navarch.fleet.kubeadm#module:etcd). Empty where RV(open) is false, and
    in check mode.
  returned: success
  type: dict
"""

import time
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd_certificates, etcd_local
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError

_PAUSE = 1.0


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "purpose": {"type": "str", "choices": ["member", "client"], "required": True},
            "kubernetes_version": {"type": "str", "required": True},
            "wait": {"type": "float", "default": 0.0},
        },
        supports_check_mode=True,
    )
    params = module.params
    reason = _reason(0.0 if module.check_mode else params["wait"])
    ticket: dict[str, Any] = {}
    if not reason and not module.check_mode:
        try:
            ticket = _ticket(params["purpose"], params["kubernetes_version"])
        except (NodeError, OSError) as problem:
            # No failure: whoever asks does so with no_log, and the reason would be hidden with the secret.
            reason = str(problem)
    module.exit_json(
        changed=bool(ticket), open=not reason, reason=reason, holds=not reason and etcd_local.holds(), ticket=ticket
    )


def _reason(patience: float) -> str:
    """Why etcd lets nobody in; where that is so, look again for a while."""
    end = time.monotonic() + patience
    while True:
        reason = etcd_local.closed()
        if not reason or time.monotonic() >= end:
            return reason
        time.sleep(_PAUSE)


def _ticket(purpose: str, version: str) -> dict[str, Any]:
    if purpose == "client":
        return asdict(etcd_certificates.credential(version))
    authority = etcd_certificates.authority()
    if authority is None:
        raise NodeError("The CA of etcd is not on this host.", "Ask another host of etcd.")
    return asdict(authority)


if __name__ == "__main__":
    main()
