# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placing a part: where not everything fits and the placement allows it (whenUnsatisfiable: partial), what does.

Everything is tried first as if nothing less would do. Only then the affinity groups are tried once more, each placing
what it can, and the one that leaves least behind is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from .decision import Decision, Partial
from .errors import Unplaceable
from .placement import Strategy
from .task import Notes, Task


class _Answer(Protocol):
    @property
    def unplaced(self) -> int: ...


A = TypeVar("A", bound=_Answer)


def most_that_fits(attempts: Iterable[Task], attempt: Callable[[Task, Notes], A]) -> A | None:
    """The attempt that leaves the fewest replicas unplaced, the first of equals; None when nothing at all fits."""
    answers = []
    for task in attempts:
        try:
            answers.append(attempt(replace(task, partly=True), Notes()))
        except Unplaceable:
            continue
    return min(answers, key=lambda answer: answer.unplaced, default=None)


def partial_of(task: Task, result: Mapping[str, int], notes: Notes) -> Partial | None:
    """What is to be said of a part that was placed; None when it is everything."""
    if not notes.shortfalls:
        return None
    wanted = task.replicas
    placed = wanted if task.strategy is Strategy.DUPLICATED else sum(result.values())
    return Partial(placed, wanted, "; ".join(dict.fromkeys(notes.shortfalls)))


def nothing_of(task: Task, reason: str) -> Decision:
    """Of a workload that runs nowhere yet nothing fits, which does not keep the others of its application away."""
    return Decision(partial=Partial(0, task.replicas, reason))


def parts_of(decisions: Mapping[str, Decision]) -> list[tuple[str, Partial]]:
    """What is said of the workloads that were not placed wholly."""
    return [(key, decision.partial) for key, decision in decisions.items() if decision.partial is not None]


def partial_together(wanted: int, selection: Decision, decisions: Mapping[str, Decision]) -> Partial | None:
    """The same for several workloads, each with what it says."""
    parts = parts_of(decisions)
    reasons = [selection.partial.reason] if selection.partial else []
    reasons += [f"{key}: {part.reason}" for key, part in parts]
    if not reasons:
        return None
    return Partial(wanted - sum(part.wanted - part.placed for _key, part in parts), wanted, "; ".join(reasons))
