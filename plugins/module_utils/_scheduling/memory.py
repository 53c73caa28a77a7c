# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory: what was found out about the clusters already, so that the next application need not ask again.

A decision made by itself begins with an empty one. When a whole fleet is placed, thousands of applications share one:
each distinct placement is read once and put to the clusters once, and each size of replica is counted once, then only
again where something was promised since.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from .lineup import Lineup
from .placement import Placement
from .request import JSON, Cluster, Target

if TYPE_CHECKING:
    from .estimate import Taken
    from .rejection import Rejection
    from .task import Candidate

T = TypeVar("T")

KEPT = 256
"""Answers kept of each sort; beyond that the oldest goes, so that ten thousand distinct questions stay in bounds."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who passes the filters, in the order of the clusters."""

    verdicts: list[tuple[Cluster, int | Rejection]]
    passed: list[tuple[Cluster, int]]
    """With the overflow tier."""
    rejected: list[tuple[str, Rejection]]


@dataclass(slots=True)
class _Room:
    """What was counted for one size of replica, and up to which promise that is true."""

    counts: dict[str, int] = field(default_factory=dict)
    seen: int = 0


class Memory:
    """Answers about the clusters of one fleet."""

    def __init__(self, clusters: Iterable[Cluster], taken: Mapping[str, Taken] | None = None) -> None:
        self.clusters = {cluster.name: cluster for cluster in clusters}
        self.taken: dict[str, Taken] = dict(taken or {})
        """Per cluster, what was promised a moment ago and its facts do not show yet."""
        self.promised: list[str] = []
        """The clusters in which something was promised, in the order in which it was."""
        self._placements: dict[str, Placement] = {}
        self._admissions: dict[Hashable, Admission] = {}
        self._weights: dict[Hashable, dict[str, int]] = {}
        self._rooms: dict[Hashable, _Room] = {}
        self._targets: dict[Hashable, tuple[Target, ...]] = {}

    def placement(self, data: JSON) -> Placement:
        """The placement, read. Equal ones are read once, and are one object from then on."""
        text = repr(data)
        found = self._placements.get(text)
        if found is None:
            found = self._placements[text] = Placement.from_dict(data)
        return found

    def admission(self, question: Hashable) -> Admission | None:
        """Who passes the filters of this question; None when it was not put yet."""
        return self._admissions.get(question)

    def admit(self, question: Hashable, answer: Admission) -> None:
        _keep(self._admissions, question, answer)

    def weights(self, question: Hashable) -> dict[str, int]:
        """The static weights known so far, by cluster; to be added to."""
        found = self._weights.get(question)
        return _keep(self._weights, question, {}) if found is None else found

    def room(self, question: Hashable) -> dict[str, int]:
        """The counts known so far and still true, by cluster; to be added to."""
        room = self._rooms.get(question)
        if room is None:
            room = _keep(self._rooms, question, _Room(seen=len(self.promised)))
        missed = len(self.promised) - room.seen
        if missed > len(room.counts):
            room.counts.clear()
        elif missed:
            for name in self.promised[-missed:]:
                room.counts.pop(name, None)
        room.seen = len(self.promised)
        return room.counts

    def lineup(self, question: Hashable) -> Lineup | None:
        """Candidates kept from a decision before; never here, where they still serve the explanation of that."""
        return None

    def line_up(self, question: Hashable, ranked: list[Candidate]) -> None:
        """Keep these candidates."""

    def targets(self, result: Mapping[str, int]) -> tuple[Target, ...]:
        """The result in order; where many get the same, as of a duplicated workload, it is kept once."""
        shares = tuple(sorted(result.items()))
        found = self._targets.get(shares)
        if found is None:
            found = _keep(self._targets, shares, tuple(Target(name, replicas) for name, replicas in shares))
        return found

    def promise(self, taken: Mapping[str, Taken]) -> None:
        """From now on this is taken in these clusters."""
        self.taken.update(taken)
        self.promised.extend(taken)


class LongMemory(Memory):
    """A memory for thousands of decisions; only for those whose reasons are never read from them.

    Their candidates are handed on from one decision to the next.
    """

    def __init__(self, clusters: Iterable[Cluster], taken: Mapping[str, Taken] | None = None) -> None:
        super().__init__(clusters, taken)
        self._lineups: dict[Hashable, Lineup] = {}

    def lineup(self, question: Hashable) -> Lineup | None:
        return self._lineups.get(question)

    def line_up(self, question: Hashable, ranked: list[Candidate]) -> None:
        _keep(self._lineups, question, Lineup(ranked, len(self.promised)))


def _keep(kept: dict[Hashable, T], question: Hashable, answer: T) -> T:
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]
    kept[question] = answer
    return answer
