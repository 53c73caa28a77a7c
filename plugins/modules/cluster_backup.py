#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_backup
short_description: Make a backup of a cluster now
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane, and starts the same unit that the timer of role C(backup) starts.
  - The archive holds a snapshot of etcd, the cluster's CAs with their keys, and the keys of encryption at rest. It lies in a folder
    that only root may read; encrypted where the role was given a certificate.
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
  cluster:
    description:
      - Name of the cluster.
    type: str
    required: true
  folder:
    description:
      - Where backups lie.
    type: path
    required: true
  deadline:
    description:
      - Seconds it may take.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Make a backup
  navarch.fleet.cluster_backup:
    cluster: north
    folder: /var/backups/navarch
"""

RETURN = r"""
path:
  description: The archive. Empty in check mode.
  returned: success
  type: str
  sample: /var/backups/navarch/north-20261130T020000Z.tar
size:
  description: Its size in bytes.
  returned: success, not in check mode
  type: int
sha256:
  description: Its checksum.
  returned: success, not in check mode
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import binaries
from ansible_collections.navarch.fleet.plugins.module_utils._node.commands import attempt
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.units import last_words

_UNIT = "navarch-backup.service"


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "deadline": {"type": "float", "default": 600.0},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True, path="")
    try:
        path = _make(module.params["cluster"], module.params["folder"], module.params["deadline"])
        module.exit_json(changed=True, path=path, size=os.path.getsize(path), sha256=binaries.sha256(path))
    except (NodeError, OSError) as problem:
        module.fail_json(msg=str(problem))


def _make(cluster: str, folder: str, deadline: float) -> str:
    before = _latest(folder)
    completed = attempt(["systemctl", "start", _UNIT], deadline=deadline)
    after = _latest(folder)
    if completed.code != 0 or after in ("", before) or not os.path.basename(after).startswith(f"{cluster}-"):
        raise NodeError(
            f"No backup of {cluster} was made: {last_words(_UNIT)}", f"See `journalctl --unit {_UNIT}` on the host."
        )
    return after


def _latest(folder: str) -> str:
    link = os.path.join(folder, "latest")
    return os.path.realpath(link) if os.path.islink(link) else ""


if __name__ == "__main__":
    main()
