# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.batches import batches
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError

_ARGUMENTS = {
    "when": {"type": "str", "required": True},
    "workers": {"type": "str", "default": "25%"},
}
# A pattern that no host matches, and of which Ansible does not complain.
_NOBODY = "!all"


class ActionModule(ActionBase):
    """Put the hosts of this play that have something to do in batches: control planes and hosts of etcd singly, workers by share."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        variables = task_vars or {}
        play = variables["ansible_play_hosts"]
        busy = [host for host in play if variables["hostvars"][host].get(arguments["when"])]
        try:
            found = {
                kind: _batches(variables, kind, busy, share)
                for kind, share in (("etcd", "1"), ("control_plane", "1"), ("worker", arguments["workers"]))
            }
        except InfrastructureError as problem:
            raise AnsibleActionFail(str(problem)) from None
        # What plays want: a list of hosts in order, and sizes of batches.
        plays = {
            kind: {
                "hosts": ",".join(host for batch in parts for host in batch) or _NOBODY,
                "sizes": [len(batch) for batch in parts] or [1],
            }
            for kind, parts in found.items()
        }
        return {**result, "changed": False, "batches": found, **plays}


def _batches(variables: Mapping[str, Any], kind: str, busy: Iterable[str], share: str) -> list[list[str]]:
    group = variables["groups"].get(kind, ())
    cluster = {host: str(variables["hostvars"][host].get("cluster_name")) for host in group}
    todo: dict[str, list[str]] = {}
    for host in busy:
        if host in cluster:
            todo.setdefault(cluster[host], []).append(host)
    totals = {name: sum(1 for each in cluster.values() if each == name) for name in todo}
    return batches(todo, totals, share)
