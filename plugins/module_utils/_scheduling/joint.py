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

from .placement import Strategy
from .quantity import parse_quantity
from .request import ESTIMATE_AVAILABLE, Cluster, Target, Workload
from .task import Candidate

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

    @property
    def replicas(self) -> int:
        return self.missing + sum(self.assigned.values())


def joint_demand(workloads: Iterable[Workload], current: Current, names: Iterable[str], strategy: Strategy) -> Joint:
    """The demand on these clusters; what runs elsewhere has to be placed again."""
    names = set(names)
    missing, resources, assigned = 0, {}, dict.fromkeys(names, 0)  # type: int, dict[str, int], dict[str, int]
    for workload in workloads:
        wanted = workload.replicas or 0
        running = {name: replicas for name, replicas in current.get(workload.key, {}).items() if name in names}
        here = sum(running.values())
        lacking = wanted if strategy is Strategy.DUPLICATED else max(wanted - here, 0)
        missing += lacking
        for name, quantity in (workload.resource_request or {}).items():
            resources[name] = resources.get(name, 0) + parse_quantity(quantity) * lacking
        for name, replicas in running.items():
            assigned[name] += replicas * min(wanted, here) // here if here else 0
    return Joint(missing, resources, assigned)


def count_jointly(candidates: Iterable[Candidate], clusters: Mapping[str, Cluster], joint: Joint, how: str) -> None:
    """Tell each candidate how many joint replicas it has room for and how many it runs."""
    for candidate in candidates:
        candidate.available = _room(clusters[candidate.name], joint, how)
        candidate.assigned = joint.assigned.get(candidate.name, 0)


def running_now(current: Mapping[str, Sequence[Target]]) -> Current:
    return {key: {target.name: target.replicas for target in targets} for key, targets in current.items()}


def _room(cluster: Cluster, joint: Joint, how: str) -> int:
    if joint.missing == 0:
        return 0
    if how == ESTIMATE_AVAILABLE:
        return joint.missing if cluster.available is None else cluster.available
    summary = cluster.resource_summary
    if summary is None:
        return 0
    room = summary.free_pods
    for name, amount in joint.resources.items():
        if amount > 0:
            room = min(room, joint.missing * summary.free.get(name, 0) // amount)
    return max(room, 0)
