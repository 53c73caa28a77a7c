#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_component
short_description: Kill, freeze or bring back one process of a lab's cluster
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - What a failure drill needs. It acts on one process of one cluster that M(navarch.fleet.lab) started, by its process id.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: linux
    support: full
options:
  directory:
    description:
      - Folder of the lab.
    type: path
    required: true
  cluster:
    description:
      - Name of the cluster.
    type: str
    required: true
  component:
    description:
      - Which of its processes.
    type: str
    choices: [etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok-controller]
    default: kube-apiserver
  state:
    description:
      - V(killed), the process is ended at once (SIGKILL), as by a power cut.
      - V(frozen), it is stopped (SIGSTOP). The kernel accepts connections, and nobody ever answers.
      - V(running), it runs again. What else of this cluster is down is started, too, and the API server is waited for.
    type: str
    choices: [killed, frozen, running]
    required: true
  timeout:
    description:
      - Seconds to wait for O(state=running).
    type: float
    default: 120.0
seealso:
  - module: navarch.fleet.lab
"""

EXAMPLES = r"""
- name: Kill the API server of one member
  navarch.fleet.lab_component:
    directory: /var/tmp/lab
    cluster: idc-north
    state: killed

- name: Start it again
  navarch.fleet.lab_component:
    directory: /var/tmp/lab
    cluster: idc-north
    state: running
"""

RETURN = r"""
pid:
  description: The process before this call; null where there was none.
  returned: success
  type: int
  sample: 4711
state:
  description: What the process is after this call, or would be in check mode.
  returned: success
  type: str
  sample: killed
"""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.kwok import COMPONENTS
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab import component_state, disturb
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_plan import Lab


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "cluster": {"type": "str", "required": True},
            "component": {"type": "str", "choices": list(COMPONENTS), "default": "kube-apiserver"},
            "state": {"type": "str", "choices": ["killed", "frozen", "running"], "required": True},
            "timeout": {"type": "float", "default": 120.0},
        },
        supports_check_mode=True,
    )
    cluster, component, wanted = (module.params[name] for name in ("cluster", "component", "state"))
    lab = Lab(Path(os.path.realpath(module.params["directory"])), (), {}, "", module.params["timeout"])
    try:
        before, pid = component_state(lab, cluster, component)
        if before != wanted and not module.check_mode:
            disturb(lab, cluster, component, wanted)
    except (InfrastructureError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=before != wanted,
        pid=pid,
        state=wanted,
        diff={"before": {component: before}, "after": {component: wanted}},
    )


if __name__ == "__main__":
    main()
