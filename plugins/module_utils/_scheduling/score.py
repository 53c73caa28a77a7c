# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Score: which of the clusters that passed are preferred.

As in Karmada there is one scorer by default: a cluster that runs the workload now gets 100 points, any other none. With
`scoring`, or a preference for neighbours or data, several scorers give their points, and the weighted mean counts. The
order of the clusters is: overflow tier, points, replicas they can hold, name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .companions import preference_points
from .decision import Scores
from .placement import Strategy
from .quantity import parse_quantity
from .request import Cluster
from .scorers import (
    APPLICATION_AFFINITY,
    BALANCE,
    COST,
    DATA_LOCALITY,
    FREE_CAPACITY,
    STICKINESS,
    Weights,
    mean,
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
    if weights is not None and not task.karmada:
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
    columns = {name: _SCORERS[name](task, candidates) for name, _weight in weights.by_name}
    for position, candidate in enumerate(candidates):
        normalised = {name: round(points[position], 4) for name, (_raw, points) in columns.items()}
        raw = {name: value for name, (values, _points) in columns.items() if (value := values[position]) is not None}
        candidate.scores = Scores(raw, normalised, mean(weights, normalised))


def _stickiness(task: Task, candidates: list[Candidate]) -> Points:
    somewhere = sum(task.current.values()) > 0
    points = [100.0 if somewhere and candidate.name in task.current else 0.0 for candidate in candidates]
    return points, points


def _free_capacity(task: Task, candidates: list[Candidate]) -> Points:
    """Replicas that still fit; most fit best."""
    raw: list[float | None] = [float(candidate.available) for candidate in candidates]
    return raw, share_of_most(raw)


def _balance(task: Task, candidates: list[Candidate]) -> Points:
    """How much of the scarcest resource is used, in percent; where nobody counted, how many replicas of ours run."""
    if all(candidate.cluster.resource_summary is None for candidate in candidates):
        running: list[float | None] = [float(candidate.assigned) for candidate in candidates]
        most = max((value for value in running if value is not None), default=0.0)
        return running, rest_to_full([100 * (value or 0) / most if most else 0.0 for value in running])
    asked = task.request.workload.resource_request or {}
    raw = [_used(candidate.cluster, {"cpu", "memory", *asked}, task) for candidate in candidates]
    return raw, rest_to_full(raw)


def _used(cluster: Cluster, resources: set[str], task: Task) -> float | None:
    summary = cluster.resource_summary
    if summary is None:
        return None
    gone = task.taken.get(cluster.name) or task.memory.taken.get(cluster.name)
    promised = (gone.resources if gone is not None else None) or {}
    shares = []
    for name in sorted(resources):
        there = parse_quantity(summary.allocatable.get(name, 0))
        if there > 0:
            shares.append(100 * (there - summary.free.get(name, 0) + promised.get(name, 0)) / there)
    return round(min(max(shares), 100.0), 4) if shares else None


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
