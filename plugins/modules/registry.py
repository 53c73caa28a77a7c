#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry
short_description: Install the registry in a hub
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Makes an API server the hub of a fleet, brings its registry up to date, or removes it.
  - The registry is the custom resources C(Cluster) and C(Application), those of SIG-Multicluster where nobody else
    installed them, roles for people, and the id of the hub.
  - Removal is refused while members are joined or applications recorded. It leaves what others installed or hold there.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.hub
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
      - Whether the hub holds a registry.
    type: str
    choices: [present, absent]
    default: present
  hub_id:
    description:
      - The id of a hub that is rebuilt, so that its members know it again. A hub that has an id keeps it.
      - By default a new hub gets a new one.
    type: str
"""

EXAMPLES = r"""
- name: Make this API server the hub
  navarch.fleet.registry:
    hub_kubeconfig: ~/.kube/hub.yaml
"""

RETURN = r"""
hub_id:
  description: The id of the hub, which each member carries.
  returned: success
  type: str
  sample: 0b5c9f0e-6a0f-4d6a-9a86-1a5a9f4c2d11
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - action: create
      object: Namespace navarch-system
kept:
  description: What removal left alone, and why.
  returned: success
  type: list
  elements: str
  sample: []
clusters:
  description: Always empty; here so that all modules of the collection return it.
  returned: always
  type: dict
  sample: {}
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import hub_credential
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import open_session
from ansible_collections.navarch.fleet.plugins.module_utils._registry.installation import (
    install,
    plan_installation,
    plan_uninstallation,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.objects import carry_out, difference

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "hub_id": {"type": "str"},
        }
    )
    run(module, lambda: keep(module))


def keep(module: FleetModule) -> dict[str, Any]:
    """Bring the registry to its state."""
    params = module.params
    session = open_session(hub_credential(params))
    if params["state"] == "present":
        installation = plan_installation(session, params["hub_namespace"], hub_id=params["hub_id"])
        if not module.check_mode:
            install(session, installation)
    else:
        installation = plan_uninstallation(session, params["hub_namespace"])
        if not module.check_mode:
            carry_out(session, installation.steps)
    return {
        "changed": installation.changed,
        "hub_id": installation.hub_id,
        "steps": [step.to_dict() for step in installation.steps],
        "kept": list(installation.kept),
        "diff": difference(installation.steps),
        "clusters": {},
    }


if __name__ == "__main__":
    main()
