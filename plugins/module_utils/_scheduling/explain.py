# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explain: say of every cluster what became of it, by what, and what would have to change for the opposite answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .decision import DIVISION, FILTER, GROUP, SCORE, Verdict
from .errors import Unplaceable
from .hierarchy import weightless
from .mismatch import wanted
from .placement import Strategy
from .rejection import Rejection
from .request import JSON, Cluster
from .shortage import lacking
from .task import Candidate, Notes, Task
from .wording import counted, listed

if TYPE_CHECKING:
    from .regions import Group

_UNIT = 1000
"""What a replica that fits adds to the score of a group."""

_NO_RULE = "no rule of staticWeightList matches it", "add a rule to staticWeightList that matches it"


def judge_rejected(task: Task, rejected: Iterable[tuple[str, Rejection]], verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster that a filter dropped."""
    clusters: dict[str, Cluster] = {}
    for name, rejection in rejected:
        change = rejection.change
        if rejection.filter == "affinity":
            clusters = clusters or {cluster.name: cluster for cluster in task.request.clusters}
            missing = wanted(_affinity(task), clusters[name])
            change = f"it would need {listed(missing)}" if missing else change
        verdicts[name] = Verdict(False, FILTER, rejection.reason, change)


def _affinity(task: Task) -> JSON:
    """The affinity group of this attempt as the user wrote it."""
    placement = task.request.placement
    for group in placement.get("clusterAffinities") or ():
        if group.get("affinityName") == task.term.name:
            return group
    return placement.get("clusterAffinity") or {}


def judge_passed(task: Task, candidates: Sequence[Candidate], verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster that passed the filters; it stands where nothing is placed."""
    for candidate in candidates:
        reason, change = "it passed the filters, but nothing was placed", "see the error"
        if task.divides and task.asks_capacity:
            short = task.replicas - candidate.capacity
            reason = (
                f"it could hold {candidate.capacity} of {counted(task.replicas, 'replica')}, but nothing was placed"
            )
            if short > 0:
                change = f"to hold them all it needs {lacking(task, candidate, short)}"
        verdicts[candidate.name] = Verdict(False, SCORE, reason, change, candidate.scores)


def judge_unused(task: Task, verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster that nobody judged because nothing was placed."""
    for cluster in task.request.clusters:
        if cluster.name not in verdicts:
            verdicts[cluster.name] = Verdict(False, SCORE, "it could be used, but nothing was placed", "see the error")


def judge_tried_before(failures: Sequence[tuple[str | None, Unplaceable, Notes]], verdicts: dict[str, Verdict]) -> None:
    """Say of the clusters of the affinity groups that were tried before why these could not take the workload."""
    for name, failure, notes in failures:
        for cluster, verdict in notes.verdicts().items():
            now = verdicts.get(cluster)
            if verdict.by != FILTER and now is not None and now.by == FILTER:
                reason = f"its affinity group {name} was tried first: {failure.message}"
                verdicts[cluster] = Verdict(False, FILTER, reason, verdict.change, verdict.scores)


def judge_outranked(
    task: Task, ranked: Sequence[Candidate], chosen: Sequence[Candidate], verdicts: dict[str, Verdict]
) -> None:
    """Write a verdict for each cluster that the spread constraints left out."""
    taken = {candidate.name for candidate in chosen}
    by_group = any(spread.field != "cluster" for spread in task.placement.spread)
    weighted = task.strategy is Strategy.STATIC and not task.karmada and any(candidate.weight for candidate in ranked)
    last = next((candidate for candidate in reversed(ranked) if candidate.name in taken), None)
    for position, candidate in enumerate(ranked, start=1):
        if candidate.name in taken or (candidate.name in verdicts and verdicts[candidate.name].by == GROUP):
            continue
        if weighted and not candidate.weight:
            verdicts[candidate.name] = Verdict(False, SCORE, *_NO_RULE, candidate.scores)
            continue
        if task.strategy.counts_capacity and task.replicas and candidate.capacity <= 0:
            verdicts[candidate.name] = Verdict(False, SCORE, *_no_room(task, candidate), candidate.scores)
            continue
        if position <= len(chosen) and not by_group:
            verdicts[candidate.name] = Verdict(
                False, SCORE, *_exchanged(task, candidate, chosen, last), candidate.scores
            )
            continue
        reason = f"ranked {position} of {len(ranked)}; {len(chosen)} were taken, as the spread constraints allow"
        change = _overtake(candidate, last, position, weighted=weighted)
        verdicts[candidate.name] = Verdict(False, GROUP if by_group else SCORE, reason, change, candidate.scores)


def judge_left_over(
    task: Task, ranked: Sequence[Candidate], chosen: Sequence[Candidate], verdicts: dict[str, Verdict]
) -> None:
    """Write a verdict for each cluster that is left where only a combination of others holds just so many replicas."""
    taken = {candidate.name for candidate in chosen}
    for candidate in ranked:
        if candidate.name in taken:
            continue
        text = (
            f"{counted(len(chosen), 'cluster')} within their bounds hold what can be placed, without it",
            "raise maxGroups",
        )
        if task.strategy.counts_capacity and candidate.capacity <= 0:
            text = _no_room(task, candidate)
        elif candidate.least > 1:
            asks = f"it asks for at least {counted(candidate.least, 'replica')} (minReplicas)"
            text = f"{asks}; {text[0]}", "lower its minReplicas, or raise maxGroups"
        verdicts[candidate.name] = Verdict(False, SCORE, *text, candidate.scores)


def judge_left_groups(
    task: Task, field: str, groups: Sequence[Group], taken: Collection[str], verdicts: dict[str, Verdict]
) -> None:
    """Write a verdict for each cluster whose region, zone, provider or labelled group was left.

    :param groups: all of that field, the best first.
    """
    chosen = [group for group in groups if group.name in taken]
    inside = {candidate.name for group in chosen for candidate in group.clusters}
    lowest = chosen[-1] if chosen else None
    for position, group in enumerate(groups, start=1):
        if group.name in taken:
            continue
        reason = f"its {field} {group.name} (score {group.score}) was not chosen"
        if lowest is not None:
            reason += f"; the last of the {len(chosen)} chosen is {lowest.name} ({lowest.score})"
        change = f"raise minGroups of the {field} constraint to {position}"
        more = (lowest.score // _UNIT - group.score // _UNIT) if lowest is not None else 0
        if more > 0:
            change += f", or free capacity in {group.name} until {_worth(task, more)}"
        for candidate in group.clusters:
            if candidate.name not in inside:
                verdicts[candidate.name] = Verdict(False, GROUP, reason, change, candidate.scores)


def judge_taken(
    task: Task, chosen: Sequence[Candidate], result: Mapping[str, int], verdicts: dict[str, Verdict]
) -> None:
    """Write a verdict for each chosen cluster: what it got of the replicas, and from what."""
    say = _reason_without_replicas if not task.divides else _REASONS[task.strategy]
    total = task.replicas
    for candidate in chosen:
        name = candidate.name
        replicas = result.get(name)
        if replicas is None:
            reason, change = _left_out(task, candidate, chosen, result)
            verdicts[name] = Verdict(False, DIVISION, reason, change, candidate.scores)
        else:
            verdicts[name] = Verdict(
                True, DIVISION if total else SCORE, say(candidate, replicas, total), None, candidate.scores
            )


def judge_chosen(chosen: Sequence[Candidate], totals: Mapping[str, int], verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster chosen for an application as a whole."""
    for candidate in chosen:
        room = f"; its free capacity holds {candidate.available} more" if candidate.available else ""
        reason = f"chosen for the whole application, gets {counted(totals[candidate.name], 'replica')}{room}"
        verdicts[candidate.name] = Verdict(True, SCORE, reason, None, candidate.scores)


def _overtake(candidate: Candidate, last: Candidate | None, position: int, *, weighted: bool) -> str:
    """What would bring the cluster before the last one that was taken."""
    more = f"raise maxGroups of the cluster constraint to {position}"
    if last is None or candidate.tier != last.tier:
        return more
    if weighted and last.weight > candidate.weight:
        return f"{more}, or give it a weight above {last.weight}, that of {last.name}"
    if candidate.scores.total < last.scores.total:
        return f"{more}, or bring its score above the {last.scores.total:.1f} of {last.name}"
    if candidate.capacity < last.capacity:
        return f"{more}, or free capacity in it: it can hold {candidate.capacity}, {last.name} {last.capacity}"
    return more


def _exchanged(
    task: Task, candidate: Candidate, chosen: Sequence[Candidate], last: Candidate | None
) -> tuple[str, str]:
    """Why a cluster of sufficient rank had to go, and what would have kept it in the place of the last one."""
    more = f"raise maxGroups of the cluster constraint to {len(chosen) + 1}"
    reason = f"it had to make room for a larger cluster, so that {counted(task.replicas, 'replica')} fit"
    held = sum(each.capacity for each in chosen if each is not last) + candidate.capacity
    if held >= task.replicas:
        return reason, more
    return reason, f"{more}, or free capacity in it: it lacks {lacking(task, candidate, task.replicas - held)}"


def _worth(task: Task, more: int) -> str:
    if task.strategy is Strategy.DUPLICATED:
        return f"{counted(more, 'more cluster')} of it can hold all {counted(task.replicas, 'replica')}"
    return f"it can hold {counted(more, 'more replica')}"


def _left_out(
    task: Task, candidate: Candidate, chosen: Sequence[Candidate], result: Mapping[str, int]
) -> tuple[str, str]:
    """Why a chosen cluster got nothing of the replicas, and what would give it one."""
    if task.bounded:
        within = _left_out_within(task, candidate)
        if within is not None:
            return within
    if task.strategy is Strategy.STATIC:
        if task.placement.weights and not candidate.weight:
            return _NO_RULE
        weight = candidate.weight or 1
        price = _price(chosen, result, {each.name: each.weight or 1 for each in chosen}, {})
        change = (
            f"raise its weight to {int(price) + 1}" if price and not task.placement.hierarchy else "raise its weight"
        )
        return f"its weight {weight} earns none of {counted(task.replicas, 'replica')}", f"{change}, or the replicas"
    if candidate.assigned and not task.fresh:
        return f"its {counted(candidate.assigned, 'replica')} go: the workload shrinks", "raise the replicas"
    if candidate.capacity <= 0:
        return _no_room(task, candidate)
    if task.strategy is Strategy.AGGREGATED:
        return _not_in_the_prefix(task, candidate, chosen, result)
    reason = f"its share of {counted(task.replicas, 'replica')} comes to none (it could hold {candidate.capacity})"
    weights = {each.name: each.capacity if task.fresh else each.available for each in chosen}
    before = {} if task.fresh else {each.name: each.assigned for each in chosen}
    price = _price(chosen, result, weights, before)
    short = int(price) + 1 - weights[candidate.name] if price and not task.placement.hierarchy else 0
    if short > 0:
        return reason, f"raise the replicas, or free capacity in it: it lacks {lacking(task, candidate, short)}"
    return reason, "raise the replicas, or free capacity in it"


def _left_out_within(task: Task, candidate: Candidate) -> tuple[str, str] | None:
    """The same where hierarchical weights or bounds are the reason."""
    level = weightless(task, candidate.cluster)
    if level is not None:
        group = level.group(candidate.cluster)
        if not group:
            return f"it has no {level.title}, by which the replicas are divided", f"give it a {level.title}"
        return f"its {level.title} {group} has no weight", f"give {group} a weight in hierarchy"
    room = candidate.available + candidate.assigned
    if task.strategy.counts_capacity and room < candidate.least:
        reason = f"it has room for {room} of the {candidate.least} replicas that minReplicas asks for"
        return reason, f"free or add capacity in it: it lacks {lacking(task, candidate, candidate.least - room)}"
    if candidate.least > 1:
        reason = f"the replicas do not suffice to give it {candidate.least} as well (minReplicas)"
        return reason, "raise the replicas, or lower minReplicas"
    return None


def _no_room(task: Task, candidate: Candidate) -> tuple[str, str]:
    return "it has no room for a replica", f"free or add capacity in it: it lacks {lacking(task, candidate, 1)}"


def _not_in_the_prefix(
    task: Task, candidate: Candidate, chosen: Sequence[Candidate], result: Mapping[str, int]
) -> tuple[str, str]:
    used = [each for each in chosen if result.get(each.name)]
    held = sum(each.capacity for each in used)
    reason = f"{counted(len(used), 'cluster')} hold all replicas without it (it could hold {candidate.capacity})"
    smallest = min(used, key=lambda each: (each.available, each.name), default=candidate)
    short = smallest.available - candidate.available + 1
    if smallest.assigned or short <= 0:
        return reason, f"raise the replicas above {held}"
    lack = lacking(task, candidate, short)
    return (
        reason,
        f"raise the replicas above {held}, or free capacity in it to overtake {smallest.name}: it lacks {lack}",
    )


def _price(
    chosen: Sequence[Candidate], result: Mapping[str, int], weights: Mapping[str, int], before: Mapping[str, int]
) -> float:
    """The claim with which the last replica was won; a weight above it would have won one."""
    won = {each.name: result.get(each.name, 0) - before.get(each.name, 0) for each in chosen}
    return min((weights[name] / (2 * seats - 1) for name, seats in won.items() if seats > 0), default=0)


def _reason_without_replicas(candidate: Candidate, replicas: int, total: int) -> str:
    return "it passed all filters; the object goes to all chosen clusters"


def _reason_duplicated(candidate: Candidate, replicas: int, total: int) -> str:
    return f"all {counted(replicas, 'replica')}: each chosen cluster gets them all"


def _reason_static(candidate: Candidate, replicas: int, total: int) -> str:
    return f"{replicas} of {counted(total, 'replica')} by its weight {candidate.weight or 1}"


def _reason_by_capacity(candidate: Candidate, replicas: int, total: int) -> str:
    share = f"{replicas} of {counted(total, 'replica')}"
    if candidate.assigned:
        return f"{share}; it ran {candidate.assigned} and has room for {candidate.available} more"
    return f"{share}; it has room for {candidate.available}"


_REASONS = {
    Strategy.DUPLICATED: _reason_duplicated,
    Strategy.STATIC: _reason_static,
    Strategy.DYNAMIC: _reason_by_capacity,
    Strategy.AGGREGATED: _reason_by_capacity,
}
