# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import inventory_findings, variables
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts import (
    GROUPS,
    Host,
    clusters_of,
    findings,
    newcomers,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.reach import targets
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.documents import undone
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.measures import BY_NAME
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.settings import Settings
from ansible_collections.navarch.fleet.plugins.plugin_utils import role_variables

# Beside the plugins in the collection: the one place where the variables of a cluster have their defaults.
_DEFAULTS = Path(__file__).resolve().parents[2] / "roles" / "cluster" / "defaults" / "main.yml"
_ARGUMENTS = {
    "leaving": {"type": "list", "elements": "str", "default": []},
    "nodes": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Read the whole inventory, contact nobody, say everything that is wrong with it at once."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        known = task_vars or {}
        # Each look at a host's variables puts them together anew.
        given = {name: known["hostvars"][name] for name in known["groups"]["all"]}
        everyone = _hosts(known["groups"], given, self._loader.load_from_file(str(_DEFAULTS)))
        hosts = [host for host in everyone if host.name not in arguments["leaving"]]
        gone = [host for host in everyone if host.name in arguments["leaving"]]
        said = inventory_findings.look(hosts, BY_NAME)
        own = _own_variables(hosts, given)
        wrong = list(dict.fromkeys([*findings(hosts), *said.findings, *own.findings]))
        told = [*said.warnings, *own.warnings, *_undone(hosts)]
        told += inventory_findings.without_group(given, {host.name for host in everyone}, GROUPS)
        for text in told:
            self._display.warning(text)
        if wrong:
            listed = "\n".join(f"  - {text}" for text in wrong)
            raise AnsibleActionFail(
                f"The inventory has {len(wrong)} findings, and nothing was contacted:\n{listed}",
                result={"findings": wrong, "told": told},
            )
        clusters = clusters_of(hosts)
        versions = {str(cluster.setting("cluster_kubernetes_version")) for cluster in clusters.values()}
        result.update(
            changed=False,
            findings=[],
            told=told,
            clusters={name: cluster.to_dict() for name, cluster in clusters.items()},
            versions=sorted(versions),
            newcomers=newcomers(
                clusters.values(),
                arguments["nodes"],
                {host.cluster for host in gone if host.groups & {"control_plane", "etcd"}},
            ),
            reach={host: each for cluster in clusters.values() for host, each in targets(cluster).items()},
        )
        return result


def _own_variables(hosts: list[Host], hostvars: Mapping[str, Mapping[str, Any]]) -> variables.Said:
    """Names that nobody reads and values of wrong types, each told once for all hosts that have it."""
    names = role_variables.known()
    wrong: dict[str, list[str]] = {}
    worth_a_look: dict[str, list[str]] = {}
    # Most hosts of a cluster have the same settings.
    types: dict[str, list[str]] = {}
    for host in hosts:
        unread = variables.unread(hostvars[host.name], names, role_variables.PREFIXES)
        settings = _settings(host, hostvars[host.name])
        known = repr(settings)
        if known not in types:
            types[known] = role_variables.wrong_types(settings)
        for text in (*unread.findings, *types[known]):
            wrong.setdefault(text, []).append(host.name)
        for text in unread.warnings:
            worth_a_look.setdefault(text, []).append(host.name)
    return variables.Said(tuple(_for_hosts(wrong)), tuple(_for_hosts(worth_a_look)))


def _settings(host: Host, given: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of our roles that a host has, defaults of role `cluster` among them."""
    return {**host.settings, **{name: given[name] for name in role_variables.types() if name in given}}


def _for_hosts(texts: Mapping[str, list[str]]) -> list[str]:
    return [
        f"{names[0]}{f' and {len(names) - 1} others' if len(names) > 1 else ''}: {text}"
        for text, names in texts.items()
    ]


def _undone(hosts: list[Host]) -> list[str]:
    """What users undo of the measures for security by their own configuration of kubeadm."""
    told = []
    for name, cluster in clusters_of(hosts).items():
        kubeadm = cluster.setting("cluster_kubeadm")
        try:
            settings = Settings.from_dict(cluster.hosts[0].settings)
            told += [f"{name}: {text}" for text in undone(settings, kubeadm)]
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            # Whatever is not as it should be is a finding already.
            continue
    return told


def _hosts(
    known: Mapping[str, Sequence[str]], given: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any]
) -> list[Host]:
    groups = {name: frozenset(known.get(name, ())) for name in GROUPS}
    names = list(dict.fromkeys(host for name in GROUPS for host in known.get(name, ())))
    return [
        _host(name, frozenset(group for group in GROUPS if name in groups[group]), given[name], defaults)
        for name in names
    ]


def _host(name: str, groups: frozenset[str], given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Host:
    settings = {key: given.get(key, default) for key, default in defaults.items()}
    address = settings["cluster_node_address"] or given.get("ansible_host") or name
    return Host(name, groups, str(address), settings)
