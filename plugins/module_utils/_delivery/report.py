# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results as lines for a terminal. Pure, and bounded like the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._scheduling.wording import counted, named
from .identity import Identity
from .waves import RolloutStep, StepKind

WORKLOADS_SHOWN = 60
CLUSTERS_SHOWN = 60
CLUSTERS_NAMED = 10
"""In one line."""
NO_APPLICATION = "There is no such application."


def decision_lines(replicas: Mapping[Identity, Mapping[str, int]], reasons: Mapping[str, str]) -> list[str]:
    """Workloads by clusters, then the reason for each cluster."""
    chosen = sorted({name for counts in replicas.values() for name in counts})[:CLUSTERS_SHOWN]
    rows: list[tuple[str, ...]] = [("WORKLOAD", *chosen, "TOTAL")]
    for identity, counts in sorted(replicas.items())[:WORKLOADS_SHOWN]:
        shown = (str(counts[name]) if name in counts else "-" for name in chosen)
        rows.append((identity.label, *shown, str(sum(counts.values()))))
    lines = aligned(rows) if replicas else []
    if len(replicas) > WORKLOADS_SHOWN:
        lines.append(f"and {len(replicas) - WORKLOADS_SHOWN} more workloads")
    lines += [f"{name}: {reason}" for name, reason in sorted(reasons.items())[:CLUSTERS_SHOWN]]
    if len(reasons) > CLUSTERS_SHOWN:
        lines.append(f"and {len(reasons) - CLUSTERS_SHOWN} more clusters")
    return lines


def delivery_lines(clusters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line per cluster: what is done there, and how it is then; what is wrong in several is said once.

    None where nothing was to be done.
    """
    if not clusters:
        return []
    rows: list[tuple[str, ...]] = [("CLUSTER", "ACTION", "OBJECTS", "HEALTH")]
    for name, entry in sorted(clusters.items())[:CLUSTERS_SHOWN]:
        counts = ", ".join(f"{count} {operation}" for operation, count in entry.get("counts", {}).items())
        health = entry.get("health")
        shown = f"{health['state']} {health['ready']}/{health['total']}" if health else "-"
        rows.append((name, str(entry.get("action", "-")), counts or "-", shown))
    lines = aligned(rows)
    said: dict[str, list[str]] = {}
    for name, entry in sorted(clusters.items())[:CLUSTERS_SHOWN]:
        reasons = (entry.get("health") or {}).get("reasons", [])[:5]
        for text in dict.fromkeys([*map(str, entry.get("errors", [])[:3]), *reasons]):
            said.setdefault(text, []).append(name)
    return lines + [f"{named(names)}: {text}" for text, names in said.items()]


def step_lines(steps: Sequence[RolloutStep]) -> list[str]:
    """The steps of a rollout, one line each."""
    rows: list[tuple[str, ...]] = [("STEP", "WAVE", "WHAT", "CLUSTERS")]
    for number, step in enumerate(steps, start=1):
        what = f"{step.kind.value} {step.canary}".strip() + (", mandatory" if step.mandatory else "")
        what += ", then it waits for somebody" if step.pause else ""
        more = len(step.clusters) - CLUSTERS_NAMED
        names = ", ".join(step.clusters[:CLUSTERS_NAMED]) + (f" and {more} more" if more > 0 else "")
        rows.append((str(number), "-" if step.kind is StepKind.FINISH else step.wave, what, names))
    return aligned(rows)


def differing(number: int, what: str) -> str:
    """``1 object differs``, or ``2 objects differ``."""
    return f"{counted(number, what)} differ{'s' if number == 1 else ''}"


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning where it is longer than so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
