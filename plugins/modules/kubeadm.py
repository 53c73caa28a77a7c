#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubeadm
short_description: Begin a cluster on a host, let the host join one, or take it out
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Writes kubeadm's configuration, runs it, and waits until the Node is Ready.
  - What an interrupted run left is recognised. A begun O(state=initialised) goes on where it was; a begun join is taken back, an etcd
    member with it, and made again.
  - A host that belongs to another cluster, or that holds parts of one that this collection did not put there, is refused.
  - The configuration lies in memory (C(/run)) while kubeadm runs, and nowhere afterwards.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.permissions
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
      - V(initialised) begins a cluster here, V(joined) lets the host join one, V(absent) takes it out of whatever cluster it is in.
    type: str
    choices: [initialised, joined, absent]
    required: true
  role:
    description:
      - What the host is in its cluster.
    type: str
    choices: [control_plane, worker]
    default: worker
  node:
    description:
      - Name of its Node.
    type: str
    required: true
  documents:
    description:
      - kubeadm's configuration (C(v1beta4)) by kind, without C(apiVersion) and C(kind).
      - C(InitConfiguration), C(ClusterConfiguration), C(KubeletConfiguration) and C(KubeProxyConfiguration) for O(state=initialised),
        C(JoinConfiguration) for O(state=joined).
    type: dict
    default: {}
  ticket:
    description:
      - What RV(navarch.fleet.join_ticket#module:ticket) gave, for O(state=joined).
    type: dict
  etcd:
    description:
      - RV(navarch.fleet.etcd_ticket#module:ticket) for a client, with O(state=initialised), where C(ClusterConfiguration) names an etcd on hosts
        of its own. Control planes that join get it from the cluster.
    type: dict
  encryption:
    description:
      - How a cluster that begins here encrypts what lies in etcd. The key is made on the host and leaves it in tickets alone. kubeadm has to
        be told of the file, C(/etc/kubernetes/navarch/encryption.json), by C(encryption-provider-config).
    type: dict
    suboptions:
      provider:
        description: How.
        type: str
        choices: [secretbox, aesgcm]
        default: secretbox
      resources:
        description: What.
        type: list
        elements: str
        default: [secrets]
  until:
    description:
      - What the Node is waited for. V(registered) where the network of pods comes only afterwards, since no Node is Ready without.
    type: str
    choices: [registered, ready]
    default: ready
  deadline:
    description:
      - Seconds for kubeadm, and then for the Node to be Ready.
    type: float
    default: 300
"""

EXAMPLES = r"""
- name: Begin a cluster
  navarch.fleet.kubeadm:
    state: initialised
    role: control_plane
    node: n1
    documents:
      InitConfiguration:
        localAPIEndpoint: {advertiseAddress: 10.0.0.11}
      ClusterConfiguration:
        kubernetesVersion: v1.37.2

- name: Ask its control plane for a ticket
  navarch.fleet.join_ticket:
  delegate_to: n1
  register: asked
  no_log: true

- name: Join it
  navarch.fleet.kubeadm:
    state: joined
    node: n2
    documents:
      JoinConfiguration:
        discovery: {bootstrapToken: {apiServerEndpoint: "10.0.0.11:6443"}}
    ticket: "{{ asked.ticket }}"
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["run join (it is no Node yet)"]
seconds:
  description: How long each step took, and how long it took until the Node was Ready.
  returned: success, not in check mode
  type: dict
  sample: {"join": 2.4, "ready": 1.5}
membership:
  description: How the host stands with its cluster, as in RV(navarch.fleet.host#module:membership).
  returned: success
  type: dict
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd_certificates, kubeadm, permissions
from ansible_collections.navarch.fleet.plugins.module_utils._node.arguments import PERMISSIONS
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report

_ENCRYPTION = {
    "provider": {"type": "str", "choices": ["secretbox", "aesgcm"], "default": "secretbox"},
    "resources": {"type": "list", "elements": "str", "default": ["secrets"]},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": [state.value for state in kubeadm.State], "required": True},
            "role": {"type": "str", "choices": [role.value for role in kubeadm.Role], "default": "worker"},
            "node": {"type": "str", "required": True},
            "documents": {"type": "dict", "default": {}},
            "ticket": {"type": "dict", "no_log": True},
            "etcd": {"type": "dict", "no_log": True},
            "encryption": {"type": "dict", "options": _ENCRYPTION, "no_log": False},
            "permissions": {"type": "list", "elements": "dict", "options": PERMISSIONS, "default": []},
            "until": {"type": "str", "choices": [until.value for until in kubeadm.Until], "default": "ready"},
            "deadline": {"type": "float", "default": 300.0},
        },
        supports_check_mode=True,
    )
    etcd = etcd_certificates.Credential(**module.params["etcd"]) if module.params["etcd"] else None
    answer_alone(module, lambda: _run(_wanted(module.params), etcd, check=module.check_mode))


def _wanted(params: dict[str, Any]) -> kubeadm.Wanted:
    encryption = params["encryption"]
    return kubeadm.Wanted(
        state=kubeadm.State(params["state"]),
        role=kubeadm.Role(params["role"]),
        name=params["node"],
        documents=etcd_certificates.looked_at(params["documents"]) if params["etcd"] else params["documents"],
        ticket=kubeadm.Ticket(**params["ticket"]) if params["ticket"] else None,
        deadline=params["deadline"],
        until=kubeadm.Until(params["until"]),
        encryption=kubeadm.Encryption(encryption["provider"], tuple(encryption["resources"])) if encryption else None,
        permissions=tuple(permissions.Permission.from_dict(each) for each in params["permissions"]),
    )


def _run(wanted: kubeadm.Wanted, etcd: etcd_certificates.Credential | None, *, check: bool) -> dict[str, Any]:
    found = kubeadm.observe(wanted.name)
    steps = kubeadm.plan(wanted, found)
    if check:
        return {**report(steps), "membership": found.to_dict()}
    seconds = {}
    for step in steps:
        began = time.monotonic()
        if etcd is not None and step.subject == "init":
            etcd_certificates.give(etcd)
        kubeadm.act(step, wanted)
        seconds[step.subject if step.action == "run" else step.action] = round(time.monotonic() - began, 1)
    if wanted.state is not kubeadm.State.ABSENT:
        began = time.monotonic()
        kubeadm.verify(wanted)
        seconds["ready"] = round(time.monotonic() - began, 1)
    return {**report(steps), "seconds": seconds, "membership": kubeadm.observe(wanted.name).to_dict()}


if __name__ == "__main__":
    main()
