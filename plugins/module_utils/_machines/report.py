# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an autoscaling run answers: each set, each pod without a node, each node, and a table for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._delivery.report import aligned
from .._infrastructure.provider import Joins, Phase
from .autoscale import Outcome
from .carry import Carried
from .decide import Change

if TYPE_CHECKING:
    from typing import Any

_PODS_SHOWN = 20


def autoscale_report(outcome: Outcome, *, check: bool) -> dict[str, Any]:
    """The module's return values.

    :param check: nothing was done, only planned.
    """
    changes = {name: change for decision in outcome.decisions.values() for name, change in decision.sets.items()}
    sets = {name: _set(changes[name], carried) for name, carried in sorted(outcome.carried.items())}
    errors = [error for entry in sets.values() for error in entry["errors"]]
    result: dict[str, Any] = {
        "changed": any(carried.plan.changes for carried in outcome.carried.values()),
        "machine_sets": sets,
        "pods": {name: dict(decision.pods) for name, decision in outcome.decisions.items() if decision.pods},
        "nodes": {name: dict(decision.nodes) for name, decision in outcome.decisions.items() if decision.nodes},
        "stuck": {name: list(decision.stuck) for name, decision in outcome.decisions.items() if decision.stuck},
        "provision": [each for name, carried in outcome.carried.items() for each in _provision(changes[name], carried)],
        "release": [each for name, carried in outcome.carried.items() for each in _release(changes[name], carried)],
        "clusters": {name: {"error": error.to_dict()} for name, error in outcome.failed.items()},
        "table": _table(outcome, sets, check=check),
    }
    if result["changed"]:
        result["diff"] = [_diff(name, changes[name], entry) for name, entry in sets.items() if _moves(entry)]
    failed = [str(error) for error in outcome.failed.values()] + errors
    if failed:
        result |= {"failed": True, "msg": "; ".join(failed[:5])}
        if outcome.failed:
            result["error"] = next(iter(outcome.failed.values())).to_dict()
    return result


def _set(change: Change, carried: Carried) -> dict[str, Any]:
    return {
        "cluster": change.record.cluster,
        "provider": change.record.provider,
        "desired": change.desired,
        "added": list(carried.plan.create),
        "removed": list(carried.plan.remove),
        "drained": dict(carried.drained),
        "joined": list(carried.joined),
        "waiting": list(carried.waiting),
        "machines": [machine.name for machine in carried.machines],
        "reasons": list(change.reasons),
        "errors": list(carried.errors),
        "quota": dict(carried.plan.quota),
        "cost_per_hour": change.cost_per_hour,
        "seconds": round(carried.seconds, 1),
    }


def _provision(change: Change, carried: Carried) -> list[dict[str, Any]]:
    if carried.joins is not Joins.BY_PLAY:
        return []
    return [
        {
            "name": machine.name,
            "address": machine.address,
            "zone": machine.zone,
            "cluster": change.record.cluster,
            "machine_set": change.record.name,
            "labels": dict(change.record.machine_set.labels),
            "taints": [dict(taint) for taint in change.record.taints],
            "host_vars": dict(change.record.settings.get("host_vars") or {}),
        }
        for machine in carried.machines
        if machine.name in carried.waiting and machine.phase is Phase.RUNNING and machine.name not in carried.release
    ]


def _release(change: Change, carried: Carried) -> list[dict[str, Any]]:
    return [
        {
            "name": machine.name,
            "address": machine.address,
            "cluster": change.record.cluster,
            "machine_set": change.record.name,
            "host_vars": dict(change.record.settings.get("host_vars") or {}),
        }
        for machine in carried.machines
        if machine.name in carried.release
    ]


def _moves(entry: dict[str, Any]) -> bool:
    return bool(entry["added"] or entry["removed"])


def _diff(name: str, change: Change, entry: dict[str, Any]) -> dict[str, str]:
    before = sorted({machine.name for machine in change.known})
    after = sorted((set(before) | set(entry["added"])) - set(entry["removed"]))
    header = f"machines of {name}"
    return {
        "before": "".join(f"{each}\n" for each in before),
        "after": "".join(f"{each}\n" for each in after),
        "before_header": header,
        "after_header": header,
    }


def _table(outcome: Outcome, sets: dict[str, dict[str, Any]], *, check: bool) -> list[str]:
    rows = [
        (
            "CLUSTER",
            "MACHINE SET",
            "MACHINES",
            "WOULD ADD" if check else "ADDED",
            "REMOVE" if check else "REMOVED",
            "WHY",
        )
    ]
    for name, entry in sets.items():
        why = "; ".join([*entry["errors"], *entry["reasons"]]) or "nothing to do"
        rows.append((
            entry["cluster"], name, str(entry["desired"]), _names(entry["added"]), _names(entry["removed"]), why[:300],
        ))  # fmt: skip
    for name, error in outcome.failed.items():
        rows.append((name, "-", "-", "-", "-", str(error)[:300]))
    lines = aligned(rows) if len(rows) > 1 else ["there are no machine sets"]
    pods = [
        (f"pod {key}", f"{cluster}: {verdict}")
        for cluster, decision in outcome.decisions.items()
        for key, verdict in decision.pods.items()
    ]
    nodes = [
        (f"node {key}", f"{cluster}: {reason}")
        for cluster, decision in outcome.decisions.items()
        for key, reason in decision.nodes.items()
    ]
    lines += [f"{subject}: {text}" for subject, text in (*pods[:_PODS_SHOWN], *nodes[:_PODS_SHOWN])]
    for word, entries in (("pods", pods), ("nodes", nodes)):
        if len(entries) > _PODS_SHOWN:
            lines.append(f"and {len(entries) - _PODS_SHOWN} more {word}")
    return lines


def _names(names: list[str]) -> str:
    if not names:
        return "-"
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
