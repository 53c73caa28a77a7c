# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member as an inventory host: which variables it has and which groups it is in.

Pure: the registry's record goes in, plain data comes out. Nobody's credential is in the record, so none can leak here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.quantity import (
    parse_quantity,
    thousandths,
    whole,
)

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Condition, Member

FLEET_GROUP = "fleet"
"""The group that every member is in."""

GROUPINGS = ("provider", "region", "zone", "label", "condition")
"""What members can be grouped by without writing a template."""

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_IN_A_GROUP_NAME = re.compile(r"\W", re.ASCII)


def host_variables(member: Member) -> dict[str, Any]:
    """The flat, typed variables of one member, all JSON and all prefixed."""
    conditions = member.conditions
    ready = conditions.get("Ready")
    nodes = member.status.get("nodeSummary") or {}
    return {
        "navarch_cluster": member.name,
        "navarch_provider": member.provider,
        "navarch_region": member.region,
        "navarch_zones": list(member.zones),
        "navarch_labels": dict(member.labels),
        "navarch_taints": [
            {"key": taint.key, "value": taint.value, "effect": taint.effect, "timeAdded": taint.time_added}
            for taint in member.taints
        ],
        "navarch_conditions": {kind: _condition(condition) for kind, condition in sorted(conditions.items())},
        "navarch_ready": member.ready,
        "navarch_ready_reason": ready.reason if ready else "NotObserved",
        "navarch_kubernetes_version": member.kubernetes_version,
        "navarch_nodes": int(nodes.get("totalNum") or 0),
        "navarch_nodes_ready": int(nodes.get("readyNum") or 0),
        **_capacity(member.status.get("resourceSummary") or {}),
        "navarch_cost": member.cost,
        "navarch_api_endpoint": member.api_endpoint,
        "navarch_system_uid": member.system_uid,
        "navarch_observed_at": member.observed_at,
    }


def host_groups(variables: Mapping[str, Any], groupings: Collection[str]) -> list[str]:
    """The names of the groups that a host with these variables is in, sanitised and without repetition."""
    names = (_sanitised(name) for name in _raw_groups(variables, groupings))
    return list(dict.fromkeys(names))


def _raw_groups(variables: Mapping[str, Any], groupings: Collection[str]) -> Iterator[str]:
    for place in ("provider", "region"):
        if place in groupings and variables[f"navarch_{place}"]:
            yield f"{place}_{variables[f'navarch_{place}']}"
    if "zone" in groupings:
        for zone in variables["navarch_zones"]:
            yield f"zone_{zone}"
    if "label" in groupings:
        for key, value in variables["navarch_labels"].items():
            yield f"label_{key}_{value}" if value else f"label_{key}"
    if "condition" in groupings:
        if not variables["navarch_ready"]:
            yield "condition_not_ready"
        for kind, condition in variables["navarch_conditions"].items():
            if condition["status"] == "True":
                yield f"condition_{_snake_case(kind)}"


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": condition.last_transition_time,
    }


def _capacity(summary: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Cores as a number, memory in bytes, pods as a count, for what the nodes offer and what is taken."""
    found: dict[str, Any] = {}
    for part in ("allocatable", "allocated"):
        resources = summary.get(part) or {}
        found[f"navarch_{part}_cpu"] = thousandths(parse_quantity(resources.get("cpu") or 0)) / 1000
        found[f"navarch_{part}_memory"] = whole(parse_quantity(resources.get("memory") or 0))
        found[f"navarch_{part}_pods"] = whole(parse_quantity(resources.get("pods") or 0))
    return found


def _snake_case(name: str) -> str:
    return _WORD_STARTS.sub("_", name).lower()


def _sanitised(name: str) -> str:
    return _NOT_IN_A_GROUP_NAME.sub("_", name)
