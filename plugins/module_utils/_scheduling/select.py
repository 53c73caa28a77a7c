# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Select: which of the ranked clusters are used, so that the spread constraints hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .bounds import counts_room
from .errors import Kind, Unplaceable
from .explain import judge_outranked
from .groups import select_groups
from .hierarchy import weightless
from .placement import Spread, Strategy
from .regions import select_by_region
from .task import Candidate, Notes, Task

_NO_LIMIT = Spread("cluster", "", 1, None)


def select(task: Task, ranked: list[Candidate], notes: Notes) -> list[Candidate]:
    """The chosen clusters, in the order in which the division meets them; Unplaceable when the constraints can't hold."""
    if not task.honours_spread:
        return ranked
    chosen = _select_like_karmada(task, ranked, notes) if task.karmada else _select(task, ranked, notes)
    notes.judges.append(partial(judge_outranked, task, ranked, chosen))
    return chosen


def _select(task: Task, ranked: list[Candidate], notes: Notes) -> list[Candidate]:
    """Among those with room, or in use, if that is enough; else the others may at least make up the number."""
    eligible = ranked
    if task.placement.hierarchy:
        eligible = [candidate for candidate in ranked if weightless(task, candidate.cluster) is None]
    if task.strategy is Strategy.STATIC and any(candidate.weight for candidate in eligible):
        eligible = [candidate for candidate in eligible if candidate.weight]
    if counts_room(task) and task.replicas:
        roomy = [each for each in eligible if each.capacity >= (each.least or 1) or each.name in task.current]
        if 0 < len(roomy) < len(eligible):
            try:
                return _select_within(task, roomy, notes)
            except Unplaceable:
                notes.groups.clear()
    return _select_within(task, eligible, notes)


def _select_within(task: Task, eligible: list[Candidate], notes: Notes) -> list[Candidate]:
    limit = _constraint(task, "cluster") or _NO_LIMIT
    fields = [spread for spread in task.placement.spread if spread.field != "cluster"]
    if fields:
        return select_groups(task, eligible, fields, limit, notes)
    return select_by_cluster(task, eligible, limit)


def _select_like_karmada(task: Task, ranked: list[Candidate], notes: Notes) -> list[Candidate]:
    region, cluster = _constraint(task, "region"), _constraint(task, "cluster")
    if region is not None:
        return select_by_region(task, ranked, region, cluster, notes)
    if cluster is None or len({spread.title for spread in task.placement.spread}) > 1:
        raise Unplaceable(Kind.OTHER, "just support cluster and region spread constraint")
    chosen = select_by_cluster(task, ranked, Spread("cluster", "", cluster.min_groups, cluster.max_groups or 0))
    if not chosen:
        raise Unplaceable(Kind.OTHER, "no clusters available to schedule: maxGroups of the cluster constraint is 0")
    return chosen


def _constraint(task: Task, field: str) -> Spread | None:
    """The constraint on that field; the last one where it was given twice."""
    return next((spread for spread in reversed(task.placement.spread) if spread.field == field), None)


def select_by_cluster(task: Task, ranked: Sequence[Candidate], limit: Spread) -> list[Candidate]:
    """The first clusters in rank, low-ranked ones exchanged for large ones until the replicas fit."""
    if len(ranked) < limit.min_groups and not task.partly:
        raise Unplaceable(
            Kind.OTHER,
            f"{len(ranked)} clusters passed the filters, but the cluster spread constraint wants at least {limit.min_groups} (minGroups)",
        )
    most = limit.max_groups
    if most is None or (most == 0 and not task.karmada):
        most = len(ranked)
    count = min(len(ranked), most)
    if task.partly and needs_capacity(task):
        return _largest(task, ranked, count)
    chosen, rest = list(ranked[:count]), list(ranked[count:])
    if needs_capacity(task):
        exchange_for_capacity(chosen, rest, task.replicas)
        if not chosen or capacity_of(chosen) < task.replicas:
            raise Unplaceable(
                Kind.OTHER if task.karmada else Kind.UNSCHEDULABLE,
                f"any {count} clusters hold at most {capacity_of(chosen)} of {task.replicas} replicas",
            )
    return chosen


def _largest(task: Task, ranked: Sequence[Candidate], count: int) -> list[Candidate]:
    """Those in use, then the largest; the largest alone where not all in use can stay."""
    running = {} if task.fresh else task.current
    if sum(1 for each in ranked if running.get(each.name)) > count:
        order = sorted(ranked, key=lambda each: (-each.capacity, -running.get(each.name, 0)))
    else:
        order = sorted(ranked, key=lambda each: (-running.get(each.name, 0), -each.capacity))
    names = {candidate.name for candidate in order[:count]}
    return [candidate for candidate in ranked if candidate.name in names]


def needs_capacity(task: Task) -> bool:
    """Whether the chosen clusters have to hold all replicas together."""
    if task.karmada:
        return task.strategy is not Strategy.DUPLICATED
    return counts_room(task)


def capacity_of(clusters: Sequence[Candidate]) -> int:
    return sum(candidate.capacity for candidate in clusters)


def exchange_for_capacity(chosen: list[Candidate], rest: list[Candidate], replicas: int) -> None:
    """From the last chosen upwards, take the largest of the rest instead where it is larger, until all replicas fit."""
    short = replicas - capacity_of(chosen)
    for position in reversed(range(len(chosen))):
        if short <= 0:
            return
        best, most = None, chosen[position].capacity
        for index, candidate in enumerate(rest):
            if candidate.capacity > most:
                best, most = index, candidate.capacity
        if best is not None:
            short -= most - chosen[position].capacity
            chosen[position], rest[best] = rest[best], chosen[position]
