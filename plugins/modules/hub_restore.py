#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hub_restore
short_description: Restore a hub from a file
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Makes an API server the hub that a backup was taken of. It installs the registry under the hub's old id, and creates
    what is missing.
  - What the hub holds already stays as it is, so running it again changes nothing. A hub of another id is refused.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  path:
    description:
      - A file that M(navarch.fleet.hub_backup) wrote.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Restore the hub onto an empty API server
  navarch.fleet.hub_restore:
    hub_kubeconfig: ~/.kube/new-hub.yaml
    path: /var/backups/hub.json
"""

RETURN = r"""
hub_id:
  description: The id of the hub.
  returned: success
  type: str
  sample: 0b5c9f0e-6a0f-4d6a-9a86-1a5a9f4c2d11
taken_at:
  description: When the backup was taken. What was done since then is not in it.
  returned: success
  type: str
  sample: "2026-11-23T20:00:00Z"
restored:
  description: What was missing and is created, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - Cluster idc-north
clusters:
  description: Always empty; here so that all modules of the collection return it.
  returned: always
  type: dict
  sample: {}
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import hub_credential, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._registry.backup import (
    Restoration,
    moved,
    plan_restoration,
    read_backup,
    restore,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub, open_session
from ansible_collections.navarch.fleet.plugins.module_utils._registry.installation import (
    install,
    plan_installation,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import hold
from ansible_collections.navarch.fleet.plugins.module_utils._registry.members import list_members
from ansible_collections.navarch.fleet.plugins.module_utils._registry.names import REGISTRY_LEASE
from ansible_collections.navarch.fleet.plugins.module_utils._registry.profile import publish

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule({"path": {"type": "path", "required": True}})
    run(module, lambda: bring_back(module))


def bring_back(module: FleetModule) -> dict[str, Any]:
    """Install, then create what is missing."""
    namespace = module.params["hub_namespace"]
    backup = moved(read_backup(module.params["path"]), namespace)
    session = open_session(hub_credential(module.params))
    installation = plan_installation(session, namespace, hub_id=backup.hub_id)
    if any(step.action.value == "create" for step in installation.steps) and module.check_mode:
        # Kinds that are not defined yet can't be looked up: everything is missing.
        everything = Restoration(backup, backup.objects)
        return result(everything, bool(installation.steps))
    if not module.check_mode:
        install(session, installation)
    planned = plan_restoration(session, installation.hub_id, backup)
    if planned.missing and not module.check_mode:
        who = play_identity(None)
        with hold(
            session, REGISTRY_LEASE, namespace=namespace, holder=who.holder, who=who.who, where=who.where
        ) as lock:
            restore(session, planned, lock)
        publish_all(Hub(session, namespace, installation.hub_id))
    return result(planned, bool(installation.steps))


def publish_all(hub: Hub) -> None:
    """The profiles are made from what came back; others may own the fleet's, so they are not in the file."""
    for member in list_members(hub).values():
        publish(hub, member)


def result(planned: Restoration, installed: bool) -> dict[str, Any]:
    """What the module returns; never the objects themselves."""
    return {
        "changed": installed or bool(planned.missing),
        "hub_id": planned.backup.hub_id,
        "taken_at": planned.backup.taken_at,
        "restored": planned.subjects,
        "clusters": {},
    }


if __name__ == "__main__":
    main()
