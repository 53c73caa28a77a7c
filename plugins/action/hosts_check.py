# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.beginnings import (
    Decision,
    Versions,
    decide,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts_together import together, unreached

_ARGUMENTS = {
    "clusters": {"type": "dict", "required": True},
    "result": {"type": "str", "default": "host_check"},
    "versions": {"type": "str", "choices": ["same", "any"], "default": "same"},
    "etcd_versions": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Put what all hosts said on one list, and decide where clusters begin."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        variables = task_vars or {}
        seen = _seen(variables, arguments["result"])
        wrong = [f"{host}: {text}" for host, said in seen.items() for text in said.get("findings") or []]
        wrong += unreached(seen, _silent(variables, seen))
        between = together(seen)
        wrong += between.findings
        told = [*between.warnings, *_told(seen)]
        for text in told:
            self._display.warning(text)
        decisions: dict[str, Decision] = {}
        outside = set(variables["groups"]["all"]) - set(variables["ansible_play_hosts_all"])
        for name, cluster in arguments["clusters"].items():
            members = {host: said["membership"] for host, said in seen.items() if said["cluster"] == name}
            if not members:
                continue
            decisions[name] = decide(cluster, members, outside, _wanted(cluster, arguments))
            wrong += [f"{name}: {text}" for text in decisions[name].findings]
        if wrong:
            listed = "\n".join(f"  - {text}" for text in wrong)
            raise AnsibleActionFail(
                f"The hosts have {len(wrong)} findings, and nothing was changed:\n{listed}", result={"findings": wrong}
            )
        clusters = {name: decision.as_dict() for name, decision in decisions.items()}
        return {**result, "changed": False, "findings": [], "told": told, "clusters": clusters}


def _wanted(cluster: Mapping[str, Any], arguments: Mapping[str, Any]) -> Versions | None:
    if arguments["versions"] == "any":
        return None
    version = cluster["kubernetes_version"]
    return Versions(version, str(arguments["etcd_versions"].get(version, "")))


def _seen(variables: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """What each host of the play said, of those that answered."""
    seen = {}
    for host in variables["ansible_play_hosts"]:
        given = variables["hostvars"][host]
        said = given.get(name) or {}
        if said.get("membership"):
            seen[host] = {"cluster": given.get("cluster_name"), **said}
    return seen


def _silent(variables: Mapping[str, Any], seen: Mapping[str, Any]) -> set[str]:
    """Addresses of the hosts of the play that did not answer."""
    missing = [variables["hostvars"][host] for host in variables["ansible_play_hosts_all"] if host not in seen]
    return {
        str(given.get("cluster_node_address") or given.get("ansible_host") or given["inventory_hostname"])
        for given in missing
    }


def _told(seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is worth a look, each sentence once for all hosts that it is true of."""
    by_text: dict[str, list[str]] = {}
    for host, said in seen.items():
        for text in said.get("told") or []:
            by_text.setdefault(text, []).append(host)
    return [
        f"{hosts[0]}{f' and {len(hosts) - 1} others' if len(hosts) > 1 else ''}: {text}"
        for text, hosts in by_text.items()
    ]
