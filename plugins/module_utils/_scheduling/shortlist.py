# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shortlist: the clusters that pass the filters, with what they have room for and their points, in rank.

What does not depend on the application is asked once and remembered; see memory.py.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from .bounds import keep_within
from .divide import static_weight
from .errors import Kind, Unplaceable
from .estimate import MAX_INT32, Estimate, Taken, estimator
from .explain import judge_passed, judge_rejected
from .filter import count_by_filter, own_filter, passes
from .memory import Admission
from .nodes import NO_CLAIM
from .placement import Strategy
from .rejection import Rejection
from .request import ESTIMATE_AVAILABLE, Cluster
from .score import order, rank, score
from .task import Candidate, Notes, Task, wrapped

Count = Callable[[Task, "list[Candidate]"], None]
"""Tells each candidate what it has room for."""


def shortlist(task: Task, notes: Notes) -> list[Candidate]:
    """Who may be chosen, in rank; Unplaceable when nobody passes the filters."""
    if not _is_newcomer(task):
        return line_up(task, admit(task), count_replicas, notes)
    question = _who(task), _how_many(task) if task.asks_capacity and task.replicas else None
    known = task.memory.lineup(question)
    if known is None:
        ranked = line_up(task, admit(task), count_replicas, notes)
        task.memory.line_up(question, ranked)
        return list(ranked)
    promised = task.memory.promised
    if known.seen < len(promised):
        if task.asks_capacity:
            known.renew(promised[known.seen :], partial(count_replicas, task), order(task))
        known.seen = len(promised)
    return list(known.ranked)


def _is_newcomer(task: Task) -> bool:
    """Whether its candidates depend on nothing but what it asks for."""
    placement = task.placement
    personal = task.current or task.request.evicting or task.taken
    moody = placement.scoring is not None and not placement.scoring.steady
    return not (personal or moody or placement.bounds or own_filter(task))


def admit(task: Task) -> Admission:
    """Put the clusters through the filters; anew those only that the application has to do with already."""
    found = _standing(task)
    special = task.current.keys() | set(task.request.evicting)
    if special:
        check = passes(task)
        found = sort_out((each, check(each) if each.name in special else verdict) for each, verdict in found.verdicts)
    own = own_filter(task)
    if own is None:
        return found
    return sort_out(
        (each, verdict if isinstance(verdict, Rejection) else own(each) or verdict) for each, verdict in found.verdicts
    )


def sort_out(verdicts: Iterable[tuple[Cluster, int | Rejection]]) -> Admission:
    """Those that pass, and those that don't."""
    verdicts = list(verdicts)
    passed, rejected = [], []
    for cluster, verdict in verdicts:
        if isinstance(verdict, Rejection):
            rejected.append((cluster.name, verdict))
        else:
            passed.append((cluster, verdict))
    return Admission(verdicts, passed, rejected)


def line_up(task: Task, admission: Admission, count: Count, notes: Notes) -> list[Candidate]:
    """Those that pass as candidates: counted, weighed, scored and ranked."""
    if admission.rejected:
        notes.judges.append(partial(judge_rejected, task, admission.rejected))
    if not admission.passed:
        raise Unplaceable(Kind.FIT, _no_cluster_fits(admission.rejected))
    running = task.current.get
    candidates = [
        Candidate(cluster.name, cluster, tier, 0, running(cluster.name, 0)) for cluster, tier in admission.passed
    ]
    if task.asks_capacity:
        count(task, candidates)
    _weigh(task, candidates)
    if task.placement.bounds and not task.karmada:
        keep_within(task, candidates)
    score(task, candidates)
    rank(task, candidates)
    notes.judges.append(partial(judge_passed, task, candidates))
    return candidates


def _standing(task: Task) -> Admission:
    """Who passes for an application that runs nowhere yet: the same for all with this placement."""
    request, question = task.request, _who(task)
    known = task.memory.admission(question)
    if known is None:
        check = passes(replace(task, current={}, request=replace(request, current=(), evicting=())))
        known = sort_out((cluster, check(cluster)) for cluster in request.clusters)
        task.memory.admit(question, known)
    return known


def count_replicas(task: Task, candidates: list[Candidate]) -> None:
    """Tell each candidate how many more replicas it has room for."""
    if task.replicas == 0:
        if task.karmada:
            # Karmada does not count either, but leaves the number that stands for no limit.
            for candidate in candidates:
                candidate.available = MAX_INT32
        return
    own, counts = task.taken, task.memory.room(_how_many(task))
    count, count_own = _estimate(task, task.memory.taken), _estimate(task, own)
    for candidate in candidates:
        if own and candidate.name in own:
            candidate.available = count_own(candidate.cluster)
            continue
        known = counts.get(candidate.name)
        if known is None:
            known = counts[candidate.name] = count(candidate.cluster)
        candidate.available = known


def _who(task: Task) -> Hashable:
    """What the verdict of the filters depends on, but for clusters that the application has to do with already."""
    request = task.request
    kinds = ((request.workload.api_version, request.workload.kind), *task.serving)
    return id(task.placement), id(task.term), task.overflows, kinds, request.now, request.compatibility


def _how_many(task: Task) -> Hashable:
    """What a count depends on, but for the cluster and what is taken there."""
    request, workload = task.request, task.request.workload
    asked = tuple(sorted((workload.resource_request or {}).items()))
    unknown = task.replicas if request.estimator == ESTIMATE_AVAILABLE else 0
    return request.estimator, request.compatibility, asked, workload.node_claim, unknown


def _estimate(task: Task, taken: Mapping[str, Taken]) -> Estimate:
    request, workload = task.request, task.request.workload
    count = estimator(
        request.estimator,
        workload.resource_request,
        unknown=task.replicas,
        taken=taken,
        claim=None if task.karmada else workload.node_claim or NO_CLAIM,
    )
    if not task.karmada:
        return count
    return lambda cluster: wrapped(count(cluster))


def _weigh(task: Task, candidates: Iterable[Candidate]) -> None:
    """Tell each candidate its static weight."""
    if task.strategy is not Strategy.STATIC or not task.placement.weights:
        return
    weights = task.memory.weights(id(task.placement.weights))
    for candidate in candidates:
        weight = weights.get(candidate.name)
        if weight is None:
            weight = weights[candidate.name] = static_weight(task, candidate.cluster)
        candidate.weight = weight


def _no_cluster_fits(rejected: list[tuple[str, Rejection]]) -> str:
    if not rejected:
        return "no cluster fits: there are no clusters"
    return f"no cluster fits: 0 of {len(rejected)} clusters passed the filters. {count_by_filter(rejected)}"
