# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rebalance answers: every application with its moves or the reason why it stays, and a table for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._delivery.report import aligned
from .._scheduling.rebalance import Stay, Step
from .rebalance import Done, Outcome, describe

if TYPE_CHECKING:
    from typing import Any

ROWS_SHOWN = 100
HEADER = ("APPLICATION", "WHAT", "MOVES", "POINTS OFF", "WHY")


def rebalance_report(outcome: Outcome, *, check: bool) -> dict[str, Any]:
    """The module's return values.

    :param check: nothing was done, only planned.
    """
    steps = {step.key: step for step in outcome.plan.steps}
    applications = {stay.key: _stay(stay) for stay in outcome.plan.stays}
    applications |= {key: _moved(steps.get(key), outcome, key, check=check) for key in (*outcome.finishing, *steps)}
    applications = dict(sorted(applications.items()))
    errors = [done.error for done in outcome.done.values() if done.error is not None]
    result: dict[str, Any] = {
        "changed": bool(outcome.done)
        and (check or any(done.error is None or done.result for done in outcome.done.values())),
        "applications": applications,
        "moves": [{"application": key, **move} for key, entry in applications.items() for move in entry["moves"]],
        "remaining": sum(step.remaining for step in outcome.plan.steps),
        "balanced": not outcome.done and all(stay.balanced for stay in outcome.plan.stays),
        "clusters": _clusters(outcome),
        "table": _table(applications),
    }
    diffs = [dict(entry) for done in outcome.done.values() if done.result for entry in done.result.diff]
    if diffs:
        result["diff"] = diffs
    if errors:
        text = "; ".join(str(error) for error in errors[:5])
        result |= {
            "failed": True,
            "msg": f"{len(errors)} of {len(outcome.done)} applications failed: {text}",
            "error": errors[0].to_dict(),
        }
        result.pop("diff", None)
    return result


def _stay(stay: Stay) -> dict[str, Any]:
    action = "balanced" if stay.balanced else "held"
    return {"action": action, "reason": stay.reason, "moves": [], "gain": stay.gain, "left": stay.gain}


def _moved(step: Step | None, outcome: Outcome, key: str, *, check: bool) -> dict[str, Any]:
    done = outcome.done[key]
    found: dict[str, Any] = {
        "action": _word(step, done, check=check),
        "reason": "a fresh decision would put it elsewhere" if step else "an earlier rebalance of it was not completed",
        "moves": [],
        "gain": 0.0,
        "left": 0.0,
    }
    if step is not None:
        found |= describe(step)
    if done.error is not None:
        found |= {"error": str(done.error), "left": found["gain"]}
    if done.result is not None:
        found["revision"] = done.result.revision
        found["replicas"] = {identity.label: dict(counts) for identity, counts in sorted(done.result.replicas.items())}
    return found


def _word(step: Step | None, done: Done, *, check: bool) -> str:
    if done.error is not None:
        return "failed"
    if step is None:
        return "would be finished" if check else "finished"
    return "would move" if check else "moved"


def _clusters(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Replicas that leave and reach each cluster, and what failed there."""
    found: dict[str, dict[str, Any]] = {}
    for step in outcome.plan.steps:
        for move in step.moves:
            for name, word in ((move.source, "leaving"), (move.target, "coming")):
                if name is not None:
                    entry = found.setdefault(name, {"leaving": 0, "coming": 0, "errors": []})
                    entry[word] += move.replicas
    for done in outcome.done.values():
        for name, seen in (done.result.clusters if done.result else {}).items():
            if seen.get("error"):
                entry = found.setdefault(name, {"leaving": 0, "coming": 0, "errors": []})
                entry["errors"] += seen.get("errors") or []
    return dict(sorted(found.items()))


def _table(applications: dict[str, dict[str, Any]]) -> list[str]:
    rows = [HEADER]
    for key, entry in list(applications.items())[:ROWS_SHOWN]:
        gain, left = entry["gain"], entry["left"]
        points = f"{gain:g}" if gain == left else f"{gain:g} -> {left:g}"
        moves = ", ".join(
            f"{move['workload']} {move['from'] or '-'} -> {move['to'] or '-'}: {move['replicas']}"
            for move in entry["moves"]
        )
        why = str(entry.get("error") or entry["reason"]).replace("\n", " ")[:200]
        rows.append((key.removeprefix("default/"), entry["action"], moves or "-", points, why))
    lines = aligned(rows)
    if len(applications) > ROWS_SHOWN:
        lines.append(f"and {len(applications) - ROWS_SHOWN} more applications")
    return lines if applications else ["there are no applications"]
