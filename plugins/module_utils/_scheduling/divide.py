# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Divide: how many replicas each chosen cluster gets.

Static weights are applied anew each time. The dynamic strategies are sticky: growing hands out only what is missing,
shrinking takes in proportion, and nobody moves otherwise, unless a reschedule was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from .errors import Kind, Unplaceable
from .go_sort import go_sorted
from .placement import Strategy
from .request import Cluster
from .rounds import rounds_of
from .shortage import demand_in_words
from .spreading import keeps_minimums, must_be_used
from .task import Candidate, Notes, Task, wrapped
from .webster import webster
from .within import divide_within


@dataclass(frozen=True, slots=True)
class _Share:
    """What has to be divided here: all replicas, or with overflow tiers those of one tier."""

    replicas: int
    clusters: Sequence[Candidate]
    tier: int | None = None


def divide(task: Task, chosen: Sequence[Candidate], notes: Notes) -> dict[str, int]:
    """Replicas per cluster; Unplaceable when they do not fit."""
    if not chosen:
        raise Unplaceable(Kind.OTHER, "no clusters available to schedule")
    if not task.divides:
        return _keep_the_object(task, chosen, notes)
    if task.partly and task.strategy is Strategy.DUPLICATED:
        must_be_used(task, chosen, notes)
    elif task.bounded:
        return divide_within(task, chosen, notes)
    result = _divide_by_tier(task, chosen, notes) if task.overflows else _divide_all(task, chosen, notes)
    if not task.karmada and task.spread and not _minimums_kept(task, chosen, result):
        notes.divisions.clear()
        return divide_within(task, chosen, notes)
    return result


def static_weight(task: Task, cluster: Cluster) -> int:
    """The highest weight of the rules that match the cluster, 0 when none does."""
    return max(
        (rule.weight for rule in task.placement.weights or () if rule.clusters.mismatch(cluster) is None), default=0
    )


def _keep_the_object(task: Task, chosen: Sequence[Candidate], notes: Notes) -> dict[str, int]:
    """An object without replicas goes everywhere; a workload scaled to zero stays where it is."""
    names = [candidate.name for candidate in chosen]
    if not task.karmada and task.request.workload.replicas == 0:
        names = [name for name in names if name in task.current] or names
    notes.divisions.append(
        lambda: {"strategy": "none", "mode": "presence", "replicas": 0, "result": dict.fromkeys(sorted(names), 0)}
    )
    return dict.fromkeys(names, 0)


def _minimums_kept(task: Task, chosen: Sequence[Candidate], result: Mapping[str, int]) -> bool:
    return keeps_minimums(task, [candidate for candidate in chosen if result.get(candidate.name)])


def _divide_all(task: Task, chosen: Sequence[Candidate], notes: Notes) -> dict[str, int]:
    return _divide(task, _Share(task.replicas, chosen), notes)


def _divide_by_tier(task: Task, chosen: Sequence[Candidate], notes: Notes) -> dict[str, int]:
    """Each tier takes what it can hold, those running there included, before the next one gets anything."""
    left = task.replicas
    result: dict[str, int] = {}
    for tier in sorted({candidate.tier for candidate in chosen}):
        members = [candidate for candidate in chosen if candidate.tier == tier]
        held = min(left, sum(candidate.capacity for candidate in members))
        if held > 0:
            result.update(_divide(task, _Share(held, members, tier), notes))
            left -= held
    if left > 0:
        raise Unplaceable(
            Kind.UNSCHEDULABLE,
            f"{left} of {task.replicas} replicas do not fit into the affinity group and its overflow groups",
        )
    return result


def _divide(task: Task, share: _Share, notes: Notes) -> dict[str, int]:
    if task.strategy is Strategy.DUPLICATED:
        result = {candidate.name: share.replicas for candidate in share.clusters}
        notes.divisions.append(partial(_step, task, share, "duplicated", {}, {}, result))
    elif task.strategy is Strategy.STATIC:
        result = _divide_by_static_weight(task, share, notes)
    else:
        result = _divide_by_capacity(task, share, notes)
    return {name: replicas for name, replicas in result.items() if replicas > 0}


def _divide_by_static_weight(task: Task, share: _Share, notes: Notes) -> dict[str, int]:
    weights = {candidate.name: candidate.weight for candidate in share.clusters if candidate.weight > 0}
    if not weights:
        weights = {candidate.name: 1 for candidate in share.clusters}
    result = webster(share.replicas, weights, uid=task.request.workload.uid, favour=task.favour)
    notes.divisions.append(partial(_step, task, share, "weights", weights, {}, result))
    return result


def _divide_by_capacity(task: Task, share: _Share, notes: Notes) -> dict[str, int]:
    here = {candidate.name for candidate in share.clusters}
    before = {name: replicas for name, replicas in task.current.items() if name in here}
    assigned = _sum(task, before.values())
    if task.fresh:
        weights = {each.name: _sum(task, (each.available, each.assigned)) for each in share.clusters}
        return _by_weights(task, share, "fresh", share.replicas, _descending(task, weights), {}, notes)
    if assigned > share.replicas:
        return _by_weights(task, share, "scale down", share.replicas, _descending(task, before), {}, notes)
    if assigned < share.replicas:
        weights = {candidate.name: candidate.available for candidate in share.clusters}
        mode = "scale up" if assigned else "first"
        return _by_weights(task, share, mode, share.replicas - assigned, _descending(task, weights), before, notes)
    notes.divisions.append(partial(_step, task, share, "unchanged", {}, before, before))
    return before


def _by_weights(
    task: Task,
    share: _Share,
    mode: str,
    replicas: int,
    weights: dict[str, int],
    before: Mapping[str, int],
    notes: Notes,
) -> dict[str, int]:
    """Divide so many replicas by the weights and put them on top of what is there."""
    room = _sum(task, weights.values())
    if room < replicas:
        clusters = "the cluster has" if len(weights) == 1 else f"the {len(weights)} clusters have"
        missing = demand_in_words(task.request.workload.resource_request, replicas - max(room, 0))
        ask = f"; {replicas - max(room, 0)} of them lack {missing}" if missing else ""
        raise Unplaceable(Kind.UNSCHEDULABLE, f"{clusters} room for {room} replicas, {replicas} are to be placed{ask}")
    if task.strategy is Strategy.AGGREGATED:
        weights = _shortest_prefix(task, _by_points(task, share, weights), before, replicas)
    seats = webster(replicas, weights, uid=task.request.workload.uid)
    result = dict(before)
    for name, won in seats.items():
        result[name] = result.get(name, 0) + won
    notes.divisions.append(partial(_step, task, share, mode, weights, before, result))
    return result


def _shortest_prefix(
    task: Task, weights: Mapping[str, int], before: Mapping[str, int], replicas: int
) -> dict[str, int]:
    """As few clusters as hold the replicas: those in use first, then the largest, or the best with scoring."""
    in_use = [name for name in weights if before.get(name, 0) > 0]
    used = set(in_use)
    prefix: dict[str, int] = {}
    held = 0
    for name in (*in_use, *(name for name in weights if name not in used)):
        prefix[name] = weights[name]
        held = _sum(task, (held, weights[name]))
        if held >= replicas:
            break
    return prefix


def _by_points(task: Task, share: _Share, weights: dict[str, int]) -> dict[str, int]:
    """With scoring that the user chose the best come first, and the largest only of equals."""
    scoring = task.placement.scoring
    if scoring is None or not scoring.chosen or task.karmada:
        return weights
    points = {candidate.name: candidate.scores.total for candidate in share.clusters}
    return dict(sorted(weights.items(), key=lambda item: (-points[item[0]], -item[1], item[0])))


def _descending(task: Task, weights: Mapping[str, int]) -> dict[str, int]:
    """The largest first. Of equals Karmada takes those in front that its sort leaves there."""
    in_order = go_sorted if task.karmada and task.strategy is Strategy.AGGREGATED else sorted
    return dict(in_order(weights.items(), key=lambda item: -item[1]))


def _sum(task: Task, numbers: Iterable[int]) -> int:
    """The sum; in Karmada's arithmetic it is one of 32 bits, which overflows."""
    total = sum(numbers)
    return wrapped(total) if task.karmada else total


def _step(
    task: Task,
    share: _Share,
    mode: str,
    weights: Mapping[str, int],
    before: Mapping[str, int],
    result: Mapping[str, int],
) -> dict[str, object]:
    step: dict[str, object] = {
        "strategy": task.strategy.value,
        "mode": mode,
        "replicas": share.replicas,
        "weights": dict(sorted(weights.items())),
        "before": dict(sorted(before.items())),
        "result": dict(sorted(result.items())),
    }
    if share.tier is not None:
        step["tier"] = share.tier
    if weights and task.tells_rounds:
        handed_out = sum(result.values()) - sum(before.values())
        step.update(rounds_of(handed_out, weights, uid=task.request.workload.uid, favour=task.favour))
    return step
