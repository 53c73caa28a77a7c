# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of a cluster when more, or less, runs in it than they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .estimate import demand
from .nodes import NO_CLAIM, Node, asked_amounts, take
from .quantity import UNIT, counted_in, parse_quantity
from .request import Cluster, ResourceSummary, Workload

PODS = "pods"
UNLIMITED_PODS = 1_000_000
"""Of a cluster that is made up: nobody who asks about cores wants to hear of pods."""

Demand = Mapping[str, int]
"""Resources in billionths, pods among them."""


def demand_of(request: Mapping[str, Any] | None, replicas: int) -> dict[str, int]:
    """What so many replicas ask for; negative for replicas that go."""
    asked = {name: parse_quantity(quantity) * replicas for name, quantity in (request or {}).items()}
    return {**asked, PODS: replicas * UNIT}


def total(demands: Iterable[Demand]) -> dict[str, int]:
    """All of them together."""
    found: dict[str, int] = {}
    for one in demands:
        for name, amount in one.items():
            found[name] = found.get(name, 0) + amount
    return found


def occupied(cluster: Cluster, more: Demand) -> Cluster:
    """The cluster with that much more in it."""
    if not any(more.values()):
        return cluster
    available, summary = cluster.available, cluster.resource_summary
    pods = more.get(PODS, 0) // UNIT
    if available is not None:
        available = max(available - pods, 0)
    if summary is not None:
        free = {name: amount - more.get(name, 0) for name, amount in summary.free.items()}
        countable = {name: counted_in(name, amount) for name, amount in free.items()}
        summary = replace(summary, free=free, countable=countable, free_pods=summary.free_pods - pods)
    return replace(cluster, available=available, resource_summary=summary)


def with_replicas(cluster: Cluster, workload: Workload, more: int) -> Cluster:
    """The cluster with so many replicas more of the workload, or less where it is negative."""
    after = occupied(cluster, demand_of(workload.resource_request, more))
    if cluster.nodes is None:
        return after
    if more < 0:
        # On which nodes they stood nobody knows, so only the sum of what is free then does.
        return replace(after, nodes=_unknown(after))
    claim = workload.node_claim or NO_CLAIM
    return replace(after, nodes=take(cluster.nodes, asked_amounts(workload.resource_request), claim, more)[0])


def _unknown(cluster: Cluster) -> tuple[Node, ...] | None:
    """The nodes when what is free on them does not hold any more; they stay where nothing else is known."""
    return cluster.nodes if cluster.resource_summary is None else None


def emptied(cluster: Cluster, running: int) -> Cluster:
    """The cluster with nothing in it.

    :param running: replicas that its number of available ones does not count.
    """
    available, summary = cluster.available, cluster.resource_summary
    if available is not None:
        available += running
    if summary is not None:
        summary = ResourceSummary.from_dict({"allocatable": summary.allocatable})
    return replace(cluster, available=available, resource_summary=summary, nodes=_unknown(cluster))


def usage(cluster: Cluster) -> dict[str, tuple[int, int]]:
    """What is used and what there is, by resource, in billionths. Empty when nobody counted."""
    summary = cluster.resource_summary
    if summary is None:
        return {}
    there = {name: parse_quantity(quantity) for name, quantity in summary.allocatable.items()}
    return {
        name: (amount - summary.free[name], amount)
        for name, amount in there.items()
        if name != PODS or amount < UNLIMITED_PODS * UNIT
    }


def scarcest(clusters: Iterable[Cluster], request: Mapping[str, Any] | None) -> str | None:
    """The resource of which these clusters together hold the fewest replicas; None when nobody counted."""
    counted = [cluster.resource_summary for cluster in clusters if cluster.resource_summary is not None]
    if not counted:
        return None
    room = {PODS: sum(max(summary.free_pods, 0) for summary in counted)}
    for name, asked in demand(request):
        room[name] = sum(max(summary.countable.get(name, 0), 0) // asked for summary in counted)
    return min(room, key=lambda name: (room[name], name))
