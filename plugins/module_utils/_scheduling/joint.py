# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The joint demand of an application, put as one workload, so that its clusters can be chosen once.

What is missing of all workloads together is counted in joint replicas: a joint replica is the average of the missing
ones. A cluster that has room for three of ten of them can hold three tenths of what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from .estimate import NOTHING, Taken
from .nodes import NO_CLAIM, Part, asked_amounts, joint_room
from .placement import Strategy
from .request import ESTIMATE_AVAILABLE, Cluster, Target, Workload
from .task import Candidate, Task

Current = Mapping[str, Mapping[str, int]]
"""Replicas by workload and cluster."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What the workloads want together of a set of clusters."""

    missing: int
    """Replicas still to be placed."""
    resources: Mapping[str, int]
    """What these ask for together, in billionths."""
    assigned: Mapping[str, int]
    """Replicas per cluster that run already and stay."""
    parts: tuple[Part, ...]
    """The same workload by workload, for clusters whose nodes are known."""

    @property
    def question(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        """What the room for a joint replica depends on: the same for ten of a kind as for one."""
        common = gcd(self.missing, *self.resources.values()) or 1
        resources = tuple(sorted((name, amount // common) for name, amount in self.resources.items()))
        return self.missing // common, resources

    @property
    def replicas(self) -> int:
        return self.missing + sum(self.assigned.values())


def joint_workload(workloads: Sequence[Workload]) -> Workload:
    """What stands for all of them where nothing was counted yet; without replicas when there are none of them."""
    if not workloads:
        return Workload()
    return Workload(uid=workloads[0].uid, replicas=sum(workload.replicas or 0 for workload in workloads))


def joint_demand(workloads: Iterable[Workload], current: Current, names: Iterable[str], strategy: Strategy) -> Joint:
    """The demand on these clusters; what runs elsewhere has to be placed again."""
    here = set(names) if current else frozenset()
    missing, resources, assigned = 0, {}, {}  # type: int, dict[str, int], dict[str, int]
    parts = []
    for workload in workloads:
        wanted = workload.replicas or 0
        running = {name: replicas for name, replicas in current.get(workload.key, {}).items() if name in here}
        total = sum(running.values())
        lacking = wanted if strategy is Strategy.DUPLICATED else max(wanted - total, 0)
        missing += lacking
        asked = asked_amounts(workload.resource_request)
        parts.append(Part(asked, workload.node_claim or NO_CLAIM, lacking))
        for name, amount in asked.items():
            resources[name] = resources.get(name, 0) + amount * lacking
        for name, replicas in running.items():
            assigned[name] = assigned.get(name, 0) + (replicas * min(wanted, total) // total if total else 0)
    return Joint(missing, resources, assigned, tuple(parts))


def count_jointly(task: Task, candidates: list[Candidate], joint: Joint) -> None:
    """Tell each candidate how many joint replicas it has room for and how many it runs."""
    how, taken = task.request.estimator, task.memory.taken
    counts = task.memory.room((how, joint.missing if how == ESTIMATE_AVAILABLE else joint.question))
    for candidate in candidates:
        name, cluster = candidate.name, candidate.cluster
        room = counts.get(name)
        if room is None:
            room = _room(cluster, joint, how, taken.get(name, NOTHING))
            if cluster.nodes is None:
                counts[name] = room
        candidate.available = room
        candidate.assigned = joint.assigned.get(name, 0)


def round_up(candidates: Iterable[Candidate], joint: Joint) -> None:
    """Tell each candidate that it has room for the joint replica of which it holds only a part."""
    for candidate in candidates:
        candidate.available = min(candidate.available + 1, max(joint.missing, candidate.available))


def used_now(workloads: Iterable[Workload], current: Current) -> dict[str, dict[str, int]]:
    """What the workloads use in each cluster now, in billionths."""
    uses: dict[str, dict[str, int]] = {}
    for workload in workloads:
        asked = asked_amounts(workload.resource_request)
        for cluster, replicas in current.get(workload.key, {}).items():
            here = uses.setdefault(cluster, {})
            for name, amount in asked.items():
                here[name] = here.get(name, 0) + amount * replicas
    return uses


def largest_first(workloads: Iterable[Workload], chosen: Iterable[Candidate]) -> tuple[Workload, ...]:
    """The workloads by the share of the clusters' free resources that one replica takes: what is large fits last."""
    free: dict[str, int] = {}
    for candidate in chosen:
        summary = candidate.cluster.resource_summary
        for name, amount in summary.free.items() if summary is not None else ():
            free[name] = free.get(name, 0) + max(amount, 0)

    def share(workload: Workload) -> Fraction:
        asked = asked_amounts(workload.resource_request)
        return max((Fraction(asked[name], free[name]) for name in asked if free.get(name)), default=Fraction(0))

    return tuple(sorted(workloads, key=share, reverse=True))


def running_now(current: Mapping[str, Sequence[Target]]) -> Current:
    return {key: {target.name: target.replicas for target in targets} for key, targets in current.items()}


def _room(cluster: Cluster, joint: Joint, how: str, taken: Taken) -> int:
    if joint.missing == 0:
        return 0
    if how == ESTIMATE_AVAILABLE:
        return joint.missing if cluster.available is None else max(cluster.available - taken.replicas, 0)
    summary = cluster.resource_summary
    if summary is None:
        return _room_on_nodes(cluster, joint, taken)
    room, gone = summary.free_pods - taken.replicas, taken.resources or {}
    for name, amount in joint.resources.items():
        if amount > 0:
            room = min(room, joint.missing * (summary.free.get(name, 0) - gone.get(name, 0)) // amount)
    if cluster.nodes is not None and room > 0:
        room = min(room, _room_on_nodes(cluster, joint, taken))
    return max(room, 0)


def _room_on_nodes(cluster: Cluster, joint: Joint, taken: Taken) -> int:
    left = cluster.nodes if taken.nodes is None else taken.nodes
    return joint_room(left or (), joint.parts, joint.missing)
