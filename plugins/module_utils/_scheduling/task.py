# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One attempt at placing one workload: what all steps need to know, and the clusters still in the race."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .decision import NO_SCORES, Scores, Verdict
from .estimate import Taken
from .memory import Memory
from .placement import Placement, Spread, Strategy, Term
from .request import JSON, KARMADA, RESCHEDULE, ROUNDS, Cluster, Request
from .scorers import FREE_CAPACITY
from .selector import ClusterAffinity

Judge = Callable[[dict[str, Verdict]], None]
"""Writes its verdicts."""

Writer = Callable[[], JSON]
"""Writes one step down."""


def wrapped(number: int) -> int:
    """The number as 32 bits hold it: what Karmada's arithmetic makes of one that is too large."""
    return (number + 2**31) % 2**32 - 2**31


@dataclass(slots=True, eq=False)
class Candidate:
    """A cluster that passed the filters."""

    name: str
    cluster: Cluster
    tier: int
    available: int
    """Replicas that still fit."""
    assigned: int
    """Replicas that run there now."""
    weight: int = 0
    """With static weights, the weight of the cluster."""
    scores: Scores = NO_SCORES
    least: int = 0
    """When it is used, it gets at least so many (minReplicas)."""
    most: int | None = None
    """It gets at most so many (maxReplicas)."""

    @property
    def capacity(self) -> int:
        held = self.available + self.assigned
        return held if self.most is None or held < self.most else self.most


@dataclass(slots=True)
class Notes:
    """What the steps have to say for the explanation; written down only when somebody asks for it."""

    groups: list[Callable[[], Sequence[JSON]]] = field(default_factory=list)
    divisions: list[Writer] = field(default_factory=list)
    shortfalls: list[str] = field(default_factory=list)
    """Why not everything was placed, when placing a part is allowed."""
    judges: list[Judge] = field(default_factory=list)

    def extend(self, more: Notes) -> None:
        """Take these over."""
        self.groups += more.groups
        self.divisions += more.divisions
        self.shortfalls += more.shortfalls
        self.judges += more.judges

    def verdicts(self) -> dict[str, Verdict]:
        """A verdict per cluster; where several steps judged one, the last."""
        verdicts: dict[str, Verdict] = {}
        for judge in self.judges:
            judge(verdicts)
        return verdicts

    def group_steps(self) -> Sequence[JSON]:
        return [step for write in self.groups for step in write()]

    def division_steps(self) -> Sequence[JSON]:
        return [write() for write in self.divisions]


@dataclass(frozen=True, slots=True)
class Task:
    """The request, read, together with the affinity group of this attempt."""

    request: Request
    placement: Placement
    term: Term
    current: Mapping[str, int]
    memory: Memory
    taken: Mapping[str, Taken] = field(default_factory=dict)
    """What is taken in the clusters where this application was promised something itself; memory knows the others."""
    serving: tuple[tuple[str, str], ...] = ()
    """(apiVersion, kind) a cluster must serve beside the workload's own."""
    partly: bool = False
    """Whether this attempt places what fits."""
    settled: tuple[Spread, ...] = ()
    """Spread constraints for which the clusters are chosen already; the division still keeps their minimums."""
    uses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """With balance and several workloads: what these use per cluster now, in billionths."""
    leads: bool = False
    """Whether it goes where it finds room although its application group stands elsewhere."""

    @property
    def karmada(self) -> bool:
        return self.request.compatibility == KARMADA

    @property
    def replicas(self) -> int:
        return self.request.workload.replicas or 0

    @property
    def strategy(self) -> Strategy:
        return self.placement.strategy

    @property
    def divides(self) -> bool:
        """Whether replicas are handed out at all; an object without replicas is simply there or not."""
        workload = self.request.workload
        if self.karmada:
            return self.replicas > 0 or workload.resource_request is not None
        return self.replicas > 0

    @property
    def overflows(self) -> bool:
        """Whether it may go beyond its affinity group; what has no replicas needs no room."""
        counted = self.divides if self.karmada else self.request.workload.replicas is not None
        return counted and self.term.overflows

    @property
    def tiers(self) -> tuple[ClusterAffinity, ...]:
        """The affinity group, then the overflow groups that come into question."""
        return self.term.tiers if self.overflows else self.term.tiers[:1]

    @property
    def fresh(self) -> bool:
        return self.request.trigger == RESCHEDULE

    @property
    def sticky(self) -> bool:
        """Whether replicas that run stay where they are."""
        return self.strategy.counts_capacity and not self.fresh

    @property
    def favour(self) -> Mapping[str, int] | None:
        """What of equal claims is served first: with static weights, which move what they will, that which runs."""
        return self.current if self.strategy is Strategy.STATIC and not (self.karmada or self.fresh) else None

    @property
    def bounded(self) -> bool:
        """Whether the division has to mind more than Karmada's rules."""
        placement = self.placement
        return not self.karmada and bool(placement.bounds or placement.hierarchy or self.partly)

    @property
    def tells_rounds(self) -> bool:
        return self.request.explain == ROUNDS

    @property
    def honours_spread(self) -> bool:
        return bool(self.placement.spread) and not (self.karmada and self.placement.spread_ignored_by_karmada)

    @property
    def spread(self) -> tuple[Spread, ...]:
        """The spread constraints that the answer has to keep."""
        return self.placement.spread if self.honours_spread else self.settled

    @property
    def asks_capacity(self) -> bool:
        """Whether the answer can depend on what the clusters have room for."""
        return self.strategy.counts_capacity or self.honours_spread or self.overflows or self.scores_by_capacity

    @property
    def scores_by_capacity(self) -> bool:
        """Whether points depend on what fits."""
        scoring = self.placement.scoring
        return scoring is not None and not self.karmada and scoring.counts(FREE_CAPACITY)
