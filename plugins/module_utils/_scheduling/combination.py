# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Combinations: clusters that are all used, and hold just so many replicas together within their bounds.

The choice of clusters looks at what each can hold, not at the least that it asks for (minReplicas). Where few clusters
or groups are allowed, the largest may ask for too many, though others would do. Then, and only then, combinations are
tried one by one, the largest clusters first; what asks for too many, or cannot hold enough, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from .bounds import Span
from .placement import Spread
from .search import WORK
from .spreading import groups_of
from .task import Candidate, Task


def combine(
    task: Task, spans: Sequence[Span], spreads: Iterable[Sequence[Spread]], more_than: int
) -> list[Candidate] | None:
    """Clusters that keep the spread constraints and hold more than so many of the replicas, all of them if any do.

    What runs stays where that is possible, and always where only a part is placed. None when no combination holds more,
    or none was found with reasonable work.

    :param spreads: the constraints, and what may be kept instead where no combination keeps them.
    """
    used = [replace(span, least=max(span.least, 1)) for span in spans]
    running = [] if task.fresh else [span for span in used if task.current.get(span.name)]
    for kept in spreads:
        for staying in ([running] if task.partly else [running, []]) if running else [[]]:
            found = _Search(used, kept, task.replicas, more_than).best_with(staying)
            if found is not None:
                return found
    return None


@dataclass(frozen=True, slots=True)
class _Taken:
    """Clusters taken together."""

    spans: tuple[Span, ...] = ()
    least: int = 0
    most: int = 0
    covered: tuple[frozenset[str], ...] = ()
    """The groups of each spread constraint in which they stand."""

    def plus(self, span: Span, spreads: Sequence[Spread]) -> _Taken:
        covered = zip(self.covered, spreads, strict=True)
        return _Taken(
            (*self.spans, span),
            self.least + span.least,
            self.most + span.most,
            tuple(groups.union(groups_of(span.candidate, spread)) for groups, spread in covered),
        )


class _Search:
    def __init__(self, spans: Iterable[Span], spreads: Sequence[Spread], replicas: int, more_than: int) -> None:
        self.replicas = replicas
        self.spreads = spreads
        self.spans = sorted(spans, key=lambda span: -span.most)
        self.value = more_than
        """What the best so far holds, and anything better has to exceed."""
        self.work = WORK // 5

    def best_with(self, staying: Sequence[Span]) -> list[Candidate] | None:
        """The best combination with these among it; None when there is none."""
        names = {span.name for span in staying}
        others = [span for span in self.spans if span.name not in names]
        room = [0, *accumulate(span.most for span in others)]
        start = _Taken(covered=tuple(frozenset() for _spread in self.spreads))
        for span in staying:
            start = start.plus(span, self.spreads)
        best: _Taken | None = None
        left = [(start, 0)] if self._allowed(start) else []
        while left and self.value < self.replicas and self.work > 0:
            taken, begin = left.pop()
            held = min(taken.most, self.replicas)
            if held > self.value and self._covers(taken):
                best, self.value = taken, held
            left += [*self._following(taken, begin, others, room)][::-1]
        return None if best is None else [span.candidate for span in best.spans]

    def _following(
        self, taken: _Taken, begin: int, others: Sequence[Span], room: Sequence[int]
    ) -> Iterator[tuple[_Taken, int]]:
        """The same with one cluster more, of those that come later."""
        limits = [spread.max_groups for spread in self.spreads if spread.field == "cluster" and spread.max_groups]
        slots = min(limits, default=len(others))
        for index in range(begin, len(others)):
            last = min(index + max(slots - len(taken.spans), 0), len(others))
            if min(taken.most + room[last] - room[index], self.replicas) <= self.value:
                return
            self.work -= 1
            more = taken.plus(others[index], self.spreads)
            if self._allowed(more):
                yield more, index + 1

    def _allowed(self, taken: _Taken) -> bool:
        return taken.least <= self.replicas and all(
            not spread.max_groups or len(groups) <= spread.max_groups
            for groups, spread in zip(taken.covered, self.spreads, strict=True)
        )

    def _covers(self, taken: _Taken) -> bool:
        return all(len(groups) >= spread.min_groups for groups, spread in zip(taken.covered, self.spreads, strict=True))
