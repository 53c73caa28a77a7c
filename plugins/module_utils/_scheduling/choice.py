# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choose and divide; and where bounds let the first choice fail, look for a combination of clusters that does fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from .combination import combine
from .divide import divide
from .errors import Unplaceable
from .explain import judge_left_over
from .select import select
from .spreading import keeps_minimums
from .task import Candidate, Notes, Task
from .within import spans_of, votes_of

Placed = tuple[list[Candidate], dict[str, int]]
"""The chosen clusters, and the replicas of those that get any."""


def choose_and_divide(task: Task, ranked: list[Candidate], notes: Notes) -> Placed:
    """The first choice; where it does not hold all that it could within the bounds, a better one."""
    if not (task.bounded and task.placement.bounds and task.spread):
        return _first_choice(task, ranked, notes)
    first = Notes()
    try:
        placed = _first_choice(task, ranked, first)
    except Unplaceable:
        better = _combination(task, ranked, notes, {})
        if better is None:
            notes.extend(first)
            raise
        return better
    if task.partly:
        better = _combination(task, ranked, notes, placed[1])
        if better is not None:
            return better
    notes.extend(first)
    return placed


def _first_choice(task: Task, ranked: list[Candidate], notes: Notes) -> Placed:
    chosen = select(task, ranked, notes)
    return chosen, divide(task, chosen, notes)


def _combination(task: Task, ranked: Sequence[Candidate], notes: Notes, first: Mapping[str, int]) -> Placed | None:
    """Better than the first choice: all replicas, or where a part may be placed more of them."""
    spreads = [task.spread]
    if task.partly and not keeps_minimums(task, [candidate for candidate in ranked if first.get(candidate.name)]):
        spreads.append(tuple(replace(spread, min_groups=1) for spread in task.spread))
    more_than = sum(first.values()) if task.partly else task.replicas - 1
    chosen = combine(task, spans_of(task, ranked, votes_of(task, ranked)), spreads, more_than)
    if chosen is None:
        return None
    names = {candidate.name for candidate in chosen}
    chosen = [candidate for candidate in ranked if candidate.name in names]
    result = divide(task, chosen, notes)
    notes.judges.append(partial(judge_left_over, task, ranked, chosen))
    return chosen, result
