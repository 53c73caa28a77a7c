# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One attempt at placing one workload: what all steps need to know, and the clusters still in the race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .decision import NO_SCORES, Scores, Verdict
from .estimate import Taken
from .placement import Placement, Strategy, Term
from .request import JSON, KARMADA, RESCHEDULE, Cluster, Request

Judge = Callable[[dict[str, Verdict]], None]
"""Writes its verdicts."""


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

    @property
    def capacity(self) -> int:
        return self.available + self.assigned


@dataclass(slots=True)
class Notes:
    """What the steps write down for the explanation; the verdicts only when somebody asks for them."""

    groups: list[JSON] = field(default_factory=list)
    divisions: list[JSON] = field(default_factory=list)
    judges: list[Judge] = field(default_factory=list)

    def verdicts(self) -> dict[str, Verdict]:
        """A verdict per cluster; where several steps judged one, the last."""
        verdicts: dict[str, Verdict] = {}
        for judge in self.judges:
            judge(verdicts)
        return verdicts


@dataclass(frozen=True, slots=True)
class Task:
    """The request, read, together with the affinity group of this attempt."""

    request: Request
    placement: Placement
    term: Term
    current: Mapping[str, int]
    taken: Mapping[str, Taken] = field(default_factory=dict)
    serving: tuple[tuple[str, str], ...] = ()
    """(apiVersion, kind) a cluster must serve beside the workload's own."""

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
    def fresh(self) -> bool:
        return self.request.trigger == RESCHEDULE

    @property
    def honours_spread(self) -> bool:
        return bool(self.placement.spread) and not (self.karmada and self.placement.spread_ignored_by_karmada)

    @property
    def asks_capacity(self) -> bool:
        """Whether the answer can depend on what the clusters have room for."""
        return self.strategy.counts_capacity or self.honours_spread or self.term.overflows
