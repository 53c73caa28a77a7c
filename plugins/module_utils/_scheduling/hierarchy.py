# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hierarchical weights: replicas go to regions by weight, inside them to zones, and at last to clusters.

Every group takes at least what its clusters have to hold and at most what they can hold; what it cannot take goes to
its siblings, as with any division that has bounds.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .bounds import Span
from .placement import Level
from .request import JSON, Cluster
from .rounds import rounds_of
from .task import Candidate, Notes, Task
from .webster import webster_within


@dataclass(frozen=True, slots=True)
class Seat:
    """One cluster in a division."""

    candidate: Candidate
    vote: int
    least: int
    most: int
    kept: int = 0
    """Replicas that stay where they are and give the cluster no less claim to more."""

    @property
    def name(self) -> str:
        return self.candidate.name


def weightless(task: Task, cluster: Cluster) -> Level | None:
    """The level at which the cluster's group has no weight, so that it gets nothing."""
    return next((level for level in task.placement.hierarchy if level.weight(level.group(cluster)) <= 0), None)


def in_turn(levels: Sequence[Level], spans: Sequence[Span]) -> list[Span]:
    """The clusters in the order in which their groups would come to a replica each."""
    if not levels:
        return list(spans)
    level = levels[0]
    groups: dict[str, list[Span]] = {}
    for span in spans:
        groups.setdefault(level.group(span.candidate.cluster), []).append(span)
    queues = {name: iter(in_turn(levels[1:], members)) for name, members in groups.items()}
    claims = [(-float(level.weight(name)), 0, name) for name in sorted(queues)]
    heapq.heapify(claims)
    order = []
    while claims:
        _claim, taken, name = heapq.heappop(claims)
        following = next(queues[name], None)
        if following is not None:
            order.append(following)
            heapq.heappush(claims, (-level.weight(name) / (2 * taken + 3), taken + 1, name))
    return order


def apportion(task: Task, replicas: int, seats: Sequence[Seat], mode: str, notes: Notes) -> dict[str, int]:
    """Divide so many replicas level by level, and write each level down."""
    return _Division(task, mode, notes).among_groups(task.placement.hierarchy, replicas, seats, ())


@dataclass(frozen=True, slots=True)
class _Division:
    task: Task
    mode: str
    notes: Notes

    def among_groups(
        self, levels: Sequence[Level], replicas: int, seats: Sequence[Seat], inside: tuple[str, ...]
    ) -> dict[str, int]:
        if not levels:
            return self.among_clusters(replicas, seats, inside)
        level, groups = levels[0], {}  # type: Level, dict[str, list[Seat]]
        for seat in seats:
            groups.setdefault(level.group(seat.candidate.cluster), []).append(seat)
        weights = {name: level.weight(name) for name in groups}
        least = {name: sum(seat.least for seat in members) for name, members in groups.items()}
        most = {name: sum(seat.most for seat in members) for name, members in groups.items()}
        where = {"level": level.title, **_where(inside)}
        favour = {name: sum(self._favour(seat) for seat in members) for name, members in groups.items()}
        shares = self.divide(replicas, weights, least, most, where, dict.fromkeys(groups, 0), favour)
        result: dict[str, int] = {}
        for name, members in sorted(groups.items()):
            result.update(self.among_groups(levels[1:], shares[name], members, (*inside, f"{level.title} {name}")))
        return result

    def among_clusters(self, replicas: int, seats: Sequence[Seat], inside: tuple[str, ...]) -> dict[str, int]:
        kept = {seat.name: seat.kept for seat in seats}
        least = {seat.name: seat.least for seat in seats}
        most = {seat.name: seat.most for seat in seats}
        votes = {seat.name: seat.vote for seat in seats}
        favour = {seat.name: self._favour(seat) for seat in seats}
        return self.divide(replicas, votes, least, most, _where(inside), kept, favour)

    def _favour(self, seat: Seat) -> int:
        return (self.task.favour or {}).get(seat.name, 0)

    def divide(
        self,
        replicas: int,
        votes: Mapping[str, int],
        least: Mapping[str, int],
        most: Mapping[str, int],
        where: JSON,
        kept: Mapping[str, int],
        favour: Mapping[str, int],
    ) -> dict[str, int]:
        """Divide what is not kept, and write it down."""
        uid = self.task.request.workload.uid
        missing = replicas - sum(kept.values())
        floors = {name: least[name] - kept[name] for name in votes}
        room = {name: most[name] - kept[name] for name in votes}
        won = webster_within(missing, votes, least=floors, most=room, uid=uid, favour=favour)
        result = {name: kept[name] + more for name, more in won.items()}

        def step() -> JSON:
            told = {}
            if self.task.tells_rounds:
                told = rounds_of(missing, votes, least=floors, most=room, uid=uid, favour=favour)
            return {
                "strategy": self.task.strategy.value,
                "mode": self.mode,
                **where,
                "replicas": replicas,
                "weights": dict(sorted(votes.items())),
                "least": _without_zeros(least),
                "most": dict(sorted(most.items())),
                "before": _without_zeros(kept),
                "result": result,
                **told,
            }

        self.notes.divisions.append(step)
        return result


def _where(inside: Sequence[str]) -> dict[str, str]:
    return {"inside": ", ".join(inside)} if inside else {}


def _without_zeros(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in sorted(numbers.items()) if number}
