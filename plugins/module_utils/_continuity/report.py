# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failover answers: every cluster, every application concerned, and a table that people can read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .act import Done
from .observation import Judgement
from .plan import Clean, Held, Move, Plan, Readmit, Return, Step, Taint

if TYPE_CHECKING:
    from typing import Any


def report(judgements: Mapping[str, Judgement], plan: Plan, done: Sequence[Done], *, check: bool) -> dict[str, Any]:
    """The module's return values.

    :param check: nothing was done, only planned.
    """
    errors = [found.error for found in done if found.error is not None]
    refused = [held for held in plan.held if held.is_error]
    clusters = {name: _cluster(judgement, plan, done, check=check) for name, judgement in sorted(judgements.items())}
    applications = _applications(plan, done, check=check)
    result: dict[str, Any] = {
        "changed": bool(plan.steps)
        if check
        else any(found.ok or (found.result and found.result.changed) for found in done),
        "clusters": clusters,
        "applications": applications,
        "plan": [describe(step) for step in plan.steps],
        "held": [_held(held) for held in plan.held],
        "brake": {"pulled": plan.brake.pulled, "reason": plan.brake.reason, "next_step": plan.brake.next_step},
        "table": _table(clusters, applications),
    }
    if check and plan.steps:
        lines = "".join(f"{describe(step)}\n" for step in plan.steps)
        result["diff"] = [{"before_header": "fleet", "after_header": "failover", "before": "", "after": lines}]
        result["diff"] += [dict(entry) for found in done if found.result for entry in found.result.diff]
    if plan.brake.pulled:
        result |= {"failed": True, "msg": f"The storm brake is pulled: {plan.brake.reason}. {plan.brake.next_step}"}
        result["error"] = _error("StormBrake", plan.brake.reason, plan.brake.next_step)
    elif errors:
        text = "; ".join(str(error) for error in errors[:5])
        result |= {
            "failed": True,
            "msg": f"{len(errors)} of {len(done)} steps failed: {text}",
            "error": errors[0].to_dict(),
        }
    elif refused:
        first = refused[0]
        result |= {"failed": True, "msg": f"{first.application}: {first.reason}. {first.next_step}"}
        result["error"] = _error("Input", first.reason, first.next_step)
    return result


def describe(step: Step) -> str:
    """One step as a sentence, with its reason."""
    if isinstance(step, Taint):
        return f"taint {step.cluster}: {step.reason}"
    if isinstance(step, Move):
        return f"move {step.application.key} away from {', '.join(step.leaving)}: {step.reason}"
    if isinstance(step, Clean):
        return f"remove stale copies of {step.application.key} from {step.cluster}: {step.reason}"
    if isinstance(step, Readmit):
        return f"readmit {step.cluster}: {step.reason}"
    return f"return the share of {step.application.key} to {', '.join(step.clusters)}: {step.reason}"


def _cluster(judgement: Judgement, plan: Plan, done: Sequence[Done], *, check: bool) -> dict[str, Any]:
    name = judgement.cluster
    found: dict[str, Any] = {
        "state": judgement.state.value,
        "reason": judgement.reason,
        "action": _cluster_word(name, plan, done, check=check),
        "since": datetime.fromtimestamp(judgement.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if judgement.since
        else None,
        "witnesses": list(judgement.witnesses),
        "actions": [describe(step) for step in plan.steps if name in _clusters_of(step)],
    }
    failures = [str(entry.error) for entry in done if entry.error is not None and name in _clusters_of(entry.step)]
    failures += [entry.skipped for entry in done if entry.skipped and name in _clusters_of(entry.step)]
    if failures:
        found["errors"] = failures[:10]
    return found


def _cluster_word(name: str, plan: Plan, done: Iterable[Done], *, check: bool) -> str:
    for entry in done:
        if isinstance(entry.step, (Taint, Readmit)) and entry.step.cluster == name:
            word = "taint" if isinstance(entry.step, Taint) else "readmit"
            if entry.ok:
                return f"would {word}" if check else {"taint": "tainted", "readmit": "readmitted"}[word]
            return f"{word} failed"
    return "stopped" if plan.brake.pulled else "-"


def _applications(plan: Plan, done: Iterable[Done], *, check: bool) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in done:
        if isinstance(entry.step, (Move, Clean, Return)):
            _add(found.setdefault(entry.step.application.key, {"actions": []}), entry, check=check)
    for held in plan.held:
        if held.application:
            entry_of = found.setdefault(held.application, {"actions": []})
            entry_of["actions"].append({"action": "held", "clusters": [held.cluster], "reason": held.reason})
            if held.next_step:
                entry_of["actions"][-1]["next_step"] = held.next_step
    return dict(sorted(found.items()))


def _add(application: dict[str, Any], entry: Done, *, check: bool) -> None:
    step = entry.step
    action: dict[str, Any] = {
        "action": _word(entry, check=check),
        "clusters": list(_clusters_of(step)),
        "reason": getattr(step, "reason", ""),
    }
    if entry.error is not None:
        action["error"] = str(entry.error)
    if entry.skipped:
        action["error"] = entry.skipped
    result = entry.result
    if result is not None and result.revision is not None:
        action["revision"] = result.revision
    if result is not None and result.replicas:
        action["replicas"] = {identity.label: dict(counts) for identity, counts in sorted(result.replicas.items())}
        action["now_in"] = sorted({name for counts in result.replicas.values() for name in counts})
    application["actions"].append(action)


def _word(entry: Done, *, check: bool) -> str:
    if entry.skipped:
        return "skipped"
    if entry.error is not None:
        return "failed"
    if isinstance(entry.step, Move):
        return "would move" if check else "moved"
    if isinstance(entry.step, Clean):
        return "would be cleaned" if check else "cleaned"
    return "would return" if check else "returned"


def _clusters_of(step: Step) -> tuple[str, ...]:
    if isinstance(step, Move):
        return step.leaving
    if isinstance(step, Return):
        return step.clusters
    return (step.cluster,)


def _held(held: Held) -> dict[str, str]:
    return {
        "application": held.application,
        "cluster": held.cluster,
        "reason": held.reason,
        "next_step": held.next_step,
    }


def _table(clusters: Mapping[str, Mapping[str, Any]], applications: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Aligned lines: first the clusters, then what was done with which application."""
    header = ("CLUSTER", "STATE", "ACTION", "WHY")
    lines = _aligned([header, *((name, row["state"], row["action"], row["reason"]) for name, row in clusters.items())])
    rows = [("APPLICATION", "WHAT", "FROM/TO", "NOW IN", "WHY")]
    for key, application in applications.items():
        for action in application["actions"]:
            why = action.get("error") or ". ".join(part for part in (action["reason"], action.get("next_step")) if part)
            now_in = ", ".join(action.get("now_in") or ()) or "-"
            rows.append((key, action["action"], ", ".join(action["clusters"]), now_in, str(why)[:200]))
    return lines + (["", *_aligned(rows)] if len(rows) > 1 else [])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _error(kind: str, message: str, next_step: str) -> dict[str, str | None]:
    return {"kind": kind, "message": message, "cluster": None, "object": None, "next_step": next_step}
