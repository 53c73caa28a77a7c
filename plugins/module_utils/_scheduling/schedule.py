# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule one workload: filter, score, select, divide; affinity group after affinity group until one works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from .choice import choose_and_divide
from .decision import Decision, Failure, Steps, Verdicts
from .errors import Kind, Unplaceable
from .estimate import Taken
from .explain import judge_taken, judge_tried_before, judge_unused
from .filter import may_lead
from .memory import Memory
from .partial import A, most_that_fits, partial_of
from .request import KARMADA, RESCHEDULE, Request
from .shortlist import shortlist
from .task import Candidate, Notes, Task


def schedule(request: Request) -> Decision:
    """Where the workload goes. That it fits nowhere is an answer too: see the decision's error."""
    return schedule_task(prepare(request, Memory(request.clusters)))


def prepare(request: Request, memory: Memory, taken: Mapping[str, Taken] | None = None) -> Task:
    """The request, read."""
    placement = memory.placement(request.placement)
    current = {target.name: target.replicas for target in request.current}
    if request.compatibility != KARMADA:
        current = dict(sorted(current.items()))
    return Task(request, placement, placement.terms[0], current, memory, taken or {})


def schedule_task(task: Task) -> Decision:
    """The same for a request that was read already."""

    def attempt(task: Task, notes: Notes) -> Decision:
        _chosen, result = place_once(task, notes)
        return decision_of(task, result, notes)

    return first_that_works(task, attempt, lambda failure: failure)


def first_that_works(task: Task, attempt: Callable[[Task, Notes], A], give_up: Callable[[Decision], A]) -> A:
    """Try the affinity groups in turn; the first that works is the answer, else the one that places most, if a part may be."""
    failures: list[tuple[str | None, Unplaceable, Notes]] = []
    for each in attempts(task):
        notes = Notes()
        try:
            answer = attempt(each, notes)
        except Unplaceable as failure:
            failures.append((each.term.name, failure, notes))
            continue
        if failures:
            notes.judges.append(partial(judge_tried_before, tuple(failures)))
        return answer
    if may_lead(task, [failure.kind for _name, failure, _notes in failures]):
        return first_that_works(replace(task, leads=True), attempt, give_up)
    part = most_that_fits(attempts(task), attempt) if task.placement.partial and not task.karmada else None
    return give_up(failed(task, failures)) if part is None else part


def attempts(task: Task) -> Iterator[Task]:
    """The task once for each affinity group, from the one that was used last.

    Karmada never returns to an earlier group; we do when no later one works.
    """
    terms, first = task.placement.terms, 0
    if task.placement.ordered and task.request.trigger != RESCHEDULE:
        first = next((index for index, term in enumerate(terms) if term.name == task.request.observed_affinity), 0)
    for term in terms[first:] if task.karmada else (*terms[first:], *terms[:first]):
        yield replace(task, term=term)


def place_once(task: Task, notes: Notes) -> tuple[list[Candidate], dict[str, int]]:
    """The chosen clusters and the replicas of those that get any; Unplaceable when this affinity group does not work."""
    candidates = shortlist(task, notes)
    chosen, result = choose_and_divide(task, candidates, notes)
    notes.judges.append(partial(judge_taken, task, chosen, result))
    return chosen, result


def failed(task: Task, failures: list[tuple[str | None, Unplaceable, Notes]]) -> Decision:
    """Nothing worked. What runs keeps running, except that Karmada clears it when the first group fitted nowhere."""
    _name, first, notes = failures[0]
    message = first.message
    if not task.karmada and len(failures) > 1:
        message = "; ".join(f"affinity group {name}: {failure.message}" for name, failure, _notes in failures)
    cleared = task.karmada and first.kind is Kind.FIT
    notes.judges.append(partial(judge_unused, task))
    return Decision(
        targets=(),
        persisted=() if cleared else task.request.current,
        error=Failure(first.kind, message),
        observed_affinity=task.request.observed_affinity,
        clusters=Verdicts(notes.verdicts),
        groups=Steps(notes.group_steps),
        divisions=Steps(notes.division_steps),
    )


def decision_of(task: Task, result: Mapping[str, int], notes: Notes) -> Decision:
    """The answer when everything worked."""
    targets = task.memory.targets(result)
    return Decision(
        targets=targets,
        persisted=targets,
        error=None,
        observed_affinity=observed_after(task),
        clusters=Verdicts(notes.verdicts),
        groups=Steps(notes.group_steps),
        divisions=Steps(notes.division_steps),
        partial=partial_of(task, result, notes),
    )


def observed_after(task: Task) -> str | None:
    """The affinity group that is recorded when this attempt is the answer."""
    return task.term.name if task.placement.ordered else task.request.observed_affinity
