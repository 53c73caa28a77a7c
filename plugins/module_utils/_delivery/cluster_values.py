# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule or a manifest may say of a cluster: the facts behind `[[ cluster.region ]]`. Pure.

Only what stays the same while nobody changes the cluster: with numbers of nodes or free cores in it, each look would
make another application.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._registry.member import Member


def cluster_facts(member: Member) -> dict[str, Any]:
    """The variable `cluster` for a member. Foreign data: it fills expressions, and is never read as one."""
    zones = list(member.zones)
    return {
        "name": member.name,
        "labels": dict(member.labels),
        "provider": member.provider,
        "region": member.region,
        "zones": zones,
        "zone": zones[0] if zones else "",
        "cost": member.cost,
        "kubernetes_version": member.kubernetes_version,
        "api_endpoint": member.api_endpoint,
    }


def merged_values(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Values laid over others as Helm lays them: mappings are merged, everything else is replaced, null removes."""
    result = dict(base)
    for key, value in more.items():
        known = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(known, Mapping):
            result[key] = merged_values(known, value)
        else:
            result[key] = value
    return result
