# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Score: which of the clusters that passed are preferred.

As in Karmada there is one scorer by default: a cluster that runs the workload now gets 100 points, any other none. With
`scoring`, or a preference for neighbours or data, several scorers give their points, and the weighted mean counts. The
order of the clusters is: overflow tier, points, replicas they can hold, name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .companions import preference_points
from .decision import Scores
from .nodes import asked_amounts
from .placement import Strategy
from .quantity import parse_quantity
from .scorers import (
    APPLICATION_AFFINITY,
    BALANCE,
    COST,
    DATA_LOCALITY,
    FREE_CAPACITY,
    STICKINESS,
    Weights,
    rest_to_full,
    share_of_least,
    share_of_most,
)
from .task import Candidate, Task, wrapped

LOCALITY = "ClusterLocality"
_HERE = Scores({LOCALITY: 100}, {LOCALITY: 100}, 100)
_ELSEWHERE = Scores({LOCALITY: 0}, {LOCALITY: 0}, 0)

Points = tuple[Sequence["float | None"], Sequence[float]]
"""What was measured (None where nothing is known), and the same from 0 to 100."""


def score(task: Task, candidates: list[Candidate]) -> None:
    """Give each candidate its points."""
    weights = task.placement.scoring
    if weights is not None and weights.by_name and not task.karmada:
        _score_by_weights(task, candidates, weights)
        return
    current = task.current
    running = sum(current.values())
    somewhere = (wrapped(running) if task.karmada else running) > 0
    for candidate in candidates:
        candidate.scores = _HERE if somewhere and candidate.name in current else _ELSEWHERE


def rank(task: Task, candidates: list[Candidate]) -> None:
    """Bring the candidates into the order in which they are chosen."""
    candidates.sort(key=order(task))


def order(task: Task) -> Callable[[Candidate], tuple[Any, ...]]:
    """What the rank of a candidate is compared by."""
    if task.strategy is Strategy.STATIC and not task.karmada:
        return lambda each: (each.tier, -each.weight, -each.scores.total, each.name)
    return lambda each: (each.tier, -each.scores.total, -each.available - each.assigned, each.name)


def _score_by_weights(task: Task, candidates: list[Candidate], weights: Weights) -> None:
    names = [name for name, _weight in weights.by_name]
    columns = [_SCORERS[name](task, candidates) for name in names]
    totals = weights.means([points for _raw, points in columns], len(candidates))
    rows_raw = zip(*(raw for raw, _points in columns), strict=True)
    rows = zip(*(points for _raw, points in columns), strict=True)
    for candidate, raw, points, total in zip(candidates, rows_raw, rows, totals, strict=True):
        known = dict(zip(names, raw, strict=True))
        if None in raw:
            known = {name: value for name, value in known.items() if value is not None}
        candidate.scores = Scores(known, dict(zip(names, points, strict=True)), total)


def _stickiness(task: Task, candidates: list[Candidate]) -> Points:
    somewhere = sum(task.current.values()) > 0
    points = [100.0 if somewhere and candidate.name in task.current else 0.0 for candidate in candidates]
    return points, points


def _free_capacity(task: Task, candidates: list[Candidate]) -> Points:
    """Replicas that fit, those running included, so that what is placed does not push itself away; most fit best."""
    raw: list[float | None] = [float(candidate.capacity) for candidate in candidates]
    return raw, share_of_most(raw)


def _balance(task: Task, candidates: list[Candidate]) -> Points:
    """How much of the scarcest resource others use, in percent; where nobody counted, how many applications stand there."""
    if all(candidate.cluster.resource_summary is None for candidate in candidates):
        return _balance_by_applications(task, candidates)
    asked = task.request.workload.resource_request or {}
    raw = [_used(candidate, {"cpu", "memory", *asked}, task) for candidate in candidates]
    return raw, rest_to_full(raw)


def _balance_by_applications(task: Task, candidates: list[Candidate]) -> Points:
    own = task.request.application
    standing = Counter(name for other in task.request.neighbours if not other.is_same(own) for name in other.clusters)
    counted: list[float | None] = [float(standing[candidate.name]) for candidate in candidates]
    most = max((count for count in counted if count is not None), default=0.0)
    return counted, rest_to_full([100 * (count or 0) / most if most else None for count in counted])


def _used(candidate: Candidate, resources: set[str], task: Task) -> float | None:
    name, summary = candidate.name, candidate.cluster.resource_summary
    if summary is None:
        return None
    gone = task.taken.get(name) or task.memory.taken.get(name)
    promised = (gone.resources if gone is not None else None) or {}
    own = task.uses.get(name) or _own_use(task, candidate)
    shares = []
    for resource in sorted(resources):
        there = parse_quantity(summary.allocatable.get(resource, 0))
        if there > 0:
            used = there - summary.free.get(resource, 0) + promised.get(resource, 0) - own.get(resource, 0)
            shares.append(min(max(100 * used / there, 0.0), 100.0))
    return round(max(shares), 4) if shares else None


def _own_use(task: Task, candidate: Candidate) -> Mapping[str, int]:
    running = task.current.get(candidate.name, 0)
    request = task.request.workload.resource_request
    return {name: amount * running for name, amount in asked_amounts(request).items()} if running else {}


def _cost(task: Task, candidates: list[Candidate]) -> Points:
    """The price; the cheapest gets 100."""
    raw = [candidate.cluster.cost for candidate in candidates]
    return raw, share_of_least(raw)


def _affinity(task: Task, candidates: list[Candidate]) -> Points:
    companions = task.placement.companions
    if companions is None:
        return [None] * len(candidates), [0.0] * len(candidates)
    points = preference_points(companions, task.request)
    pairs = [points(candidate.cluster) for candidate in candidates]
    return [raw for raw, _normalised in pairs], [normalised for _raw, normalised in pairs]


def _data(task: Task, candidates: list[Candidate]) -> Points:
    """How many of the named objects are there already."""
    data = task.placement.data
    if data is None:
        return [None] * len(candidates), [0.0] * len(candidates)
    held = [float(len(data.objects) - len(data.lacking(candidate.cluster))) for candidate in candidates]
    return held, [100 * count / len(data.objects) for count in held]


_SCORERS = {
    STICKINESS: _stickiness,
    FREE_CAPACITY: _free_capacity,
    BALANCE: _balance,
    COST: _cost,
    APPLICATION_AFFINITY: _affinity,
    DATA_LOCALITY: _data,
}
