# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a what-if answers: as data, and as lines that people can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .quantity import UNIT, format_quantity
from .request import Cluster
from .room import PODS, total, usage
from .survive import Loss, Survival, replicas_in
from .what_if import Outcome, Outlook

ROWS_SHOWN = 60
"""Of each table; the data has them all."""

CLUSTERS_SHOWN = 8
"""In one cell."""

_STEPS = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20))
_PLAIN = ("cpu", "memory")
"""Resources that always have a column."""


def outlook_data(outlook: Outlook) -> dict[str, Any]:
    """The outlook, with the applications that it concerns."""
    changed = [outcome for outcome in outlook.outcomes if outcome.changes or outcome.falls_short]
    return {
        "applications": {outcome.application: _outcome(outcome) for outcome in changed},
        "moves": [
            {
                "application": outcome.application,
                "workload": move.workload,
                "from": move.source,
                "to": move.target,
                "replicas": move.replicas,
            }
            for outcome in changed
            for move in outcome.moves
        ],
        "unplaced": {each.application: dict(each.unplaced) for each in changed if each.unplaced},
        "missing": _missing(
            sum(outcome.shortage.replicas for outcome in changed),
            total(outcome.shortage.resources for outcome in changed),
        ),
        "clusters": _clusters(outlook),
        "totals": _totals(outlook),
    }


def survival_data(found: Sequence[Survival]) -> dict[str, Any]:
    """The losses that are not survived, and how many were tried."""
    return {
        "losses": [_loss(survival, loss) for survival in found for loss in survival.losses],
        "survival": [
            {
                "demand": str(survival.demand),
                "survived": not survival.losses,
                "possible": survival.possible,
                "tried": survival.tried,
            }
            for survival in found
        ],
    }


def outlook_lines(outlook: Outlook) -> list[str]:
    """Applications that change, then how full the clusters become, then the sum of it."""
    changed = [outcome for outcome in outlook.outcomes if outcome.changes or outcome.falls_short]
    rows = list(_application_rows(changed))
    lines = [*_table(("APPLICATION", "WORKLOAD", "BEFORE", "AFTER", "NOT PLACED"), rows), ""] if rows else []
    lines[-1:-1] = [_why(outcome) for outcome in changed if outcome.falls_short][:ROWS_SHOWN]
    return [*lines, *_cluster_lines(outlook), "", _summary(outlook)]


def survival_lines(found: Sequence[Survival]) -> list[str]:
    """Each loss that is not survived, with who falls short and by how much."""
    lines: list[str] = []
    for survival in found:
        rows = [
            (
                ", ".join(loss.groups),
                ", ".join(_shortfall(outcome) for outcome in loss.short[:5]) + _more(loss.short, 5),
                amounts(loss.missing) or "-",
                loss.scarce or "-",
            )
            for loss in survival.losses
        ]
        lines += ["", _verdict(survival)]
        if rows:
            lines += _table((f"LOST {survival.demand.by.upper()}", "FALL SHORT", "MISSING", "SCARCE"), rows)
    return lines[1:]


def amounts(resources: Mapping[str, int]) -> str:
    """Amounts for people: `1.5 cores, 3Gi memory`."""
    parts = []
    for name, amount in sorted(resources.items()):
        shown = quantity(name, amount)
        if name == "cpu":
            cores = f"{amount / UNIT:.3f}".rstrip("0").rstrip(".")
            shown = f"{cores} core{'' if cores == '1' else 's'}"
            parts.append(shown)
        elif amount:
            parts.append(f"{shown} {name}")
    return ", ".join(parts)


def quantity(resource: str, amount: int) -> str:
    """An amount as Kubernetes reads it; bytes in quarters of the largest unit, else rounded up to whole Mi."""
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        whole = -(-amount // UNIT)
        for suffix, step in _STEPS:
            if whole >= step and 4 * whole % step == 0:
                return f"{whole / step:g}{suffix}"
        return f"{-(-whole // 2**20)}Mi"
    return format_quantity(amount)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "before": {key: dict(counts) for key, counts in outcome.before.items()},
        "after": {key: dict(counts) for key, counts in outcome.after.items()},
        "clusters_before": list(outcome.clusters_before),
        "clusters_after": list(outcome.clusters_after),
        "unplaced": sum(outcome.unplaced.values()),
        "missing": {
            **_missing(outcome.shortage.replicas, outcome.shortage.resources),
            "scarce": outcome.shortage.scarce,
        },
        "error": None if outcome.error is None else outcome.error.to_dict(),
    }


def _missing(replicas: int, resources: Mapping[str, int]) -> dict[str, Any]:
    return {"replicas": replicas, "resources": {name: quantity(name, amount) for name, amount in resources.items()}}


def _loss(survival: Survival, loss: Loss) -> dict[str, Any]:
    return {
        "demand": str(survival.demand),
        "lost": list(loss.groups),
        "clusters": list(loss.clusters),
        "applications": {
            outcome.application: {
                "unplaced": sum(outcome.unplaced.values()),
                "reason": "" if outcome.error is None else outcome.error.message,
                **_missing(outcome.shortage.replicas, outcome.shortage.resources),
            }
            for outcome in loss.short
        },
        "missing": _missing(loss.missing_replicas, loss.missing),
        "scarce": loss.scarce,
    }


def _clusters(outlook: Outlook) -> dict[str, dict[str, Any]]:
    before = {cluster.name: cluster for cluster in outlook.before.clusters}
    after = {cluster.name: cluster for cluster in outlook.after.clusters}
    ran, runs = replicas_in(outlook.before), replicas_in(outlook.after)
    found = {}
    for name in sorted({*before, *after}):
        found[name] = {
            "state": "lost" if name not in after else "added" if name not in before else "kept",
            "replicas": {"before": ran.get(name, 0), "after": runs.get(name, 0)},
            "used": _used(before.get(name), after.get(name)),
        }
    return found


def _used(before: Cluster | None, after: Cluster | None) -> dict[str, dict[str, Any]]:
    then, now = usage(before) if before else {}, usage(after) if after else {}
    found = {}
    for name in sorted({*then, *now}):
        entry: dict[str, Any] = {"allocatable": quantity(name, (now.get(name) or then[name])[1])}
        for moment, part in (("before", then), ("after", now)):
            if name in part:
                used, there = part[name]
                entry[moment] = quantity(name, max(used, 0))
                entry[f"percent_{moment}"] = _percent(used, there)
        found[name] = entry
    return found


def _percent(used: int, there: int) -> int:
    return max(round(100 * used / there), 0) if there else 0


def _totals(outlook: Outlook) -> dict[str, int]:
    outcomes = outlook.outcomes
    return {
        "applications": len(outlook.after.applications),
        "moving": sum(1 for outcome in outcomes if any(move.source and move.target for move in outcome.moves)),
        "replicas_moving": sum(
            move.replicas for outcome in outcomes for move in outcome.moves if move.source and move.target
        ),
        "falling_short": sum(1 for outcome in outcomes if outcome.falls_short),
        "replicas_unplaced": sum(count for outcome in outcomes for count in outcome.unplaced.values()),
    }


def _application_rows(changed: Iterable[Outcome]) -> Iterable[tuple[str, ...]]:
    for outcome in changed:
        title = _title(outcome.application)
        if not {*outcome.before, *outcome.after}:
            yield title, "-", ", ".join(outcome.clusters_before) or "-", ", ".join(outcome.clusters_after) or "-", "-"
        for key in sorted({*outcome.before, *outcome.after}):
            then, now = outcome.before.get(key, {}), outcome.after.get(key, {})
            short = outcome.unplaced.get(key, 0)
            if then != now or short:
                yield title, key, _counts(then, now), _counts(now, then), str(short) if short else "-"


def _cluster_lines(outlook: Outlook) -> list[str]:
    data = _clusters(outlook)
    asked = {
        name
        for application in outlook.after.applications.values()
        for workload in application.workloads
        for name in workload.resource_request or {}
    }
    counted = {name for entry in data.values() for name in entry["used"]}
    resources = [name for name in (*_PLAIN, *sorted(asked - set(_PLAIN)), PODS) if name in counted]
    rows = []
    for name, entry in data.items():
        replicas = entry["replicas"]
        cells = [_arrow(str(replicas["before"]), str(replicas["after"]))]
        for resource in resources:
            used = entry["used"].get(resource)
            cells.append("-" if used is None else _filling(used))
        rows.append((name, entry["state"], *cells))
    return _table(("CLUSTER", "STATE", "REPLICAS", *(name.upper() for name in resources)), rows)


def _filling(used: Mapping[str, Any]) -> str:
    then, now = used.get("percent_before"), used.get("percent_after")
    shown = [f"{percent}%" for percent in (then, now) if percent is not None]
    return f"{_arrow(shown[0], shown[-1])} of {used['allocatable']}"


def _summary(outlook: Outlook) -> str:
    totals = _totals(outlook)
    text = f"{totals['moving']} of {totals['applications']} applications move, {_replicas(totals['replicas_moving'])}"
    if not totals["falling_short"]:
        return f"{text}; everything fits"
    missing = total(outcome.shortage.resources for outcome in outlook.outcomes)
    lacking = f", {amounts(missing)} missing" if amounts(missing) else ""
    count = totals["falling_short"]
    return f"{text}; {count} fall{'s' if count == 1 else ''} short by {_replicas(totals['replicas_unplaced'])}{lacking}"


def _verdict(survival: Survival) -> str:
    failed = len(survival.losses)
    if survival.possible == 0:
        return f"{survival.demand}: there are not so many to lose"
    verdict = f"{failed} of {survival.tried} losses would not be survived" if failed else "would be survived"
    if survival.cut:
        verdict += (
            f"; {survival.possible} are possible, tried were the {survival.tried} that take the fullest first"
            " (max_losses says how many)"
        )
    elif not failed:
        verdict += f", each of {survival.tried}"
    return f"{survival.demand}: {verdict}"


def _why(outcome: Outcome) -> str:
    reason = outcome.error.message if outcome.error else "not all replicas fit"
    missing = amounts(outcome.shortage.resources)
    scarce = f" (scarce: {outcome.shortage.scarce})" if outcome.shortage.scarce else ""
    return f"{_title(outcome.application)}: {reason}" + (f"; missing {missing}{scarce}" if missing else "")


def _shortfall(outcome: Outcome) -> str:
    count = sum(outcome.unplaced.values())
    return f"{_title(outcome.application)} ({_replicas(count)})" if count else _title(outcome.application)


def _replicas(count: int) -> str:
    return f"{count} replica{'' if count == 1 else 's'}"


def _counts(counts: Mapping[str, int], others: Mapping[str, int]) -> str:
    """Replicas by cluster; of many clusters only those where they differ."""
    names = sorted(counts)
    if len(names) > CLUSTERS_SHOWN:
        names = [name for name in names if counts[name] != others.get(name)][:CLUSTERS_SHOWN]
    shown = [f"{name} {counts[name]}" for name in names]
    if len(shown) < len(counts):
        shown.append(f"{len(counts) - len(shown)} more")
    return ", ".join(shown) or "-"


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _title(key: str) -> str:
    return key.removeprefix("default/")


def _more(items: Sequence[object], shown: int) -> str:
    return f" and {len(items) - shown} more" if len(items) > shown else ""


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    found = list(rows)
    cells = [header, *found[:ROWS_SHOWN]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return lines + ([f"and {len(found) - ROWS_SHOWN} more"] if len(found) > ROWS_SHOWN else [])
