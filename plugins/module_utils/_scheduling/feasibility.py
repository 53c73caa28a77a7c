# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place an application on what there is, and where that does not do, on what machine sets could add.

As few machines as will do are counted on, the cheapest first; machines that are on their way already come before any
others. What is placed now is placed without any of this: only what would not fit otherwise makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .application import Application, ApplicationDecision, place
from .machine_sets import MachineSet, grown
from .request import KARMADA, Cluster

Ask = Callable[[tuple[Cluster, ...]], Application]
"""The question about clusters as they are given."""

FITS_NOW = "now"
FITS_LATER = "later"
INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether it fits, and what has to be added first."""

    verdict: str
    machines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Machines to add by cluster and set."""
    upcoming: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Machines on their way that are counted on, by cluster and set."""
    seconds: int | None = None
    """Until the slowest of them is a node; None when nobody told."""
    cost_per_hour: float | None = None
    """Of what is added; None when a price is not known."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """What allows no more, by cluster and set."""

    def __str__(self) -> str:
        if self.verdict == FITS_NOW:
            return "fits now"
        if self.verdict == INFEASIBLE:
            limits = "; ".join(f"{name}: {limit}" for name, limit in self.limits.items())
            return f"infeasible{f': {limits}' if limits else ': no machine set could help'}"
        parts = [
            f"{many} {name} in {cluster}" for cluster, sets in self.machines.items() for name, many in sets.items()
        ]
        waits = [
            f"{many} {name} in {cluster}" for cluster, sets in self.upcoming.items() for name, many in sets.items()
        ]
        text = f"fits after adding {', '.join(parts)}" if parts else f"fits when {', '.join(waits)} are there"
        if self.seconds is not None:
            text += f", about {_duration(self.seconds)}"
        if parts:
            text += f", {self.cost_per_hour:.4g} per hour" if self.cost_per_hour is not None else ", price not known"
        return text

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "message": str(self),
            "machines": {cluster: dict(sets) for cluster, sets in self.machines.items()},
            "upcoming": {cluster: dict(sets) for cluster, sets in self.upcoming.items()},
            "seconds": self.seconds,
            "costPerHour": self.cost_per_hour,
            "limits": dict(self.limits),
        }


@dataclass(frozen=True, slots=True)
class Grown:
    """A decision, and what it counts on."""

    decision: ApplicationDecision
    feasibility: Feasibility


def place_with_growth(ask: Ask, clusters: tuple[Cluster, ...]) -> Grown:
    """Where the application goes, and which machines have to be added for that."""
    application = ask(clusters)
    now = place(application)
    if _fits(now):
        return Grown(now, Feasibility(FITS_NOW))
    units = [] if application.compatibility == KARMADA else _cheapest_first(clusters)
    found = _placed(ask, clusters, _first(units, _all(units)))
    if not units or not _better(found, now):
        return Grown(now, Feasibility(INFEASIBLE, limits=_limits(units)))
    added = _least(units, lambda added: not _better(found, _placed(ask, clusters, added)))
    decision = _placed(ask, clusters, added)
    return Grown(decision, _feasibility(units, added, decision))


@dataclass(frozen=True, slots=True)
class _Unit:
    """A machine set of a cluster."""

    cluster: str
    machine_set: MachineSet

    @property
    def key(self) -> tuple[str, str]:
        return self.cluster, self.machine_set.name


_Added = Mapping[tuple[str, str], int]
"""Machines by cluster and set."""


def _cheapest_first(clusters: Iterable[Cluster]) -> list[_Unit]:
    units = [_Unit(cluster.name, each) for cluster in clusters for each in cluster.machine_sets]

    def rank(unit: _Unit) -> tuple[float, float, str, str]:
        cost, seconds = unit.machine_set.cost_per_hour, unit.machine_set.seconds_to_create
        return (
            float("inf") if cost is None else cost,
            float("inf") if seconds is None else seconds,
            unit.cluster,
            unit.machine_set.name,
        )

    return sorted(units, key=rank)


def _fits(decision: ApplicationDecision) -> bool:
    return decision.error is None and decision.unplaced == 0


def _better(one: ApplicationDecision, other: ApplicationDecision) -> bool:
    """Whether one places more than the other."""
    return _missing(one) < _missing(other)


def _missing(decision: ApplicationDecision) -> tuple[bool, int]:
    return decision.error is not None, decision.unplaced


def _placed(ask: Ask, clusters: Sequence[Cluster], added: _Added) -> ApplicationDecision:
    by_cluster: dict[str, dict[str, int]] = {}
    for (cluster, name), many in added.items():
        by_cluster.setdefault(cluster, {})[name] = many
    return place(ask(tuple(grown(cluster, by_cluster.get(cluster.name, {})) for cluster in clusters)))


def _least(units: Sequence[_Unit], enough: Callable[[_Added], bool]) -> _Added:
    """As few machines as are enough: first by number, cheap ones first; then each set by itself as far down as it goes."""
    total = _search(_all(units), lambda many: enough(_first(units, many)))
    found = dict(_first(units, total))
    for unit in reversed(units):
        found[unit.key] = _search(found[unit.key], partial(_enough_with, enough, found, unit.key))
    return found


def _enough_with(enough: Callable[[_Added], bool], others: _Added, key: tuple[str, str], many: int) -> bool:
    return enough({**others, key: many})


def _all(units: Iterable[_Unit]) -> int:
    return sum(unit.machine_set.addable for unit in units)


def _first(units: Iterable[_Unit], many: int) -> _Added:
    found: dict[tuple[str, str], int] = {}
    for unit in units:
        found[unit.key] = min(unit.machine_set.addable, many)
        many -= found[unit.key]
    return found


def _search(most: int, enough: Callable[[int], bool]) -> int:
    """The least number that is enough; `most` is."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _feasibility(units: Sequence[_Unit], added: _Added, decision: ApplicationDecision) -> Feasibility:
    machines: dict[str, dict[str, int]] = {}
    upcoming: dict[str, dict[str, int]] = {}
    used = [
        unit for unit in units if unit.cluster in decision.clusters and (added[unit.key] or unit.machine_set.upcoming)
    ]
    for unit in used:
        for target, number in ((machines, added[unit.key]), (upcoming, unit.machine_set.upcoming)):
            if number:
                target.setdefault(unit.cluster, {})[unit.machine_set.name] = number
    prices = [(added[unit.key], unit.machine_set.cost_per_hour) for unit in used if added[unit.key]]
    known = all(price is not None for _many, price in prices)
    times = [unit.machine_set.seconds_to_create for unit in used]
    return Feasibility(
        verdict=FITS_LATER,
        machines=machines,
        upcoming=upcoming,
        seconds=max((time for time in times if time is not None), default=None),
        cost_per_hour=round(sum(many * (price or 0.0) for many, price in prices), 6) if known else None,
        limits={} if _fits(decision) else _limits(units),
    )


def _limits(units: Iterable[_Unit]) -> dict[str, str]:
    return {f"{unit.cluster}/{unit.machine_set.name}": unit.machine_set.limit or "not enough" for unit in units}


def _duration(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes"
