# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: which clusters may take the workload at all.

All filters must pass. A cluster that runs the workload already is exempt from those for taints and for served kinds:
whoever wants it away from there evicts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .placement import OBEYED_EFFECTS, Placement, Spread
from .request import Cluster
from .task import Task


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a cluster is out, and what would let it in."""

    filter: str
    reason: str
    change: str


def passes(task: Task) -> Callable[[Cluster], int | Rejection]:
    """The filter of this task: the overflow tier of a cluster that passes, or the rejection."""
    request, placement = task.request, task.placement
    evicting, tiers = frozenset(request.evicting), task.term.tiers
    first, current = None if tiers[0].is_open else tiers[0], task.current
    kinds = tuple((version, kind) for version, kind in (_own_kind(task), *task.serving) if kind)
    spread_fields = tuple(spread for spread in placement.spread if spread.field != "cluster")

    def check(cluster: Cluster) -> int | Rejection:
        name = cluster.name
        if cluster.deleting:
            return Rejection("deleting", "the cluster is being removed", "join it again")
        if name in evicting:
            return Rejection("eviction", "the workload is being evicted from it", "wait for the eviction to end")
        tier, mismatch = 0, None if first is None else first.mismatch(cluster)
        while mismatch is not None:
            tier += 1
            if tier == len(tiers):
                return _outside(task, mismatch)
            mismatch = tiers[tier].mismatch(cluster)
        if name not in current:
            if cluster.taints:
                rejection = _taint(placement, cluster)
                if rejection is not None:
                    return rejection
            served = cluster.api_enablements
            if served is not None:
                for version, kind in kinds:
                    if (version, kind) not in served:
                        return Rejection(
                            "api",
                            f"it does not serve {kind} of {version}",
                            f"install the API of {kind} ({version}) in it",
                        )
        for spread in spread_fields:
            if not _has_property(cluster, spread, task):
                return Rejection(
                    "spread", f"it has no {spread.title}, which a spread constraint counts", f"give it a {spread.title}"
                )
        return tier

    return check


def _own_kind(task: Task) -> tuple[str, str]:
    return task.request.workload.api_version, task.request.workload.kind


def _outside(task: Task, part: str) -> Rejection:
    group = f" of affinity group {task.term.name}" if task.term.name else ""
    overflow = " or its overflow groups" if task.term.overflows else ""
    if part == "exclude":
        return Rejection("affinity", f"the cluster affinity{group} excludes it", "take it out of exclude")
    return Rejection(
        "affinity",
        f"{part} of the cluster affinity{group}{overflow} does not match it",
        f"change {part}, or the cluster to match it",
    )


def _taint(placement: Placement, cluster: Cluster) -> Rejection | None:
    for taint in cluster.taints:
        if taint.effect not in OBEYED_EFFECTS:
            continue
        if not any(toleration.tolerates(taint.key, taint.value, taint.effect) for toleration in placement.tolerations):
            return Rejection(
                "taint",
                f"its taint {taint} is not tolerated",
                "add a toleration to clusterTolerations, or remove the taint",
            )
    return None


def _has_property(cluster: Cluster, spread: Spread, task: Task) -> bool:
    if spread.field == "region":
        return bool(cluster.region)
    if spread.field == "provider":
        return bool(cluster.provider)
    if spread.field == "zone":
        return bool(cluster.zones)
    # Karmada lets labels pass here and gives up later.
    return task.karmada or spread.label in cluster.labels


def count_by_filter(rejections: Iterable[tuple[str, Rejection]]) -> str:
    """One sentence: how many clusters each filter dropped, with their names where they are few."""
    names: dict[str, list[str]] = {}
    for name, rejection in rejections:
        names.setdefault(rejection.reason, []).append(name)
    parts = []
    for reason, dropped in sorted(names.items(), key=lambda item: (-len(item[1]), item[0])):
        shown = ", ".join(dropped[:5]) + (f" and {len(dropped) - 5} more" if len(dropped) > 5 else "")
        parts.append(f"{shown}: {reason}")
    return "; ".join(parts)
