# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choice of regions as Karmada makes it, kept to the letter for parity.

Combinations of regions are tried one by one, so the time grows exponentially with the number of regions; our own
choice is in groups.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

from .errors import Kind, Unplaceable
from .explain import judge_left_groups
from .placement import Spread, Strategy
from .score import rank
from .task import Candidate, Notes, Task

# A replica that fits outweighs the points of a cluster (0 to 100).
UNIT = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Clusters that share a property, in rank."""

    name: str
    clusters: tuple[Candidate, ...]
    score: int

    @property
    def size(self) -> int:
        return len(self.clusters)


def select_by_region(
    task: Task, ranked: Sequence[Candidate], region: Spread, cluster: Spread | None, notes: Notes
) -> list[Candidate]:
    """The best cluster of each chosen region, then the best of the rest up to maxGroups of the cluster constraint."""
    least, most = (cluster.min_groups, cluster.max_groups or 0) if cluster else (0, 0)
    groups = region_groups(task, ranked, region, least)
    if len(groups) < region.min_groups:
        raise Unplaceable(
            Kind.OTHER,
            f"{len(groups)} regions are feasible, but the region constraint wants at least {region.min_groups} (minGroups)",
        )
    regions = best_path(groups, region.min_groups, region.max_groups or 0, least)
    note_groups(task, "region", lambda: groups, {group.name for group in regions}, notes)
    if not regions:
        raise Unplaceable(
            Kind.OTHER,
            f"no {region.min_groups} to {region.max_groups or 0} regions have the {least} clusters that the cluster constraint wants (minGroups)",
        )
    chosen = [group.clusters[0] for group in regions]
    rest = [candidate for group in regions for candidate in group.clusters[1:]]
    missing = min(len(chosen) + len(rest), most) - len(chosen)
    if missing > 0:
        rank(task, rest)
        chosen += rest[:missing]
    return chosen


def region_groups(task: Task, ranked: Sequence[Candidate], region: Spread, least_clusters: int) -> list[Group]:
    members: dict[str, list[Candidate]] = {}
    for candidate in ranked:
        if candidate.cluster.region:
            members.setdefault(candidate.cluster.region, []).append(candidate)
    return [
        Group(name, tuple(clusters), group_score(task, clusters, region, least_clusters))
        for name, clusters in members.items()
    ]


def group_score(task: Task, clusters: Sequence[Candidate], spread: Spread, least_clusters: int) -> int:
    """What a group is worth: how much of its share it can hold, then the points of its clusters."""
    if task.strategy is Strategy.DUPLICATED:
        able = [candidate for candidate in clusters if candidate.capacity >= task.replicas]
        return len(able) * UNIT + _mean(able) if able else 0
    share = -(-task.replicas // spread.min_groups)
    least = max(least_clusters, spread.min_groups)
    held = 0
    walked: Sequence[Candidate] = clusters
    for count, candidate in enumerate(clusters, start=1):
        held += candidate.capacity
        if count >= least and held >= share:
            walked = clusters[:count]
            break
    return min(held, share) * UNIT + _mean(walked)


def best_path(groups: list[Group], least: int, most: int, least_clusters: int) -> list[Group]:
    """The combination with the highest score, then most clusters, then first found; shortened while it stays feasible."""
    groups.sort(key=lambda group: (group.size, -group.score, group.name))
    paths: list[list[Group]] = []
    path: list[Group] = []

    def grow(clusters: int, begin: int) -> None:
        if clusters >= least_clusters and least <= len(path) <= most:
            paths.append(sorted(path, key=lambda group: (-group.score, group.name)))
            return
        if len(path) >= most:
            return
        for index in range(begin, len(groups)):
            path.append(groups[index])
            grow(clusters + groups[index].size, index + 1)
            path.pop()

    grow(0, 0)
    if not paths:
        return []
    paths.sort(key=lambda each: (-sum(group.score for group in each), -sum(group.size for group in each)))
    best = paths[0]
    for other in paths[1:]:
        if len(other) < len(best) and best[: len(other)] == other:
            best = other
    return best


def note_groups(
    task: Task, field: str, groups: Callable[[], Sequence[Group]], taken: Collection[str], notes: Notes
) -> None:
    """Have each group with its score, and a verdict for the clusters of those that were left, written when asked for."""
    found = cache(lambda: sorted(groups(), key=lambda each: (-each.score, each.name)))
    notes.groups.append(lambda: [_group_step(field, group, taken) for group in found()])
    notes.judges.append(lambda verdicts: judge_left_groups(task, field, found(), taken, verdicts))


def _group_step(field: str, group: Group, taken: Collection[str]) -> dict[str, object]:
    return {
        "field": field,
        "name": group.name,
        "score": group.score,
        "clusters": [candidate.name for candidate in group.clusters],
        "capacity": sum(candidate.capacity for candidate in group.clusters),
        "taken": group.name in taken,
    }


def _mean(clusters: Sequence[Candidate]) -> int:
    return int(sum(candidate.scores.total for candidate in clusters)) // len(clusters)
