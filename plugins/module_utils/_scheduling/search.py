# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last resort of the choice of groups: look through all choices, where the best guesses of groups.py all failed.

With one constraint beside that on clusters, and every cluster in one group, the largest choice is computed: over all
numbers of groups and clusters, group by group. With several constraints that cross each other, or with clusters in
several zones, no quick way is known to anybody; there, groups are struck off one by one, the smallest first, and what
cannot hold the replicas is not followed. That search is given up after about a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .placement import Spread
from .spreading import covering, groups_of
from .task import Candidate

WORK = 150_000
"""Clusters looked at in all steps together before a search is given up: about a second."""

Held = Callable[[Candidate], int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    clusters: list[Candidate] | None
    """None when there is no such choice, or none was found."""
    complete: bool = True
    """Whether every choice was looked at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a choice of clusters has to keep."""

    fields: Sequence[Spread]
    least: int
    """Clusters."""
    most: int
    enough: int
    """Replicas that the clusters have to hold together; more than that is of no use."""

    def as_far_as_there_are(self, clusters: Sequence[Candidate]) -> Limits:
        """The same with no minimum above what these clusters have."""
        fields = [
            replace(spread, min_groups=min(spread.min_groups, len(self.groups(clusters, spread))))
            for spread in self.fields
        ]
        return replace(self, fields=fields, least=min(self.least, len(clusters)))

    def without_minimums(self) -> Limits:
        return replace(self, fields=[replace(spread, min_groups=1) for spread in self.fields], least=1)

    def narrowed(self, clusters: Sequence[Candidate], staying: Sequence[Candidate]) -> Iterator[Limits]:
        """The same with fewer groups allowed: those that are wanted or stay, then one more of each field, and so on."""
        first = [max(spread.min_groups, len(self.groups(staying, spread))) for spread in self.fields]
        last = [spread.max_groups or len(self.groups(clusters, spread)) for spread in self.fields]
        for more in range(max(end - begin for begin, end in zip(first, last, strict=True))):
            fields = [
                replace(spread, max_groups=min(begin + more, end))
                for spread, begin, end in zip(self.fields, first, last, strict=True)
            ]
            yield replace(self, fields=fields)

    def groups(self, clusters: Iterable[Candidate], spread: Spread) -> set[str]:
        return {group for each in clusters for group in groups_of(each, spread)}

    def spreads(self, clusters: Sequence[Candidate]) -> bool:
        """Whether these are enough clusters in enough groups."""
        return len(clusters) >= self.least and all(
            len(self.groups(clusters, spread)) >= spread.min_groups for spread in self.fields
        )

    def crowded(self, clusters: Sequence[Candidate]) -> Spread | None:
        """A constraint of which these clusters stand in too many groups."""
        return next(
            (
                spread
                for spread in self.fields
                if spread.max_groups and len(self.groups(clusters, spread)) > spread.max_groups
            ),
            None,
        )


def largest_choice(
    clusters: Sequence[Candidate],
    limits: Limits,
    held: Held,
    *,
    staying: Sequence[Candidate] = (),
    at_least: int = 0,
    work: int = WORK,
) -> Found:
    """The clusters, given in rank, that hold enough within the limits, or most of what any can hold.

    :param staying: clusters that have to be among them.
    :param at_least: what they have to hold.
    """
    (*others, only) = limits.fields
    if not others and not staying and only.max_groups and all(len(groups_of(each, only)) == 1 for each in clusters):
        found = _largest_of_one_field(clusters, only, limits, held)
        return Found(found if found is not None and sum(map(held, found)) >= at_least else None)
    search = _Search(limits, held, staying, at_least - 1, work)
    search.strike(list(clusters), {spread: frozenset(limits.groups(staying, spread)) for spread in limits.fields})
    return Found(search.best, search.work >= 0)


def _largest_of_one_field(
    clusters: Sequence[Candidate], spread: Spread, limits: Limits, held: Held
) -> list[Candidate] | None:
    """Exact: `best[k][m]` is the most that m clusters in k groups hold, and `tables` says how it came about."""
    members: dict[str, list[Candidate]] = {}
    for each in sorted(clusters, key=lambda each: -held(each)):
        members.setdefault(groups_of(each, spread)[0], []).append(each)
    groups = [members[name] for name in sorted(members)]
    most_groups = min(spread.max_groups or len(groups), len(groups))
    most = min(limits.most, len(clusters))
    none = -1
    best = [[none] * (most + 1) for _groups in range(most_groups + 1)]
    best[0][0] = 0
    tables = [best]
    for group in groups:
        before, best = best, [list(row) for row in best]
        for count in range(1, most_groups + 1):
            row, sums = best[count], 0
            for taken, each in enumerate(group[:most], start=1):
                sums += held(each)
                with_it = [value + sums if value > none else none for value in before[count - 1][: most + 1 - taken]]
                row[taken:] = map(max, row[taken:], with_it)
        tables.append(best)
    feasible = [
        (min(best[count][size], limits.enough), -count, size, count)
        for count in range(spread.min_groups, most_groups + 1)
        for size in range(max(limits.least, count), most + 1)
        if best[count][size] > none
    ]
    if not feasible:
        return None
    _value, _few, size, count = max(feasible)
    return _retrace(tables, groups, count, size, held)


def _retrace(
    tables: Sequence[Sequence[Sequence[int]]],
    groups: Sequence[Sequence[Candidate]],
    count: int,
    size: int,
    held: Held,
) -> list[Candidate]:
    """The clusters behind a number of the last table."""
    chosen: list[Candidate] = []
    for index in reversed(range(len(groups))):
        before, value = tables[index], tables[index + 1][count][size]
        if before[count][size] == value:
            continue
        sums = 0
        for taken, each in enumerate(groups[index][:size], start=1):
            sums += held(each)
            if before[count - 1][size - taken] >= 0 and before[count - 1][size - taken] + sums == value:
                chosen += groups[index][:taken]
                count, size = count - 1, size - taken
                break
    return chosen


class _Search:
    """Strikes off groups and clusters until the rest keeps the limits."""

    def __init__(self, limits: Limits, held: Held, staying: Sequence[Candidate], value: int, work: int) -> None:
        self.limits = limits
        self.held = held
        self.staying = staying
        self.best: list[Candidate] | None = None
        self.value = value
        """What the best so far holds, and anything better has to exceed."""
        self.work = work

    def strike(self, left: list[Candidate], kept: Mapping[Spread, frozenset[str]]) -> None:
        """Decide about one group after the other: the smallest that is undecided goes, or stays."""
        if not self._promising(left):
            return
        spread = self.limits.crowded(left)
        if spread is None:
            self._pick_from(left)
            return
        if len(kept[spread]) >= (spread.max_groups or 0):
            inside = [each for each in left if kept[spread].issuperset(groups_of(each, spread))]
            if len(inside) < len(left):
                self.strike(inside, kept)
            return
        sizes = dict.fromkeys(self.limits.groups(left, spread) - kept[spread], 0)
        for each in left:
            for group in groups_of(each, spread):
                if group in sizes:
                    sizes[group] += self.held(each)
        smallest = min(sizes, key=lambda group: (sizes[group], group))
        self.strike([each for each in left if smallest not in groups_of(each, spread)], kept)
        self.strike(left, {**kept, spread: kept[spread] | {smallest}})

    def _pick_from(self, left: Sequence[Candidate]) -> None:
        """Take as many of these as may be: the best in rank if they do, else the largest."""
        largest = sorted(left, key=lambda each: -self.held(each))
        for order in (left, largest):
            cover = covering(self.limits.fields, order, self.staying)
            self._accept([*cover, *_without(order, cover)][: self.limits.most], cover)
        if self.best is None or self.value < self.limits.enough:
            self._pick(list(self.staying), _without(largest, self.staying))

    def _pick(self, taken: list[Candidate], left: list[Candidate]) -> None:
        room = self.limits.most - len(taken)
        if room < 0 or not self._promising(taken + left, len(taken)):
            return
        self._accept(taken + left[:room], taken)
        if room > 0 and left:
            self._pick([*taken, left[0]], left[1:])
            self._pick(taken, left[1:])

    def _accept(self, clusters: list[Candidate], needed: Sequence[Candidate]) -> None:
        if len(needed) <= self.limits.most and self.limits.spreads(clusters) and self._worth(clusters) > self.value:
            self.best, self.value = clusters, self._worth(clusters)

    def _promising(self, left: Sequence[Candidate], taken: int = 0) -> bool:
        """Whether something better than the best so far can come of these, of which the first are taken."""
        self.work -= len(left)
        if self.work < 0 or self.value >= self.limits.enough or not self.limits.spreads(left):
            return False
        others = sorted(map(self.held, left[taken:]), reverse=True)[: self.limits.most - taken]
        return min(sum(map(self.held, left[:taken])) + sum(others), self.limits.enough) > self.value

    def _worth(self, clusters: Sequence[Candidate]) -> int:
        return min(sum(map(self.held, clusters)), self.limits.enough)


def _without(clusters: Sequence[Candidate], others: Sequence[Candidate]) -> list[Candidate]:
    names = {each.name for each in others}
    return [each for each in clusters if each.name not in names]
