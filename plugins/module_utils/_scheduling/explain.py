# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explain: say of every cluster what became of it, by what, and what would change that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .decision import DIVISION, FILTER, SCORE, Decision, Verdict
from .filter import Rejection
from .placement import Strategy
from .task import Candidate, Task

if TYPE_CHECKING:
    from .application import ApplicationDecision


def judge_rejected(rejected: Iterable[tuple[str, Rejection]], verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster that a filter dropped."""
    for name, rejection in rejected:
        verdicts[name] = Verdict(False, FILTER, rejection.reason, rejection.change)


def judge_unused(task: Task, verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster that nobody judged because nothing was placed."""
    for cluster in task.request.clusters:
        if cluster.name not in verdicts:
            verdicts[cluster.name] = Verdict(False, SCORE, "it could be used, but nothing was placed", "see the error")


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
            reason, change = _left_out(task, candidate)
            verdicts[name] = Verdict(False, DIVISION, reason, change, candidate.scores)
        else:
            verdicts[name] = Verdict(
                True, DIVISION if total else SCORE, say(candidate, replicas, total), None, candidate.scores
            )


def judge_chosen(chosen: Sequence[Candidate], totals: Mapping[str, int], verdicts: dict[str, Verdict]) -> None:
    """Write a verdict for each cluster chosen for an application as a whole."""
    for candidate in chosen:
        room = f"; its free capacity holds {candidate.available} more" if candidate.available else ""
        reason = f"chosen for the whole application, gets {_counted(totals[candidate.name])}{room}"
        verdicts[candidate.name] = Verdict(True, SCORE, reason, None, candidate.scores)


def explain(decision: Decision) -> list[str]:
    """The decision as lines to read, the taken clusters first."""
    lines = []
    if decision.error is not None:
        lines.append(f"not placed ({decision.error.kind.value}): {decision.error.message}")
    if decision.observed_affinity:
        lines.append(f"affinity group: {decision.observed_affinity}")
    for group in decision.groups:
        mark = "taken" if group["taken"] else "left"
        lines.append(
            f"{group['field']} {group['name']}: {mark}, score {group['score']}, holds {group['capacity']} in {len(group['clusters'])} clusters"
        )
    for step in decision.divisions:
        lines.append(_division_line(step))
    replicas = decision.replicas
    for name, verdict in sorted(decision.clusters.items(), key=lambda item: (not item[1].taken, item[0])):
        share = f" {_counted(replicas[name])}," if replicas.get(name) else ""
        change = f"; to change that: {verdict.change}" if verdict.change else ""
        lines.append(
            f"{name}:{share} {'taken' if verdict.taken else 'dropped'} by {verdict.by}: {verdict.reason}{change}"
        )
    return lines


def explain_application(decision: ApplicationDecision) -> list[str]:
    """What is to be read of the application as a whole: each workload's division, and who lacks replicas where."""
    lines = []
    for key, each in decision.workloads.items():
        lines += [f"{key}: {_division_line(step)}" for step in each.divisions]
    for name, keys in decision.without_replicas.items():
        lines.append(f"{name}: no replica of {', '.join(keys)}; a Service for it has no local endpoint there")
    return lines


def table(decision: Decision) -> list[dict[str, Any]]:
    """The decision as rows, the taken clusters first."""
    replicas = decision.replicas
    return [
        {
            "cluster": name,
            "taken": verdict.taken,
            "replicas": replicas.get(name),
            "by": verdict.by,
            "reason": verdict.reason,
            "change": verdict.change,
        }
        for name, verdict in sorted(decision.clusters.items(), key=lambda item: (not item[1].taken, item[0]))
    ]


def table_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as aligned text, with a head."""
    cells = [("CLUSTER", "REPLICAS", "DECIDED BY", "REASON")]
    for row in rows:
        replicas = "-" if not row["taken"] else str(row["replicas"])
        cells.append((row["cluster"], replicas, row["by"], row["reason"]))
    widths = [max(len(cell[column]) for cell in cells) for column in range(3)]
    return ["  ".join([*(cell[column].ljust(widths[column]) for column in range(3)), cell[3]]) for cell in cells]


def _counted(replicas: int) -> str:
    return "1 replica" if replicas == 1 else f"{replicas} replicas"


def _division_line(step: Mapping[str, Any]) -> str:
    tier = f" of tier {step['tier']}" if "tier" in step else ""
    result = ", ".join(f"{name} {replicas}" for name, replicas in step["result"].items() if replicas)
    weights = ", ".join(f"{name} {weight}" for name, weight in (step.get("weights") or {}).items())
    by = f" by weights ({weights})" if weights else ""
    return f"division{tier} ({step['strategy']}, {step['mode']}): {step['replicas']} replicas{by}: {result or 'none'}"


def _left_out(task: Task, candidate: Candidate) -> tuple[str, str]:
    if task.strategy is Strategy.STATIC:
        if task.placement.weights and not candidate.weight:
            return "no rule of staticWeightList matches it", "add a rule to staticWeightList that matches it"
        return (
            f"its weight {candidate.weight or 1} earns none of {task.replicas} replicas",
            "raise its weight or the replicas",
        )
    if candidate.capacity <= 0:
        return "it has no room for a replica", "free or add capacity in it"
    if task.strategy is Strategy.AGGREGATED:
        return (
            f"the replicas fit into fewer clusters without it (it could hold {candidate.capacity})",
            "raise the replicas, or free capacity in it",
        )
    return (
        f"its share of {task.replicas} replicas comes to none (it could hold {candidate.capacity})",
        "raise the replicas, or free capacity in it",
    )


def _reason_without_replicas(candidate: Candidate, replicas: int, total: int) -> str:
    return "it passed all filters; the object goes to all chosen clusters"


def _reason_duplicated(candidate: Candidate, replicas: int, total: int) -> str:
    return f"all {replicas} replicas: each chosen cluster gets them all"


def _reason_static(candidate: Candidate, replicas: int, total: int) -> str:
    return f"{replicas} of {total} replicas by its weight {candidate.weight or 1}"


def _reason_by_capacity(candidate: Candidate, replicas: int, total: int) -> str:
    if candidate.assigned:
        return (
            f"{replicas} of {total} replicas; it ran {candidate.assigned} and has room for {candidate.available} more"
        )
    return f"{replicas} of {total} replicas; it has room for {candidate.available}"


_REASONS = {
    Strategy.DUPLICATED: _reason_duplicated,
    Strategy.STATIC: _reason_static,
    Strategy.DYNAMIC: _reason_by_capacity,
    Strategy.AGGREGATED: _reason_by_capacity,
}
