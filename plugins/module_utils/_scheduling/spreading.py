# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spread minimums in the answer itself: as many groups as a constraint wants really get replicas.

Choosing clusters from enough groups is not enough, because a division may leave a chosen cluster empty. With fewer
replicas than groups, every replica goes to a group of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .errors import Kind, Unplaceable
from .placement import Spread
from .task import Candidate, Notes, Task

TRIES = 10_000
"""Sets of clusters that are looked at before it is said that none will do."""


def keeps_minimums(task: Task, used: Sequence[Candidate]) -> bool:
    """Whether these clusters stand in as many groups as the constraints want."""
    return all(len(_covered(spread, used)) >= min(spread.min_groups, task.replicas) for spread in task.spread)


def must_be_used(task: Task, usable: Sequence[Candidate], notes: Notes) -> list[Candidate]:
    """A few clusters that stand in enough groups for all constraints: those in use first, else the best in rank."""
    running = [] if task.fresh else [each for each in usable if task.current.get(each.name)]
    picked = covering(task.spread, usable, covering(task.spread, running))
    others = covering(task.spread, usable) if len(picked) > task.replicas else picked
    if len(others) > task.replicas:
        others = covering_with(task.replicas, task.spread, usable) or others
    if len(others) <= task.replicas:
        picked = others
    for spread in task.spread:
        found = len(_covered(spread, picked))
        if found < min(spread.min_groups, task.replicas):
            trouble = (
                f"{found} {spread.title}s can take a replica, but the {spread.title} constraint wants at least"
                f" {spread.min_groups} (minGroups)"
            )
            if not task.partly:
                raise Unplaceable(Kind.OTHER, trouble)
            notes.shortfalls.append(trouble)
    return picked[: task.replicas]


def groups_of(candidate: Candidate, spread: Spread) -> tuple[str, ...]:
    """Where the cluster stands, in the eyes of a constraint."""
    return (candidate.name,) if spread.field == "cluster" else spread.values(candidate.cluster)


def covering(
    spreads: Iterable[Spread], candidates: Sequence[Candidate], picked: Iterable[Candidate] = ()
) -> list[Candidate]:
    """Those picked, and with them the cluster that adds most groups still wanted, the first of equals, until none does."""
    covered = {spread: _covered(spread, picked) for spread in spreads}
    cover = list(picked)
    while True:
        wanted = [(spread, found, spread.min_groups - len(found)) for spread, found in covered.items()]
        wanted = [each for each in wanted if each[2] > 0]
        best, most = None, 0
        for candidate in candidates if wanted else ():
            adds = sum(
                min(len(found.union(groups_of(candidate, spread))) - len(found), lack) for spread, found, lack in wanted
            )
            if adds > most:
                best, most = candidate, adds
        if best is None:
            return cover
        cover.append(best)
        for spread, found in covered.items():
            found.update(groups_of(best, spread))


def covering_with(count: int, spreads: Iterable[Spread], candidates: Sequence[Candidate]) -> list[Candidate] | None:
    """So many clusters, the first in rank that do, which stand in as many groups as so many can; None when none do.

    Found by trying, which is given up after reasonable work: of clusters that stand in the same groups only as many are
    looked at as are to be picked.
    """
    wanted = [replace(spread, min_groups=min(spread.min_groups, count)) for spread in spreads]
    alike: Counter[tuple[tuple[str, ...], ...]] = Counter()
    distinct = []
    for each in candidates:
        stands = tuple(groups_of(each, spread) for spread in wanted if spread.field != "cluster")
        alike[stands] += 1
        if alike[stands] <= count:
            distinct.append(each)
    left: list[tuple[list[Candidate], int]] = [([], 0)]
    for _try in range(TRIES):
        if not left:
            return None
        picked, begin = left.pop()
        if all(len(_covered(spread, picked)) >= spread.min_groups for spread in wanted):
            return picked
        more = range(begin, len(distinct) if len(picked) < count else begin)
        left += [([*picked, distinct[index]], index + 1) for index in reversed(more)]
    return None


def _covered(spread: Spread, candidates: Iterable[Candidate]) -> set[str]:
    return {group for candidate in candidates for group in groups_of(candidate, spread)}
