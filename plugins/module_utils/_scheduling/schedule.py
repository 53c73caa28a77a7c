# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedule one workload: filter, score, select, divide; affinity group after affinity group until one works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from .decision import Decision, Failure, Verdicts
from .divide import divide, static_weight
from .errors import Kind, Unplaceable
from .estimate import Estimate, Taken, estimator
from .explain import judge_rejected, judge_taken, judge_unused
from .filter import Rejection, count_by_filter, passes
from .placement import Placement, Strategy
from .request import KARMADA, RESCHEDULE, Request, Target
from .score import rank, score
from .select import select
from .task import Candidate, Notes, Task, wrapped


def schedule(request: Request) -> Decision:
    """Where the workload goes. That it fits nowhere is an answer too: see the decision's error."""
    return schedule_task(prepare(request))


def prepare(request: Request, *, placement: Placement | None = None, taken: Mapping[str, Taken] | None = None) -> Task:
    """The request, read."""
    placement = placement or Placement.from_dict(request.placement)
    current = {target.name: target.replicas for target in request.current}
    if request.compatibility != KARMADA:
        current = dict(sorted(current.items()))
    return Task(request, placement, placement.terms[0], current, taken or {})


def schedule_task(task: Task) -> Decision:
    """Try the affinity groups in turn; the first that works is the answer."""
    failures: list[tuple[str | None, Unplaceable, Notes]] = []
    for attempt in attempts(task):
        notes = Notes()
        try:
            result = place_once(attempt, notes)
        except Unplaceable as failure:
            failures.append((attempt.term.name, failure, notes))
            continue
        return decision_of(attempt, result, notes)
    return failed(task, failures)


def attempts(task: Task) -> Iterator[Task]:
    """The task once for each affinity group, from the one that was used last.

    Karmada never returns to an earlier group; we do when no later one works.
    """
    terms, first = task.placement.terms, 0
    if task.placement.ordered and task.request.trigger != RESCHEDULE:
        first = next((index for index, term in enumerate(terms) if term.name == task.request.observed_affinity), 0)
    for term in terms[first:] if task.karmada else (*terms[first:], *terms[:first]):
        yield replace(task, term=term)


def place_once(task: Task, notes: Notes) -> dict[str, int]:
    """Replicas per cluster with this affinity group; Unplaceable when it does not work."""
    candidates = shortlist(task, notes)
    chosen = select(task, candidates, notes)
    result = divide(task, chosen, notes)
    notes.judges.append(partial(judge_taken, task, chosen, result))
    return result


def shortlist(task: Task, notes: Notes) -> list[Candidate]:
    """The clusters that pass all filters, with their points and what they can hold, in rank."""
    check, fits, current = passes(task), _fits(task), task.current
    candidates: list[Candidate] = []
    rejected: list[tuple[str, Rejection]] = []
    for cluster in task.request.clusters:
        verdict = check(cluster)
        name = cluster.name
        if isinstance(verdict, Rejection):
            rejected.append((name, verdict))
        else:
            candidates.append(Candidate(name, cluster, verdict, fits(cluster), current.get(name, 0)))
    if rejected:
        notes.judges.append(partial(judge_rejected, rejected))
    if not candidates:
        raise Unplaceable(Kind.FIT, _no_cluster_fits(rejected))
    if task.strategy is Strategy.STATIC:
        for candidate in candidates:
            candidate.weight = static_weight(task, candidate.cluster)
    score(task, candidates)
    rank(task, candidates)
    return candidates


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
        groups=tuple(notes.groups),
        divisions=tuple(notes.divisions),
    )


def decision_of(task: Task, result: Mapping[str, int], notes: Notes) -> Decision:
    """The answer when everything worked."""
    targets = tuple(Target(name, replicas) for name, replicas in sorted(result.items()))
    return Decision(
        targets=targets,
        persisted=targets,
        error=None,
        observed_affinity=task.term.name if task.placement.ordered else task.request.observed_affinity,
        clusters=Verdicts(notes.verdicts),
        groups=tuple(notes.groups),
        divisions=tuple(notes.divisions),
    )


def _fits(task: Task) -> Estimate:
    if task.replicas == 0 or not task.asks_capacity:
        return lambda cluster: 0
    request = task.request
    count = estimator(request.estimator, request.workload.resource_request, unknown=task.replicas, taken=task.taken)
    if not task.karmada:
        return count
    return lambda cluster: wrapped(count(cluster))


def _no_cluster_fits(rejected: list[tuple[str, Rejection]]) -> str:
    if not rejected:
        return "no cluster fits: there are no clusters"
    return f"no cluster fits: 0 of {len(rejected)} clusters passed the filters. {count_by_filter(rejected)}"
