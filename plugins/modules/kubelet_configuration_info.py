#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubelet_configuration_info
short_description: Ask a kubelet what it runs with
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, and asks the kubelet through the API server (C(configz)). So it tells what is in force, whatever lies in files.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  node:
    description:
      - Name of the Node.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See how many pods a worker takes
  navarch.fleet.kubelet_configuration_info:
    node: n2
  delegate_to: n1
  register: asked
"""

RETURN = r"""
configuration:
  description: Fields of C(KubeletConfiguration). Empty if the kubelet could not be asked.
  returned: success
  type: dict
  sample: {"maxPods": 110, "readOnlyPort": 0}
reason:
  description: Why it could not be asked.
  returned: success
  type: str
"""

import json
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubectl import try_kubectl


def main() -> None:
    module = AnsibleModule(argument_spec={"node": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        said = try_kubectl(["get", "--raw", f"/api/v1/nodes/{quote(module.params['node'])}/proxy/configz"])
    except (NodeError, OSError) as problem:
        module.fail_json(msg=str(problem))
    if said.code != 0:
        module.exit_json(changed=False, configuration={}, reason=said.errors.strip())
    module.exit_json(changed=False, configuration=json.loads(said.output)["kubeletconfig"], reason="")


if __name__ == "__main__":
    main()
