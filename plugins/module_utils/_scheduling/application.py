# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place an application: all its workloads, so that they fit together.

By default (`selection: together`) one set of clusters is chosen for the joint demand of all workloads, and each
workload's replicas are divided inside it; what was handed out to one workload is gone for the next. With
`selection: each` every workload chooses for itself, as in Karmada, and only shares the capacity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from .decision import Decision, Failure, Verdict
from .errors import Unplaceable
from .estimate import Taken, replica_demand
from .explain import judge_chosen
from .joint import count_jointly, joint_demand, running_now
from .placement import Placement
from .request import ESTIMATE_SUMMARY, JSON, KARMADA, NAVARCH, Cluster, Request, Target, Workload
from .schedule import attempts, decision_of, failed, place_once, prepare, schedule_task, shortlist
from .score import rank
from .select import select
from .task import Candidate, Notes, Task

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
    selection: Decision
    """How the set of clusters was chosen, with the reasons for every cluster."""
    without_replicas: Mapping[str, tuple[str, ...]]
    """Chosen clusters where workloads have no replica: a Service there has no local endpoint."""

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
    placement = Placement.from_dict(application.placement)
    if placement.selection == EACH and application.workloads:
        return _place_each(application, placement)
    return _place_together(application, placement)


def _place_together(application: Application, placement: Placement) -> ApplicationDecision:
    task = _joint_task(application, placement)
    failures: list[tuple[str | None, Unplaceable, Notes]] = []
    for attempt in attempts(task):
        notes = Notes()
        try:
            chosen = _choose(application, attempt, notes)
            decisions = _divide_inside(application, attempt, chosen)
        except Unplaceable as failure:
            failures.append((attempt.term.name, failure, notes))
            continue
        totals = _totals(chosen, decisions)
        notes.judges.append(partial(judge_chosen, chosen, totals))
        return _decided(decisions, decision_of(attempt, totals, notes))
    return _undecided(application, {}, failed(task, failures))


def _joint_task(application: Application, placement: Placement) -> Task:
    kinds = {(each.api_version, each.kind) for each in application.workloads}
    names = dict.fromkeys(application.placed_now, 0)
    for targets in application.current.values():
        for target in targets:
            names[target.name] += target.replicas
    uid = application.workloads[0].uid if application.workloads else ""
    request = application.request(Workload(uid=uid), tuple(Target(name, replicas) for name, replicas in names.items()))
    return replace(prepare(request, placement=placement), serving=tuple(sorted(kinds.union(application.objects))))


def _choose(application: Application, task: Task, notes: Notes) -> list[Candidate]:
    """The set of clusters for the joint demand."""
    candidates = shortlist(task, notes)
    joint = joint_demand(
        application.workloads,
        running_now(application.current),
        [candidate.name for candidate in candidates],
        task.strategy,
    )
    clusters = {cluster.name: cluster for cluster in application.clusters}
    count_jointly(candidates, clusters, joint, application.estimator)
    rank(task, candidates)
    workload = replace(task.request.workload, replicas=joint.replicas)
    return select(replace(task, request=replace(task.request, workload=workload)), candidates, notes)


def _divide_inside(application: Application, joint: Task, chosen: Sequence[Candidate]) -> dict[str, Decision]:
    """Divide each workload inside the chosen clusters; Unplaceable when one of them does not fit after all."""
    names = {candidate.name for candidate in chosen}
    inside = replace(application, clusters=tuple(cluster for cluster in application.clusters if cluster.name in names))
    placement = replace(joint.placement, spread=())
    taken: dict[str, Taken] = {}
    decisions: dict[str, Decision] = {}
    for workload in application.workloads:
        task = replace(_task(inside, placement, workload, taken), term=joint.term)
        notes = Notes()
        try:
            result = place_once(task, notes)
        except Unplaceable as failure:
            raise Unplaceable(failure.kind, f"{workload.key}: {failure.message}") from failure
        decisions[workload.key] = decision_of(task, result, notes)
        _deduct(taken, task, decisions[workload.key])
    return decisions


def _totals(chosen: Iterable[Candidate], decisions: Mapping[str, Decision]) -> dict[str, int]:
    totals = {candidate.name: 0 for candidate in chosen}
    for decision in decisions.values():
        for target in decision.targets:
            totals[target.name] += target.replicas
    return totals


def _place_each(application: Application, placement: Placement) -> ApplicationDecision:
    taken: dict[str, Taken] = {}
    decisions: dict[str, Decision] = {}
    for workload in application.workloads:
        task = replace(_task(application, placement, workload, taken), serving=application.objects)
        decision = schedule_task(task)
        decisions[workload.key] = decision
        if decision.error is not None:
            message = f"{workload.key}: {decision.error.message}"
            return _undecided(application, decisions, replace(decision, error=Failure(decision.error.kind, message)))
        _deduct(taken, task, decision)
    return _decided(decisions, _union(decisions))


def _union(decisions: Mapping[str, Decision]) -> Decision:
    """The workloads' decisions as one: a cluster is taken when any of them takes it."""
    totals: dict[str, int] = {}
    verdicts: dict[str, Verdict] = {}
    for decision in decisions.values():
        for target in decision.targets:
            totals[target.name] = totals.get(target.name, 0) + target.replicas
        for name, verdict in decision.clusters.items():
            if name not in verdicts or verdict.taken:
                verdicts[name] = verdict
    targets = tuple(Target(name, replicas) for name, replicas in sorted(totals.items()))
    observed = next((decision.observed_affinity for decision in decisions.values()), None)
    return Decision(targets=targets, persisted=targets, observed_affinity=observed, clusters=verdicts)


def _task(application: Application, placement: Placement, workload: Workload, taken: Mapping[str, Taken]) -> Task:
    request = application.request(workload, application.current.get(workload.key, ()))
    return prepare(request, placement=placement, taken=taken)


def _deduct(taken: dict[str, Taken], task: Task, decision: Decision) -> None:
    """Replicas that do not run yet are not in the facts of their cluster: remember them for the next workload."""
    if task.request.compatibility == KARMADA:
        return
    for target in decision.targets:
        more = target.replicas - task.current.get(target.name, 0)
        if more > 0:
            taken[target.name] = taken.get(target.name, Taken()).plus(
                replica_demand(task.request.workload.resource_request, more)
            )


def _decided(decisions: dict[str, Decision], selection: Decision) -> ApplicationDecision:
    names = tuple(target.name for target in selection.targets)
    with_replicas = {
        key: {target.name for target in each.targets if target.replicas} for key, each in decisions.items()
    }
    missing = {name: tuple(key for key, present in with_replicas.items() if name not in present) for name in names}
    return ApplicationDecision(
        workloads=decisions,
        clusters=names,
        error=None,
        observed_affinity=selection.observed_affinity,
        selection=selection,
        without_replicas={name: keys for name, keys in missing.items() if keys},
    )


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
        selection=selection,
        without_replicas={},
    )
