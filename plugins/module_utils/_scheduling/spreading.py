# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spread minimums in the answer itself: as many groups as a constraint wants really get replicas.

Choosing clusters from enough groups is not enough, because a division may leave a chosen cluster empty. With fewer
replicas than groups, every replica goes to a group of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import Kind, Unplaceable
from .placement import Spread
from .task import Candidate, Notes, Task


def keeps_minimums(task: Task, used: Sequence[Candidate]) -> bool:
    """Whether these clusters stand in as many groups as the constraints want."""
    return all(len(_covered(spread, used)) >= spread.min_groups for spread in task.spread)


def must_be_used(task: Task, usable: Sequence[Candidate], notes: Notes) -> list[Candidate]:
    """A few clusters that stand in enough groups for all constraints: those in use first, else the best in rank."""
    picked: list[Candidate] = []
    if task.sticky:
        _pick(task, [each for each in usable if task.current.get(each.name)], picked)
    _pick(task, usable, picked)
    for spread in task.spread:
        found = len(_covered(spread, picked))
        if found < spread.min_groups:
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


def _pick(task: Task, candidates: Sequence[Candidate], picked: list[Candidate]) -> None:
    """Add the cluster that adds most groups that are still wanted, the best in rank of these, until none adds any."""
    while True:
        covered = [(spread, _covered(spread, picked)) for spread in task.spread]
        wanted = [(spread, found) for spread, found in covered if len(found) < spread.min_groups]
        best, most = None, 0
        for candidate in candidates if wanted else ():
            adds = sum(not found.issuperset(groups_of(candidate, spread)) for spread, found in wanted)
            if adds > most:
                best, most = candidate, adds
        if best is None:
            return
        picked.append(best)


def _covered(spread: Spread, candidates: Iterable[Candidate]) -> set[str]:
    return {group for candidate in candidates for group in groups_of(candidate, spread)}
