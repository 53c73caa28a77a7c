# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts import (
    GROUPS,
    Host,
    clusters_of,
    findings,
)

# Beside the plugins in the collection: the one place where the variables of a cluster have their defaults.
_DEFAULTS = Path(__file__).resolve().parents[2] / "roles" / "cluster" / "defaults" / "main.yml"


class ActionModule(ActionBase):
    """Read the whole inventory, contact nobody, say everything that is wrong with it at once."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self.validate_argument_spec({})
        variables = task_vars or {}
        hosts = _hosts(variables, self._loader.load_from_file(str(_DEFAULTS)))
        wrong = findings(hosts)
        if wrong:
            listed = "\n".join(f"  - {text}" for text in wrong)
            raise AnsibleActionFail(
                f"The inventory has {len(wrong)} findings, and nothing was contacted:\n{listed}",
                result={"findings": wrong},
            )
        clusters = clusters_of(hosts)
        versions = {str(cluster.setting("cluster_kubernetes_version")) for cluster in clusters.values()}
        result.update(
            changed=False,
            findings=[],
            clusters={name: cluster.to_dict() for name, cluster in clusters.items()},
            versions=sorted(versions),
        )
        return result


def _hosts(variables: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Host]:
    groups = {name: frozenset(variables["groups"].get(name, ())) for name in GROUPS}
    names = list(dict.fromkeys(host for name in GROUPS for host in variables["groups"].get(name, ())))
    return [
        _host(
            name, frozenset(group for group in GROUPS if name in groups[group]), variables["hostvars"][name], defaults
        )
        for name in names
    ]


def _host(name: str, groups: frozenset[str], given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Host:
    settings = {key: given.get(key, default) for key, default in defaults.items()}
    address = settings["cluster_node_address"] or given.get("ansible_host") or name
    return Host(name, groups, str(address), settings)
