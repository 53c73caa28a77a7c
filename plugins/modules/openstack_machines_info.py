#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openstack_machines_info
short_description: List what belongs to a cluster on OpenStack
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Lists the machines of a cluster, and every other object in the cloud that carries the cluster's mark, with the project's quota.
  - Nothing is changed.
extends_documentation_fragment:
  - navarch.fleet.openstack
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  cluster:
    description:
      - Name of the cluster.
    type: str
    required: true
seealso:
  - module: navarch.fleet.openstack_machines
"""

EXAMPLES = r"""
- name: What does the cluster have in the cloud?
  navarch.fleet.openstack_machines_info:
    cloud: my-cloud
    cluster: north
  register: found
"""

RETURN = r"""
machines:
  description: The machines, as module M(navarch.fleet.openstack_machines) returns them.
  returned: success
  type: list
  elements: dict
objects:
  description: Every object of the cluster. A key that is there twice shows a double.
  returned: success
  type: list
  elements: dict
  sample:
    - {kind: port, key: port/worker/1, name: north-worker-1, id: 7b4c5d0c-8f1e-4e4b-9a68-9e3c1a4a1d7f}
quota:
  description: Limit and use of the project. A limit of -1 is none.
  returned: success
  type: dict
  sample:
    cores: {limit: 20, used: 8}
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.openstack import (
    CLOUD_ARGUMENTS,
    access,
    run_on_cloud,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import connect
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.desired import Desired
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.observe import observe
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.report import machines_to_list


def main() -> None:
    module = AnsibleModule(
        argument_spec={**CLOUD_ARGUMENTS, "cluster": {"type": "str", "required": True}}, supports_check_mode=True
    )
    run_on_cloud(module, lambda: look(module.params))


def look(params: dict[str, Any]) -> dict[str, Any]:
    desired = Desired(params["cluster"])
    seen = observe(connect(access(params)), desired)
    return {
        "changed": False,
        "machines": machines_to_list(desired, seen),
        "objects": [
            {"kind": item.kind.word, "key": item.key, "name": item.name, "id": item.id}
            for item in sorted((*seen.items.values(), *seen.doubles), key=lambda item: (item.key, item.id))
        ],
        "quota": {name: asdict(quota) for name, quota in seen.catalogue.quotas.items()},
    }


if __name__ == "__main__":
    main()
