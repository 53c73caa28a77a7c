#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Renew the certificates of a control plane or a host of etcd before they end
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on the host. Lets kubeadm renew what ends soon, the kubeconfigs of kubeadm among it, and starts the components again
    that read what was renewed. One that an interrupted run left with the old certificate is started again, too.
  - CAs are never touched; one that ends soon is a warning. The kubelet renews its own certificates.
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
  threshold_days:
    description:
      - Certificates with fewer days left are renewed.
    type: int
    default: 60
  member:
    description:
      - The member of etcd on a host of its own, whose certificates these are. Without it they are those of a control plane.
    type: dict
    suboptions:
      name:
        description: Name of the member.
        type: str
        required: true
      address:
        description: Address at which the other hosts reach it.
        type: str
        required: true
      kubernetes_version:
        description: Version of kubeadm on this host.
        type: str
        required: true
  etcd_signs:
    description:
      - Whether etcd is on hosts of its own that can be asked for O(etcd). Without it, C(apiserver-etcd-client) of such an etcd is told when it
        ends soon, and not renewed.
    type: bool
    default: false
  etcd:
    description:
      - RV(navarch.fleet.etcd_ticket#module:ticket) for a client, for a control plane that reaches an etcd on hosts of its own. Taken where
        C(apiserver-etcd-client) is renewed.
    type: dict
  deadline:
    description:
      - Seconds for each component to come back.
    type: float
    default: 180
"""

EXAMPLES = r"""
- name: Renew what ends within three months
  navarch.fleet.certificates:
    threshold_days: 90
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["renew apiserver (29 days are left)", "restart kube-apiserver (apiserver renewed)"]
days_left:
  description: Days that are left, by kubeadm's name of the certificate. Empty on a host that is neither.
  returned: success
  type: dict
  sample: {"apiserver": 364, "ca": 3649}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import certificates, etcd_certificates
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report

_MEMBER = {name: {"type": "str", "required": True} for name in ("name", "address", "kubernetes_version")}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "threshold_days": {"type": "int", "default": 60},
            "member": {"type": "dict", "options": _MEMBER},
            "etcd_signs": {"type": "bool", "default": False},
            "etcd": {"type": "dict", "no_log": True},
            "deadline": {"type": "float", "default": 180.0},
        },
        supports_check_mode=True,
    )
    answer_alone(module, lambda: _run(module))


def _run(module: AnsibleModule) -> dict:
    threshold, deadline = module.params["threshold_days"], module.params["deadline"]
    place = _place(module.params)
    found = certificates.observe(place)
    steps = certificates.plan(found, threshold)
    for text in certificates.warnings(found, threshold):
        module.warn(text)
    if steps and not module.check_mode:
        for step in steps:
            certificates.act(step, place, deadline)
        certificates.verify(place, deadline)
        found = certificates.observe(place)
    return {
        **report(steps),
        "days_left": {each.name: each.days(found.now) for each in found.certificates},
    }


def _place(params: dict[str, Any]) -> certificates.Place:
    return certificates.Place(
        etcd_certificates.Subject(**params["member"]) if params["member"] else None,
        etcd_certificates.Credential(**params["etcd"]) if params["etcd"] else None,
        params["etcd_signs"],
    )


if __name__ == "__main__":
    main()
