# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many replicas of a workload still fit into a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .nodes import NO_CLAIM, Node, NodeClaim, asked_amounts, replicas_that_fit, take
from .quantity import counted_in, format_quantity, parse_quantity, whole
from .request import ESTIMATE_AVAILABLE, JSON, Cluster, ResourceSummary, Workload

MAX_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What was promised in a cluster a moment ago and its facts do not show yet."""

    replicas: int = 0
    resources: Mapping[str, int] | None = None
    """In billionths."""
    nodes: tuple[Node, ...] | None = None
    """What is left of the cluster's nodes then; None where nobody told of any."""

    def plus(self, more: Taken) -> Taken:
        resources = dict(self.resources or {})
        for name, amount in (more.resources or {}).items():
            resources[name] = resources.get(name, 0) + amount
        return Taken(self.replicas + more.replicas, resources, self.nodes)


NOTHING = Taken()

Estimate = Callable[[Cluster], int]


def estimator(
    how: str,
    request: Mapping[str, Any] | None,
    *,
    unknown: int,
    taken: Mapping[str, Taken] | None = None,
    claim: NodeClaim | None = None,
) -> Estimate:
    """The function that counts for one workload.

    :param how: `available` believes the number each cluster came with, `resourceSummary` counts.
    :param unknown: the answer for a cluster without a number.
    :param taken: per cluster, what to deduct first.
    :param claim: what a replica wants of its node, where the nodes are known; None leaves them out of account, as
        Karmada's general estimator does.
    """
    gone = taken or {}
    if how == ESTIMATE_AVAILABLE:
        return lambda cluster: _believed(cluster, unknown, gone.get(cluster.name))
    demands = demand(request)

    asked = asked_amounts(request) if claim is not None else {}

    def count(cluster: Cluster) -> int:
        summary, nodes = cluster.resource_summary, cluster.nodes
        if summary is None:
            if nodes is None or claim is None:
                return 0
            return min(replicas_that_fit(_nodes_left(cluster, gone), asked, claim), MAX_INT32)
        fits, free = summary.free_pods, summary.countable
        if gone and cluster.name in gone:
            fits, free = fits - gone[cluster.name].replicas, _after(summary, gone[cluster.name])
        for name, amount in demands:
            share = free.get(name, 0) // amount
            if share < fits:
                fits = share
        if nodes is not None and claim is not None and fits > 0:
            fits = min(fits, replicas_that_fit(_nodes_left(cluster, gone), asked, claim))
        return fits if fits > 0 else 0

    return count


def deducted(cluster: Cluster, before: Taken | None, workload: Workload, replicas: int) -> Taken:
    """What is taken in the cluster when so many replicas come on top of what was taken before."""
    more = replica_demand(workload.resource_request, replicas)
    taken = more if before is None else before.plus(more)
    if cluster.nodes is None:
        return taken
    left = cluster.nodes if before is None or before.nodes is None else before.nodes
    asked, claim = asked_amounts(workload.resource_request), workload.node_claim or NO_CLAIM
    return replace(taken, nodes=take(left, asked, claim, replicas)[0])


def _nodes_left(cluster: Cluster, gone: Mapping[str, Taken]) -> Sequence[Node]:
    taken = gone.get(cluster.name)
    return taken.nodes if taken is not None and taken.nodes is not None else cluster.nodes or ()


def demand(request: Mapping[str, Any] | None) -> tuple[tuple[str, int], ...]:
    """What one replica asks for, in the unit each resource is counted in: CPU in thousandths, all else whole.

    A request that comes to nothing is no demand.
    """
    asked = []
    for name, value in (request or {}).items():
        amount = parse_quantity(value)
        if whole(amount) > 0:
            asked.append((name, counted_in(name, amount)))
    return tuple(asked)


def pod_request(pod: JSON) -> dict[str, str] | None:
    """What one replica asks for, from the spec of its pod template; None when it asks for nothing.

    Containers add up, sidecars (init containers that keep running) with them; an init container counts where it asks
    for more than all that run beside it; what the pod asks for as a whole replaces the sum; the overhead comes on top.
    """
    running: dict[str, int] = {}
    for container in pod.get("containers") or ():
        _add(running, _requests(container))
    peak: dict[str, int] = {}
    sidecars: dict[str, int] = {}
    for container in pod.get("initContainers") or ():
        asked = _requests(container)
        if container.get("restartPolicy") == "Always":
            _add(running, asked)
            _add(sidecars, asked)
            _raise(peak, sidecars)
        else:
            _add(asked, sidecars)
            _raise(peak, asked)
    _raise(running, peak)
    running.update(_requests(pod))
    if running:
        _add(running, {name: parse_quantity(value) for name, value in (pod.get("overhead") or {}).items()})
    return _as_written(running, pod) or None


def replica_demand(request: Mapping[str, Any] | None, replicas: int) -> Taken:
    """What so many replicas take away from a cluster."""
    resources = {name: parse_quantity(value) * replicas for name, value in (request or {}).items()}
    return Taken(replicas, resources)


def _believed(cluster: Cluster, unknown: int, taken: Taken | None) -> int:
    known = cluster.available
    if known is None or known == MAX_INT32:
        return unknown
    return max(known - taken.replicas, 0) if taken else known


def _after(summary: ResourceSummary, taken: Taken) -> Mapping[str, int]:
    gone = taken.resources or {}
    return {name: counted_in(name, amount - gone.get(name, 0)) for name, amount in summary.free.items()}


def _requests(container: JSON) -> dict[str, int]:
    """A limit without a request counts as the request, as the API server would have it."""
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: parse_quantity(value) for name, value in asked.items()}


def _as_written(amounts: Mapping[str, int], pod: JSON) -> dict[str, str]:
    """The amounts as text, in the author's own words where one container asks for all of it."""
    written: dict[tuple[str, int], str] = {}
    for holder in (pod, *(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
        resources = holder.get("resources") or {}
        for part in ("limits", "requests"):
            for name, value in (resources.get(part) or {}).items():
                written[name, parse_quantity(value)] = str(value)
    return {name: written.get((name, amount)) or format_quantity(amount) for name, amount in amounts.items()}


def _add(to: dict[str, int], more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        to[name] = to.get(name, 0) + amount


def _raise(to: dict[str, int], floor: Mapping[str, int]) -> None:
    for name, amount in floor.items():
        to[name] = max(to.get(name, 0), amount)
