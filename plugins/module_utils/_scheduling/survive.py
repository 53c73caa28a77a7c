# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which losses a fleet would not survive: `any 1 cluster`, `any 2 clusters`, `any 1 region`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

from .changes import known_keys, values_of
from .errors import RequestError
from .request import Cluster
from .room import total
from .validate import nearest
from .what_if import Fleet, Outcome, loss

_FORM = re.compile(r"(?:any\s+)?(?:(\d+|one|two|three)\s+)?(\S+)", re.IGNORECASE)
_NUMBERS = {"one": 1, "two": 2, "three": 3}


@dataclass(frozen=True, slots=True)
class Demand:
    """So many clusters, regions, zones, providers or labelled groups may be lost at once."""

    count: int
    by: str

    def __str__(self) -> str:
        return f"any {self.count} {self.by}{'s' if self.count > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss that not everything survives."""

    groups: tuple[str, ...]
    """What is lost, in the words of the demand."""
    clusters: tuple[str, ...]
    short: tuple[Outcome, ...]
    """The applications that fall short."""

    @property
    def unplaced(self) -> int:
        return sum(count for outcome in self.short for count in outcome.unplaced.values())

    @property
    def missing(self) -> dict[str, int]:
        """Resources that would have to be added, in billionths."""
        return total(outcome.shortage.resources for outcome in self.short)

    @property
    def missing_replicas(self) -> int:
        return sum(outcome.shortage.replicas for outcome in self.short)

    @property
    def scarce(self) -> str | None:
        """The resource that most of what is missing is missing of."""
        votes: Counter[str] = Counter()
        for outcome in self.short:
            if outcome.shortage.scarce is not None:
                votes[outcome.shortage.scarce] += max(outcome.shortage.replicas, 1)
        return min(votes, key=lambda name: (-votes[name], name)) if votes else None


@dataclass(frozen=True, slots=True)
class Survival:
    """How a fleet meets a demand."""

    demand: Demand
    possible: int
    tried: int
    losses: tuple[Loss, ...]
    """Those that are not survived."""

    @property
    def cut(self) -> bool:
        """Whether losses were left untried."""
        return self.tried < self.possible


def read_demand(text: str, clusters: Iterable[Cluster]) -> Demand:
    """The demand in a text such as `any 2 clusters`.

    :raises RequestError: it is none, or nothing carries such a label.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise RequestError("survive", f"{text!r} is none such as 'any 1 cluster', 'any 2 clusters' or 'any 1 region'")
    number, by = (match[1] or "1").lower(), match[2]
    known = known_keys(clusters)
    if by not in known and by.endswith("s") and by[:-1] in known:
        by = by[:-1]
    if by not in known:
        meant = nearest(by, known)
        hint = f" (did you mean {meant}?)" if meant else f"; known are {', '.join(known[:20])}"
        raise RequestError("survive", f"{by} is neither a field nor a label of any cluster{hint}")
    count = _NUMBERS.get(number) or int(number)
    if count < 1:
        raise RequestError("survive", f"{text!r} asks for the loss of nothing")
    return Demand(count, by)


def survive(fleet: Fleet, demand: Demand, limit: int) -> Survival:
    """Try the losses that the demand speaks of, those that take most first.

    :param fleet: a settled one.
    :param limit: how many losses are tried at most.
    """
    groups = _groups(fleet, demand.by)
    running = replicas_in(fleet)
    order = sorted(groups, key=lambda name: (-sum(running.get(each, 0) for each in groups[name]), name))
    possible = comb(len(order), demand.count)
    failed = []
    for names in islice(combinations(order, demand.count), limit):
        clusters = tuple(sorted({cluster for name in names for cluster in groups[name]}))
        short = tuple(outcome for outcome in loss(fleet, frozenset(clusters)).outcomes if outcome.falls_short)
        if short:
            failed.append(Loss(tuple(sorted(names)), clusters, short))
    return Survival(demand, possible, min(possible, limit), tuple(failed))


def replicas_in(fleet: Fleet) -> Mapping[str, int]:
    """Replicas of the applications in each cluster."""
    counts: Counter[str] = Counter()
    for application in fleet.applications.values():
        for targets in application.current.values():
            for target in targets:
                counts[target.name] += target.replicas
    return counts


def _groups(fleet: Fleet, by: str) -> dict[str, list[str]]:
    """Clusters by what they say; one that says nothing can't be lost this way, one that says two things by either."""
    groups: dict[str, list[str]] = {}
    for cluster in fleet.clusters:
        for value in values_of(cluster, by):
            groups.setdefault(value, []).append(cluster.name)
    return groups
