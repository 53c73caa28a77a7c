# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter: which clusters may take the workload at all.

All filters must pass. A cluster that runs the workload already is exempt from those for taints and for served kinds:
whoever wants it away from there evicts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .companions import Rule, companion_rules, group_stands
from .errors import Kind
from .locality import locality_rule
from .placement import Placement, Spread
from .rejection import Rejection
from .request import Cluster
from .taints import OBEYED_EFFECTS
from .task import Task
from .wording import alike, counted, named

Check = Callable[[Cluster], "int | Rejection"]

_REASONS = 6
"""Reasons that an error names when no cluster fits."""


def passes(task: Task) -> Check:
    """The filter of this task: the overflow tier of a cluster that passes, or the rejection.

    What hangs on this one application, its neighbours and its data, is in :func:`own_filter`.
    """
    request, placement = task.request, task.placement
    evicting, tiers = frozenset(request.evicting), task.tiers
    first, current = None if tiers[0].is_open else tiers[0], task.current
    kinds = tuple((version, kind) for version, kind in (_own_kind(task), *task.serving) if kind)
    # Karmada knows no windows, and tolerates for ever what it tolerates for a while.
    now = None if task.karmada else request.now
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
                rejection = _taint(placement, cluster, now)
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


def own_filter(task: Task) -> Callable[[Cluster], Rejection | None] | None:
    """What the other applications and the data say to a cluster that passed; None when the placement asks neither."""
    placement = task.placement
    if task.karmada or (placement.companions is None and placement.data is None):
        return None
    rules: tuple[Rule, ...] = ()
    stands: frozenset[str] | None = None
    if placement.companions is not None:
        rules = companion_rules(placement.companions, task.request)
        stands = _group(task, group_stands(placement.companions, task.request))
    if placement.data is not None and placement.data.required:
        rules = (*rules, locality_rule(placement.data))
    if not rules and stands is None:
        return None
    exempt = frozenset[str]() if task.fresh else frozenset(task.current)

    def check(cluster: Cluster) -> Rejection | None:
        if stands is not None and cluster.name not in stands:
            return Rejection(
                "applications",
                f"its application group stands in {', '.join(sorted(stands))}",
                "take it out of the group, or move the group",
            )
        if cluster.name in exempt:
            return None
        return next((rejection for rule in rules if (rejection := rule(cluster)) is not None), None)

    return check


def may_lead(task: Task, kinds: Iterable[Kind]) -> bool:
    """Whether an application that does not fit where its group stands may go ahead, so that the others follow.

    It may where there is not room enough, and while a cluster is being left.
    """
    companions = task.placement.companions
    if task.karmada or task.leads or companions is None or not group_stands(companions, task.request):
        return False
    return bool(task.request.evicting) or Kind.UNSCHEDULABLE in kinds


def _own_kind(task: Task) -> tuple[str, str]:
    return task.request.workload.api_version, task.request.workload.kind


def _outside(task: Task, part: str) -> Rejection:
    group = f" of affinity group {task.term.name}" if task.term.name else ""
    overflow = " or its overflow groups" if task.overflows else ""
    if part == "exclude":
        return Rejection("affinity", f"the cluster affinity{group} excludes it", "take it out of exclude")
    return Rejection(
        "affinity",
        f"{part} of the cluster affinity{group}{overflow} does not match it",
        f"change {part}, or the cluster to match it",
    )


def _taint(placement: Placement, cluster: Cluster, now: str | None) -> Rejection | None:
    for taint in cluster.taints:
        if taint.effect not in OBEYED_EFFECTS:
            continue
        until = None
        if taint.hours:
            until = taint.open_until(now)
            if until is None:
                continue
        matching = [each for each in placement.tolerations if each.tolerates(taint.key, taint.value, taint.effect)]
        if any(not each.has_run_out(taint, now) for each in matching):
            continue
        if until is not None:
            return Rejection(
                "maintenance",
                f"it is in maintenance until {until} ({taint})",
                f"wait until then, or add a toleration for {taint.key} to clusterTolerations",
            )
        if matching:
            return Rejection(
                "taint",
                f"its taint {taint} of {taint.time_added} is not tolerated any longer",
                "raise tolerationSeconds, or remove the taint",
            )
        return Rejection(
            "taint",
            f"its taint {taint} is not tolerated",
            "add a toleration to clusterTolerations, or remove the taint",
        )
    return None


def _group(task: Task, names: tuple[str, ...]) -> frozenset[str] | None:
    """The clusters that the group ties the application to; None when it may lead.

    One that runs already stays where it is when it can't go to any of them: the rest of the group is on its way.
    """
    if not names or task.leads:
        return None
    check = passes(task)
    open_to_it = [
        cluster
        for cluster in task.request.clusters
        if cluster.name in names and not isinstance(check(cluster), Rejection)
    ]
    return None if not open_to_it and task.current else frozenset(names)


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
    """One sentence: what dropped the clusters, with their names where they are few; short however many there are."""
    in_order = sorted(rejections, key=lambda each: each[0])
    groups = alike((name, (rejection.reason,), rejection.reason) for name, rejection in in_order)
    parts = [f"{named(group.names)}: {group.example}" for group in groups[:_REASONS]]
    others = sum(len(group.names) for group in groups[_REASONS:])
    if others:
        parts.append(f"{counted(others, 'more cluster')}: other reasons")
    return "; ".join(parts)
