# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scorers a user can give weight to: each brings what it looks at to one scale from 0 to 100.

A cluster of which a scorer knows nothing gets 50 from it: no fact speaks neither for nor against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .forms import JSON

STICKINESS = "stickiness"
FREE_CAPACITY = "freeCapacity"
BALANCE = "balance"
COST = "cost"
APPLICATION_AFFINITY = "applicationAffinity"
DATA_LOCALITY = "dataLocality"

SCORERS = (STICKINESS, FREE_CAPACITY, BALANCE, COST, APPLICATION_AFFINITY, DATA_LOCALITY)
NEUTRAL = 50.0

# A preference for neighbours does not move what runs, one for data does: data is heavier than a workload.
_DEFAULTS = {STICKINESS: 1.0, APPLICATION_AFFINITY: 0.5, DATA_LOCALITY: 10.0}


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each scorer counts; those that count nothing are left out."""

    by_name: tuple[tuple[str, float], ...]
    """In the order of SCORERS."""
    chosen: bool
    """Whether the user chose them (`scoring`); if not, they are there for a preference alone."""

    @classmethod
    def from_dict(cls, scoring: JSON | None, *, affinity: bool, data: bool) -> Weights | None:
        """None when stickiness alone counts, as it always did.

        :param affinity: whether neighbours are preferred or shunned.
        :param data: whether data is preferred.
        """
        if scoring is None and not affinity and not data:
            return None
        given = scoring or {}
        used = {APPLICATION_AFFINITY: affinity, DATA_LOCALITY: data}
        found = (
            (name, float(_DEFAULTS.get(name, 0) if given.get(name) is None else given[name]))
            for name in SCORERS
            if used.get(name, True)
        )
        return cls(tuple((name, weight) for name, weight in found if weight > 0), scoring is not None)

    def counts(self, name: str) -> bool:
        return any(scorer == name for scorer, _weight in self.by_name)

    @property
    def steady(self) -> bool:
        """Whether placing others changes no points: nobody's room and nobody's neighbours are looked at."""
        return not any(name in (FREE_CAPACITY, BALANCE, APPLICATION_AFFINITY) for name, _weight in self.by_name)

    def means(self, columns: Sequence[Sequence[float]], count: int) -> list[float]:
        """The weighted mean for each of so many clusters, cut to what a person would write down.

        :param columns: the points of each scorer, in the order of `by_name`.
        """
        whole = sum(weight for _name, weight in self.by_name)
        totals = [0.0] * count
        for (_name, weight), points in zip(self.by_name, columns, strict=True):
            share = weight / whole
            totals = [total + share * point for total, point in zip(totals, points, strict=True)]
        return [round(total, 4) for total in totals]


def share_of_most(raw: list[float | None]) -> list[float]:
    """The most is 100, the others in proportion."""
    most = max((value for value in raw if value is not None), default=0.0)
    return [NEUTRAL if value is None else round(100 * value / most, 4) if most > 0 else NEUTRAL for value in raw]


def share_of_least(raw: list[float | None]) -> list[float]:
    """The least is 100; twice as much is 50. What is free leaves nothing to those that are not."""
    least = min((value for value in raw if value is not None), default=0.0)
    return [NEUTRAL if value is None else 100.0 if value <= least else round(100 * least / value, 4) for value in raw]


def rest_to_full(raw: list[float | None]) -> list[float]:
    """What is missing to 100."""
    return [NEUTRAL if value is None else min(max(100 - value, 0.0), 100.0) for value in raw]
