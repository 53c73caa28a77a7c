# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place an application: all its workloads, so that they fit together.

By default (`selection: together`) one set of clusters is chosen for the joint demand of all workloads, and each
workload's replicas are divided inside it; what was handed out to one workload is gone for the next. With
`selection: each` every workload chooses for itself, as in Karmada, and only shares the capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from .bounds import keep_within
from .decision import Decision, Failure, Verdict, Verdicts
from .divide import divide
from .errors import Kind, Unplaceable
from .estimate import Taken, deducted
from .explain import judge_chosen, judge_taken
from .filter import passes
from .joint import count_jointly, joint_demand, joint_workload, largest_first, round_up, running_now, used_now
from .memory import Admission, Memory
from .neighbours import NOBODY, Neighbour
from .partial import nothing_of, partial_together, parts_of
from .request import ESTIMATE_SUMMARY, JSON, NAVARCH, SUMMARY, Cluster, Request, Target, Workload
from .schedule import decision_of, first_that_works, observed_after, place_once, prepare, schedule_task
from .scorers import BALANCE
from .select import select
from .shortlist import admit, count_replicas, line_up, sort_out
from .task import Candidate, Judge, Notes, Task

TOGETHER = "together"
EACH = "each"


@dataclass(frozen=True, slots=True)
class Application:
    """What is to be placed together."""

    clusters: tuple[Cluster, ...]
    placement: JSON = field(default_factory=dict)
    workloads: tuple[Workload, ...] = ()
    current: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    """By `Workload.key`."""
    objects: tuple[tuple[str, str], ...] = ()
    """(apiVersion, kind) of objects without replicas; a chosen cluster must serve them all."""
    evicting: tuple[str, ...] = ()
    observed_affinity: str | None = None
    trigger: str | None = None
    estimator: str = ESTIMATE_SUMMARY
    now: str | None = None
    compatibility: str = NAVARCH
    present: tuple[str, ...] = ()
    """Clusters that hold objects of the application now, beside those in `current`."""
    taken: Mapping[str, Taken] = field(default_factory=dict)
    """By cluster: what other applications were promised there a moment ago and its facts do not show yet."""
    identity: Neighbour = NOBODY
    """Who it is, for the rules between applications."""
    neighbours: tuple[Neighbour, ...] = ()
    """The other applications, and where they stand."""
    explain: str = SUMMARY

    @property
    def placed_now(self) -> tuple[str, ...]:
        named = {target.name for targets in self.current.values() for target in targets}
        return tuple(sorted(named.union(self.present)))

    def request(self, workload: Workload, current: tuple[Target, ...]) -> Request:
        return Request(
            clusters=self.clusters,
            workload=workload,
            placement=self.placement,
            current=current,
            evicting=self.evicting,
            observed_affinity=self.observed_affinity,
            trigger=self.trigger,
            estimator=self.estimator,
            now=self.now,
            compatibility=self.compatibility,
            application=self.identity,
            neighbours=self.neighbours,
            explain=self.explain,
        )


@dataclass(frozen=True, slots=True)
class ApplicationDecision:
    """Where the application goes."""

    workloads: Mapping[str, Decision]
    """By `Workload.key`."""
    clusters: tuple[str, ...]
    """Where objects without replicas go; with an error, where the application stays."""
    error: Failure | None
    observed_affinity: str | None
    recall: Callable[[], Decision] = field(compare=False, repr=False)
    """Finds the selection."""

    @property
    def selection(self) -> Decision:
        """How the set of clusters was chosen, with the reasons for every cluster."""
        return self.recall()

    @property
    def unplaced(self) -> int:
        """Replicas of all workloads that did not fit, though others were placed."""
        return sum(decision.unplaced for decision in self.workloads.values())

    @property
    def without_replicas(self) -> dict[str, tuple[str, ...]]:
        """Chosen clusters where workloads have no replica: a Service there has no local endpoint."""
        if self.error is not None:
            return {}
        present = {
            key: {target.name for target in each.targets if target.replicas} for key, each in self.workloads.items()
        }
        missing = {name: tuple(key for key in present if name not in present[key]) for name in self.clusters}
        return {name: keys for name, keys in missing.items() if keys}

    def to_dict(self) -> dict[str, Any]:
        return {
            "workloads": {key: decision.to_dict() for key, decision in self.workloads.items()},
            "clusters": list(self.clusters),
            "error": None if self.error is None else self.error.to_dict(),
            "observedAffinity": self.observed_affinity,
            "selection": self.selection.to_dict(),
            "withoutReplicas": {name: list(keys) for name, keys in self.without_replicas.items()},
        }


def place(application: Application) -> ApplicationDecision:
    """Where each workload of the application goes, and where everything else does."""
    return place_knowing(application, Memory(application.clusters, application.taken))


def place_knowing(application: Application, memory: Memory) -> ApplicationDecision:
    """The same, with what is known of the clusters from other decisions; `application.taken` is not looked at."""
    if memory.placement(application.placement).selection == EACH and application.workloads:
        return _place_each(application, memory)
    if len(application.workloads) == 1:
        return _place_alone(application, memory)
    return _place_together(application, memory)


def promises(application: Application, decision: ApplicationDecision, memory: Memory) -> dict[str, Taken]:
    """What is taken in the clusters where the application gets more than it has."""
    taken: dict[str, Taken] = {}
    for workload in application.workloads:
        _promise(taken, _task(application, memory, workload, taken), decision.workloads[workload.key])
    return taken


def _place_alone(application: Application, memory: Memory) -> ApplicationDecision:
    """An application of one workload is placed as this workload; where that is chosen goes everything else."""
    (workload,) = application.workloads
    task = _task(application, memory, workload, {})
    held = {name: 0 for name in application.present if name not in task.current}
    task = replace(task, serving=application.objects, current={**task.current, **held})

    def attempt(task: Task, notes: Notes) -> ApplicationDecision:
        chosen, result = place_once(task, notes)
        decision = decision_of(task, result, notes)
        names = [candidate.name for candidate in chosen]

        def selection() -> Decision:
            totals = dict.fromkeys(names, 0) | result
            judge: Judge = partial(judge_chosen, chosen, totals)
            return decision_of(task, totals, replace(notes, divisions=[], judges=[*notes.judges, judge]))

        return _decided({workload.key: decision}, names, decision.observed_affinity, selection)

    def give_up(failure: Decision) -> ApplicationDecision:
        return replace(_undecided(application, {}, failure), workloads={workload.key: failure})

    return first_that_works(task, attempt, give_up)


def _place_together(application: Application, memory: Memory) -> ApplicationDecision:
    task = _joint_task(application, memory)

    def attempt(task: Task, notes: Notes) -> ApplicationDecision:
        chosen = _choose(application, task, notes)
        decisions = _divide_in_some_order(application, task, chosen)

        def selection() -> Decision:
            totals = _totals(chosen, decisions)
            judge: Judge = partial(judge_chosen, chosen, totals)
            found = decision_of(task, totals, replace(notes, judges=[*notes.judges, judge]))
            return _with_partial(application, found, decisions)

        return _decided(decisions, [candidate.name for candidate in chosen], observed_after(task), selection)

    return first_that_works(task, attempt, partial(_undecided, application, {}))


def _joint_task(application: Application, memory: Memory) -> Task:
    kinds = {(each.api_version, each.kind) for each in application.workloads}
    names = dict.fromkeys(application.placed_now, 0)
    for targets in application.current.values():
        for target in targets:
            names[target.name] += target.replicas
    running = tuple(Target(name, replicas) for name, replicas in names.items())
    request = application.request(joint_workload(application.workloads), running)
    task = replace(prepare(request, memory), serving=tuple(sorted(kinds.union(application.objects))))
    scoring = task.placement.scoring
    return (
        replace(task, uses=used_now(application.workloads, running_now(application.current)))
        if scoring is not None and scoring.counts(BALANCE)
        else task
    )


def _choose(application: Application, task: Task, notes: Notes) -> list[Candidate]:
    """The set of clusters for the joint demand."""
    admission = admit(task)
    joint = joint_demand(
        application.workloads,
        running_now(application.current),
        [cluster.name for cluster, _tier in admission.passed],
        task.strategy,
    )
    task = replace(
        task, request=replace(task.request, workload=replace(task.request.workload, replicas=joint.replicas))
    )
    candidates = line_up(task, admission, partial(count_jointly, joint=joint), notes)
    if task.placement.bounds and not task.karmada:
        keep_within(task, candidates, workloads=len(joint.parts))
    try:
        return select(task, candidates, notes)
    except Unplaceable as failure:
        if failure.kind is not Kind.UNSCHEDULABLE:
            raise
        # The average replica may not fit where real ones do: round up, and let the division tell.
        round_up(candidates, joint)
        notes.groups.clear()
        return select(task, candidates, notes)


def _divide_in_some_order(application: Application, joint: Task, chosen: Sequence[Candidate]) -> dict[str, Decision]:
    """In the order given; where that leaves no room for one of them, those with the largest replicas first."""
    try:
        return _divide_inside(application, joint, chosen)
    except Unplaceable:
        ordered = largest_first(application.workloads, chosen)
        if joint.karmada or joint.partly or ordered == application.workloads:
            raise
        try:
            decisions = _divide_inside(replace(application, workloads=ordered), joint, chosen)
        except Unplaceable:
            decisions = {}
        if not decisions:
            raise
    return {workload.key: decisions[workload.key] for workload in application.workloads}


def _divide_inside(application: Application, joint: Task, chosen: Sequence[Candidate]) -> dict[str, Decision]:
    """Divide each workload inside the chosen clusters; Unplaceable when one of them does not fit after all."""
    placement = replace(joint.placement, spread=())
    clusters = tuple(candidate.cluster for candidate in chosen)
    inside = replace(application, clusters=clusters)
    taken: dict[str, Taken] = {}
    decisions: dict[str, Decision] = {}
    for workload in application.workloads:
        task = replace(_task(inside, joint.memory, workload, taken), placement=placement, term=joint.term)
        task = replace(task, settled=() if task.karmada else joint.placement.spread, partly=joint.partly)
        notes = Notes()
        try:
            candidates = line_up(task, _admitted_inside(joint, task, chosen), count_replicas, notes)
            result = divide(task, candidates, notes)
        except Unplaceable as failure:
            if task.partly and not task.current:
                decisions[workload.key] = nothing_of(task, failure.message)
                continue
            raise Unplaceable(failure.kind, f"{workload.key}: {failure.message}") from failure
        notes.judges.append(partial(judge_taken, task, candidates, result))
        decisions[workload.key] = decision_of(task, result, notes)
        if task.asks_capacity:
            _promise(taken, task, decisions[workload.key])
    if joint.partly and not any(decision.targets for decision in decisions.values()):
        raise Unplaceable(Kind.UNSCHEDULABLE, "; ".join(f"{key}: {each.reason}" for key, each in parts_of(decisions)))
    return decisions


def _admitted_inside(joint: Task, task: Task, chosen: Iterable[Candidate]) -> Admission:
    """The chosen clusters, but for those that passed because another workload of the application runs there."""
    doubtful = joint.current.keys() - task.current.keys()
    check = passes(task)
    return sort_out((each.cluster, check(each.cluster) if each.name in doubtful else each.tier) for each in chosen)


def _totals(chosen: Iterable[Candidate], decisions: Mapping[str, Decision]) -> dict[str, int]:
    totals = {candidate.name: 0 for candidate in chosen}
    for decision in decisions.values():
        for target in decision.targets:
            totals[target.name] = totals.get(target.name, 0) + target.replicas
    return totals


def _place_each(application: Application, memory: Memory) -> ApplicationDecision:
    taken: dict[str, Taken] = {}
    decisions: dict[str, Decision] = {}
    for workload in application.workloads:
        task = replace(_task(application, memory, workload, taken), serving=application.objects)
        decision = schedule_task(task)
        if decision.error is not None and task.placement.partial and not task.current:
            decision = nothing_of(task, decision.error.message)
        decisions[workload.key] = decision
        if decision.error is not None:
            message = f"{workload.key}: {decision.error.message}"
            return _undecided(application, decisions, replace(decision, error=Failure(decision.error.kind, message)))
        _promise(taken, task, decision)
    union = _with_partial(application, _union(decisions), decisions)
    if union.partial and not union.targets:
        nothing = Failure(Kind.UNSCHEDULABLE, union.partial.reason)
        return _undecided(application, decisions, replace(union, error=nothing, partial=None))
    return _decided(decisions, [target.name for target in union.targets], union.observed_affinity, lambda: union)


def _union(decisions: Mapping[str, Decision]) -> Decision:
    """The workloads' decisions as one: a cluster is taken when any of them takes it."""
    totals = _totals((), decisions)
    targets = tuple(Target(name, replicas) for name, replicas in sorted(totals.items()))
    observed = next((decision.observed_affinity for decision in decisions.values()), None)
    verdicts = Verdicts(partial(_verdicts_of_any, decisions))
    return Decision(targets=targets, persisted=targets, observed_affinity=observed, clusters=verdicts)


def _verdicts_of_any(decisions: Mapping[str, Decision]) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for decision in decisions.values():
        for name, verdict in decision.clusters.items():
            if name not in verdicts or verdict.taken:
                verdicts[name] = verdict
    return verdicts


def _task(application: Application, memory: Memory, workload: Workload, taken: Mapping[str, Taken]) -> Task:
    return prepare(application.request(workload, application.current.get(workload.key, ())), memory, taken)


def _with_partial(application: Application, selection: Decision, decisions: Mapping[str, Decision]) -> Decision:
    wanted = sum(workload.replicas or 0 for workload in application.workloads)
    return replace(selection, partial=partial_together(wanted, selection, decisions))


def _promise(taken: dict[str, Taken], task: Task, decision: Decision) -> None:
    """Replicas that do not run yet are not in the facts of their cluster: remember them for the next workload."""
    if task.karmada:
        return
    clusters = task.memory.clusters
    before, running, workload = task.memory.taken, task.current, task.request.workload
    shared: dict[tuple[int, int], Taken] = {}
    for target in decision.targets:
        name = target.name
        more = target.replicas - running.get(name, 0)
        if more <= 0:
            continue
        known, cluster = taken.get(name) or before.get(name), clusters[name]
        if cluster.nodes is not None:
            taken[name] = deducted(cluster, known, workload, more)
            continue
        # Most clusters of a duplicated workload were promised the same before, and get the same now.
        alike = (id(known), more)
        if alike not in shared:
            shared[alike] = deducted(cluster, known, workload, more)
        taken[name] = shared[alike]


def _decided(
    decisions: dict[str, Decision], names: Iterable[str], observed: str | None, recall: Callable[[], Decision]
) -> ApplicationDecision:
    return ApplicationDecision(decisions, tuple(sorted(names)), None, observed, recall)


def _undecided(application: Application, decisions: dict[str, Decision], selection: Decision) -> ApplicationDecision:
    """Nothing of the application moves, also not the workloads that would have fitted."""
    error = selection.error
    stays = {
        workload.key: Decision(
            persisted=application.current.get(workload.key, ()),
            error=error,
            observed_affinity=application.observed_affinity,
            clusters=decisions[workload.key].clusters if workload.key in decisions else selection.clusters,
        )
        for workload in application.workloads
    }
    return ApplicationDecision(
        workloads=stays,
        clusters=application.placed_now,
        error=error,
        observed_affinity=application.observed_affinity,
        recall=lambda: selection,
    )
