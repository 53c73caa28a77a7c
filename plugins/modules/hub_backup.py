#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hub_backup
short_description: Back the hub up to a file
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Writes all that the hub knows to one file. The members with their credentials, applications, revisions, locks' epochs.
  - The file holds credentials of all members. It is made readable for its owner only; keep it as you keep passwords.
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
      - The file to write. It is replaced as a whole when the hub changed.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Back the hub up
  navarch.fleet.hub_backup:
    path: /var/backups/hub.json
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /var/backups/hub.json
counts:
  description: How many objects of each kind it holds.
  returned: success
  type: dict
  sample:
    Cluster: 3
    Secret: 3
clusters:
  description: Always empty; here so that all modules of the collection return it.
  returned: always
  type: dict
  sample: {}
"""

import os
from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.backup import (
    Backup,
    read_backup,
    take_backup,
    write_backup,
)

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule({"path": {"type": "path", "required": True}})
    run(module, lambda: back_up(module))


def back_up(module: FleetModule) -> dict[str, Any]:
    """Read the hub, and write the file when it would differ."""
    path = module.params["path"]
    backup = take_backup(open_hub(module.params))
    changed = differs(path, backup)
    if changed and not module.check_mode:
        try:
            write_backup(backup, path)
        except OSError as error:
            raise InputError(f"{path} can't be written: {error.strerror}", next_step="Name another path") from error
    return {"changed": changed, "path": path, "counts": backup.counts, "clusters": {}}


def differs(path: str, backup: Backup) -> bool:
    """Whether the file is missing, no backup, of another hub, too open, or older than the hub."""
    try:
        known = read_backup(path)
        open_to_others = os.stat(path).st_mode & 0o077
    except (InputError, OSError):
        return True
    return bool(open_to_others) or (known.hub_id, known.objects) != (backup.hub_id, backup.objects)


if __name__ == "__main__":
    main()
