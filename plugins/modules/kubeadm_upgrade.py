#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubeadm_upgrade
short_description: Take a host's part of a cluster to another version, or back
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on the host. It drives C(kubeadm upgrade apply) on the control plane that comes first, and C(kubeadm upgrade node) on all others;
    which of them is due is read from the cluster's own configuration.
  - Before the first control plane goes, the inventory's C(ClusterConfiguration) is written into the cluster, because kubeadm takes it
    from there.
  - Programs, static manifests and the kubelet's configuration are put aside first, on the host. O(state=restored) puts them back. What
    kubeadm brought to its end stays, since an older kubelet works with a newer API server.
  - What an interrupted run left is recognised, and the way goes on from there.
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
      - V(prepared) puts aside what runs now, V(upgraded) runs kubeadm, V(settled) forgets what was put aside, V(restored) puts it back.
    type: str
    choices: [prepared, upgraded, settled, restored]
    required: true
  version:
    description:
      - Version of Kubernetes, with the leading C(v).
    type: str
    required: true
  paths:
    description:
      - Programs and files that are going to be replaced. The kubelet's configuration and the static manifests are put aside in any
        case.
    type: list
    elements: path
    default: []
  documents:
    description:
      - kubeadm's configuration (C(v1beta4)) by kind, without C(apiVersion) and C(kind). C(InitConfiguration), C(ClusterConfiguration) and
        C(UpgradeConfiguration).
    type: dict
    default: {}
  deadline:
    description:
      - Seconds for kubeadm, and then for the API server.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Keep a way back
  navarch.fleet.kubeadm_upgrade:
    state: prepared
    version: v1.37.2
    paths: [/usr/local/bin/kubeadm, /usr/local/bin/kubelet]

- name: Take the host to the new version
  navarch.fleet.kubeadm_upgrade:
    state: upgraded
    version: v1.37.2
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["run kubeadm upgrade apply"]
seconds:
  description: How long it took.
  returned: success
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import upgrade
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": [state.value for state in upgrade.State], "required": True},
            "version": {"type": "str", "required": True},
            "paths": {"type": "list", "elements": "path", "default": []},
            "documents": {"type": "dict", "default": {}},
            "deadline": {"type": "float", "default": 600.0},
        },
        supports_check_mode=True,
    )
    params = module.params
    wanted = upgrade.Wanted(
        upgrade.State(params["state"]),
        params["version"],
        tuple(params["paths"]),
        params["documents"],
        params["deadline"],
    )
    began = time.monotonic()

    def work() -> dict:
        steps = _run(wanted, check=module.check_mode)
        return {**report(steps), "seconds": round(time.monotonic() - began, 1)}

    answer_alone(module, work)


def _run(wanted: upgrade.Wanted, *, check: bool) -> list:
    found = upgrade.observe()
    steps = upgrade.plan(wanted, found)
    if check:
        return steps
    for step in steps:
        upgrade.act(step, wanted, found)
    if steps:
        upgrade.verify(wanted, found)
    return steps


if __name__ == "__main__":
    main()
