# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report: a decision as text to read and as rows to show, short also for a fleet of a thousand clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .decision import FILTER, Decision, Partial, Verdict
from .wording import alike, counted, listed, named

if TYPE_CHECKING:
    from .application import ApplicationDecision
    from .request import JSON

LINES = 40
"""Clusters that get a line of their own; of more, those that were dropped for the same reason share one."""

ROUNDS = 30
"""Rounds of a division that are written out."""

_CLAIMS = 4


def explain(decision: Decision) -> list[str]:
    """The decision as lines to read: the error, the groups, the divisions, then the clusters, the taken ones first."""
    return [
        *_head(decision),
        *_group_lines(decision),
        *_division_lines(decision.divisions),
        *_cluster_lines(table(decision)),
    ]


def explain_application(decision: ApplicationDecision) -> list[str]:
    """The same for an application: how its clusters were chosen, how each workload was divided, who lacks replicas where."""
    selection, several = decision.selection, len(decision.workloads) > 1
    lines = [*_head(selection), *_group_lines(selection)]
    for key, each in decision.workloads.items():
        if each.partial is not None:
            lines.append(f"{key}: {_partial_line(each.partial)}")
        lines += [f"{key}: {line}" if several else line for line in _division_lines(each.divisions)]
    lines += _cluster_lines(application_table(decision))
    for name, keys in decision.without_replicas.items():
        lines.append(f"{name}: no replica of {', '.join(keys)}; a Service for it has no local endpoint there")
    return lines


def groups_in_short(decision: Decision) -> list[dict[str, Any]]:
    """Per field over which was spread: who was taken, who came next, and by how many points it fell behind."""
    found = []
    for field, groups in _by_field(decision):
        taken = [group for group in groups if group["taken"]]
        left = sorted(
            (group for group in groups if not group["taken"]), key=lambda group: (-group["score"], group["name"])
        )
        lowest = min((group["score"] for group in taken), default=0)
        runner_up = {**left[0], "behind": lowest - left[0]["score"]} if left else None
        found.append({"field": field, "taken": taken, "runnerUp": runner_up, "left": len(left)})
    return found


def table(decision: Decision) -> list[dict[str, Any]]:
    """The decision as rows, the taken clusters first."""
    replicas = decision.replicas
    return [
        {
            "cluster": name,
            "taken": verdict.taken,
            "replicas": replicas.get(name),
            "by": verdict.by,
            "score": verdict.scores.total,
            "scores": dict(verdict.scores.normalised),
            "reason": verdict.reason,
            "change": verdict.change,
        }
        for name, verdict in _in_order(decision)
    ]


def application_table(decision: ApplicationDecision) -> list[dict[str, Any]]:
    """The same for an application: a row says what each workload gets in the cluster, and why."""
    rows = table(decision.selection)
    for row in rows:
        if row["taken"] and decision.workloads:
            row.update(_of_workloads(row["cluster"], decision))
    return rows


def table_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as aligned text, with a head; dropped clusters share a row where there are many."""
    cells = [("CLUSTER", "REPLICAS", "SCORE", "DECIDED BY", "REASON")]
    for names, row in _few(rows):
        replicas = "-" if not row["taken"] else str(row["replicas"])
        change = f"; to change that: {row['change']}" if row["change"] else ""
        score = points(row["score"]) if row["by"] != FILTER else "-"
        cells.append((named(names, 3), replicas, score, row["by"], row["reason"] + change))
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    return ["  ".join([*(cell[column].ljust(widths[column]) for column in range(4)), cell[4]]) for cell in cells]


def points(score: float) -> str:
    """Points of a cluster, to one decimal."""
    return f"{score:.1f}".removesuffix(".0")


def _of_workloads(name: str, decision: ApplicationDecision) -> dict[str, Any]:
    """What stands in the row of a chosen cluster: the reason of the one workload, or how many replicas each has."""
    shares = {key: each.replicas.get(name, 0) for key, each in decision.workloads.items()}
    if len(shares) > 1:
        shown = named([f"{key} {replicas}" for key, replicas in shares.items()])
        return {"replicas": sum(shares.values()), "reason": f"chosen for the whole application; {shown}"}
    (only,) = decision.workloads.values()
    verdict = only.clusters.get(name)
    if verdict is None:
        return {}
    return {"replicas": sum(shares.values()), "by": verdict.by, "reason": verdict.reason, "change": verdict.change}


def _head(decision: Decision) -> Iterator[str]:
    if decision.error is not None:
        yield f"not placed ({decision.error.kind.value}): {decision.error.message}"
    if decision.partial is not None:
        yield _partial_line(decision.partial)
    if decision.observed_affinity:
        yield f"affinity group: {decision.observed_affinity}"


def _partial_line(partial: Partial) -> str:
    return f"placed in part: {partial.placed} of {counted(partial.wanted, 'replica')}; {partial.reason}"


def _group_lines(decision: Decision) -> Iterator[str]:
    for short in groups_in_short(decision):
        field, taken, next_best = short["field"], short["taken"], short["runnerUp"]
        shown = [_group_line(group) for group in taken[:LINES]]
        more = f" and {len(taken) - LINES} more" if len(taken) > LINES else ""
        line = f"{field}: {listed(shown)}{more} taken" if taken else f"{field}: none taken"
        if next_best is not None:
            behind = f", {next_best['behind']} behind" if taken and next_best["behind"] > 0 else ""
            line += f"; of {short['left']} left the next is {_group_line(next_best)}{behind}"
        yield line


def _group_line(group: Mapping[str, Any]) -> str:
    size = counted(len(group["clusters"]), "cluster")
    return f"{group['name']} (score {group['score']}, holds {group['capacity']} in {size})"


def _division_lines(steps: Sequence[JSON]) -> Iterator[str]:
    for step in steps:
        yield _division_line(step)
        rounds = step.get("rounds") or ()
        if rounds and step.get("least"):
            yield f"  first what each has to have: {_numbers(step['least'])}"
        for each in rounds[:ROUNDS]:
            claims = sorted(each["claims"].items(), key=lambda item: (-item[1], item[0]))
            shown = ", ".join(f"{name} {claim:.4g}" for name, claim in claims[:_CLAIMS])
            more = ", ..." if len(claims) > _CLAIMS else ""
            yield f"  replica {each['replica']} to {each['to']}: claims {shown}{more}"
        left_out = len(rounds[ROUNDS:]) + (step.get("roundsLeftOut") or 0)
        if left_out:
            yield f"  and {counted(left_out, 'more round')}"


def _division_line(step: JSON) -> str:
    place = "".join(
        f" {words} {step[name]}" for name, words in (("tier", "of tier"), ("inside", "inside")) if name in step
    )
    result = {name: replicas for name, replicas in step["result"].items() if replicas}
    by = f" by weights ({_numbers(step['weights'])})" if step.get("weights") else ""
    before = {name: replicas for name, replicas in (step.get("before") or {}).items() if replicas}
    onto = f" on top of ({_numbers(before)})" if before and step["mode"] == "scale up" else ""
    return (
        f"division{place} ({step['strategy']}, {step['mode']}): {counted(step['replicas'], 'replica')}{by}{onto}: "
        f"{_numbers(result) or 'none'}"
    )


def _numbers(amounts: Mapping[str, Any]) -> str:
    return named([f"{name} {amount}" for name, amount in amounts.items()], LINES)


def _cluster_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for names, row in _few(rows):
        share = f" {counted(row['replicas'], 'replica')}," if row["replicas"] else ""
        change = f"; to change that: {row['change']}" if row["change"] else ""
        count = f" ({counted(len(names), 'cluster')})" if len(names) > 1 else ""
        fate = "taken" if row["taken"] else "dropped"
        yield f"{named(names)}{count}:{share} {fate} by {row['by']}: {row['reason']}{_scored(row)}{change}"


def _scored(row: Mapping[str, Any]) -> str:
    """The points by scorer, where more than one scorer was asked."""
    if len(row["scores"]) < 2:
        return ""
    parts = ", ".join(f"{scorer} {points(score)}" for scorer, score in row["scores"].items())
    return f"; score {points(row['score'])} ({parts})"


def _few(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The rows, each for one cluster; where there are many, for all clusters of which the same is to be said."""
    if len(rows) <= LINES:
        yield from (((row["cluster"],), row) for row in rows)
        return
    taken = [row for row in rows if row["taken"]]
    shown = taken if len(taken) <= LINES else taken[: LINES // 2]
    yield from (((row["cluster"],), row) for row in shown)
    rest = [row for row in rows if not row["taken"]] + taken[len(shown) :]
    groups = alike((row["cluster"], (row["by"], str(row["taken"]), row["reason"]), row) for row in rest)
    for group in groups[:LINES]:
        yield group.names, group.example
    others = [name for group in groups[LINES:] for name in group.names]
    if others:
        more = f"for {len(groups) - LINES} other reasons, see clusters of the result"
        yield tuple(others), {**groups[LINES].example, "by": "several", "reason": more, "change": None, "score": 0}


def _by_field(decision: Decision) -> list[tuple[str, list[JSON]]]:
    fields: dict[str, list[JSON]] = {}
    for group in decision.groups:
        fields.setdefault(group["field"], []).append(group)
    return list(fields.items())


def _in_order(decision: Decision) -> list[tuple[str, Verdict]]:
    return sorted(decision.clusters.items(), key=lambda item: (not item[1].taken, item[0]))
