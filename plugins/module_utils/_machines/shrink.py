# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines nobody needs, since when, and which of them may go now. Pure.

What keeps a node is what users of the cluster autoscaler expect: pods that nobody would start again, pods with data on
the node, system pods without a budget, budgets that allow no eviction, the annotations that say so, and pods that find
no place elsewhere. Pods that the node itself brought (DaemonSets, mirror pods) hold nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .._scheduling.labels import Match
from .fit import Board
from .pods import EXPENDABLE, SAFE_TO_EVICT, SAFE_VOLUMES, Pod
from .record import Scaling

SCALE_DOWN_DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
_SYSTEM = "kube-system"


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PodDisruptionBudget: how many of its pods may leave now."""

    key: str
    namespace: str
    selector: tuple[Match, ...]
    allowed: int

    def covers(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and all(match(pod.labels) for match in self.selector)


@dataclass(frozen=True, slots=True)
class Resident:
    """A node of a machine set."""

    machine: str
    node: str
    allocatable: Mapping[str, int]
    annotations: Mapping[str, str] = field(default_factory=dict)
    idle_since: datetime | None = None
    """As the last run left it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A machine set with its nodes."""

    name: str
    spare: int
    """How many of its machines may go at most: what it has beyond its minimum."""
    scaling: Scaling
    residents: Sequence[Resident]
    cost_per_hour: float | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Shrinking:
    """What may go, and what stays for which reason."""

    remove: Mapping[str, tuple[str, ...]]
    """Machines by set."""
    idle_since: Mapping[str, datetime]
    """By node, for all that are not needed."""
    reasons: Mapping[str, str]
    """By node."""


def shrink(
    board: Board,
    groups: Iterable[Group],
    budgets: Sequence[DisruptionBudget],
    now: datetime,
    *,
    last_added: datetime | None,
    drains: int = 1,
) -> Shrinking:
    """Which machines may go now.

    :param board: nodes that are there, with the pods that are or will be on them.
    :param last_added: when a machine was last added to the cluster.
    :param drains: how many nodes with pods may go at once; empty ones are not counted.
    """
    board = board.copy()
    allowed = {budget.key: budget.allowed for budget in budgets}
    remove: dict[str, tuple[str, ...]] = {}
    idle: dict[str, datetime] = {}
    reasons: dict[str, str] = {}
    unneeded: dict[str, int] = {}
    order = _dearest_and_emptiest_first(board, groups)
    # Pods move to nodes that stay in any case first, so that they hold no other machine.
    last = [resident.node for _group, resident in order]
    for group, resident in order:
        node = resident.node
        pods = _movable(board.pods_on(node))
        reason = _why_kept(board, group.scaling, resident, budgets, allowed)
        if reason is None and unneeded.get(group.name, 0) >= group.spare:
            reason = "the set keeps its minimum"
        after, homeless = (board, None) if reason else _without(board, node, pods, last)
        if reason or homeless:
            reasons[node] = reason or f"pod {homeless} fits no other node"
            continue
        board = after
        for budget in budgets:
            allowed[budget.key] -= sum(budget.covers(pod) for pod in pods)
        unneeded[group.name] = unneeded.get(group.name, 0) + 1
        since = idle[node] = resident.idle_since or now
        wait = _why_not_yet(group.scaling, since, now, last_added)
        if wait is None and pods:
            wait = "one node with pods is emptied at a time" if drains <= 0 else None
            drains -= 1
        if wait is not None:
            reasons[node] = f"not needed, but {wait}"
            continue
        remove[group.name] = (*remove.get(group.name, ()), resident.machine)
        fate = f"its {len(pods)} pods fit elsewhere" if pods else "nothing runs there"
        reasons[node] = f"not needed for {(now - since).total_seconds():.0f} s; {fate}"
    return Shrinking(remove, idle, reasons)


def _dearest_and_emptiest_first(board: Board, groups: Iterable[Group]) -> list[tuple[Group, Resident]]:
    """Sets of low priority first, then dear machines, then those with the least on them."""
    pairs = [(group, resident) for group in groups for resident in group.residents]
    return sorted(
        pairs,
        key=lambda pair: (
            pair[0].priority,
            -(pair[0].cost_per_hour or 0.0),
            _utilization(board.pods_on(pair[1].node), pair[1].allocatable),
            pair[1].node,
        ),
    )


def _why_kept(
    board: Board,
    scaling: Scaling,
    resident: Resident,
    budgets: Sequence[DisruptionBudget],
    allowed: Mapping[str, int],
) -> str | None:
    if resident.annotations.get(SCALE_DOWN_DISABLED) == "true":
        return f"the node has annotation {SCALE_DOWN_DISABLED}"
    pods = board.pods_on(resident.node)
    used = _utilization(pods, resident.allocatable)
    if used >= scaling.scale_down_utilization_threshold and _movable(pods):
        return f"{used:.0%} of it is asked for, the threshold is {scaling.scale_down_utilization_threshold:.0%}"
    for pod in _movable(pods):
        reason = _why_pod_stays(pod, budgets)
        if reason is not None:
            return f"pod {pod.key} {reason}"
    return _exhausted(_movable(pods), budgets, allowed)


def _why_pod_stays(pod: Pod, budgets: Sequence[DisruptionBudget]) -> str | None:
    safe = pod.annotations.get(SAFE_TO_EVICT)
    if safe == "false":
        return f"has annotation {SAFE_TO_EVICT}=false"
    covering = [budget for budget in budgets if budget.covers(pod)]
    if len(covering) > 1:
        return "is covered by more than one PodDisruptionBudget, so it can't be evicted"
    if safe == "true":
        return None
    if not pod.owner:
        return "has no controller that would start it again"
    kept = set(pod.local_volumes) - set(pod.annotations.get(SAFE_VOLUMES, "").split(","))
    if kept:
        return f"has data on the node (volume {min(kept)})"
    if pod.namespace == _SYSTEM and not covering:
        return "belongs to the system and has no PodDisruptionBudget"
    return None


def _exhausted(pods: Sequence[Pod], budgets: Sequence[DisruptionBudget], allowed: Mapping[str, int]) -> str | None:
    for budget in budgets:
        asked = sum(budget.covers(pod) for pod in pods)
        if asked > allowed[budget.key]:
            return (
                f"PodDisruptionBudget {budget.key} allows {allowed[budget.key]} of its pods to leave, {asked} are here"
            )
    return None


def _without(board: Board, node: str, pods: Sequence[Pod], last: Sequence[str]) -> tuple[Board, str | None]:
    """The board after the node is gone and its pods have moved, and the first pod that found no place."""
    after = board.copy()
    after.remove(node)
    ranks = {name: rank for rank, name in enumerate(reversed(last))}
    names = sorted(after.names, key=lambda name: ranks.get(name, -1))
    for pod in pods:
        if after.put(pod, names) is None:
            return after, pod.key
    return after, None


def _why_not_yet(scaling: Scaling, since: datetime, now: datetime, last_added: datetime | None) -> str | None:
    left = scaling.scale_down_unneeded_time - (now - since).total_seconds()
    if left > 0:
        return f"it could be needed again; {left:.0f} s to go"
    if last_added is not None:
        left = scaling.scale_down_delay_after_add - (now - last_added).total_seconds()
        if left > 0:
            return f"a machine was added to the cluster a moment ago; {left:.0f} s to go"
    return None


def _movable(pods: Iterable[Pod]) -> list[Pod]:
    return [pod for pod in pods if not pod.stays_with_its_node and not pod.going and pod.priority >= EXPENDABLE]


def _utilization(pods: Iterable[Pod], allocatable: Mapping[str, int]) -> float:
    """The larger share of CPU and memory that is asked for, without what the node itself brought."""
    used: dict[str, int] = {}
    for pod in pods:
        if not pod.stays_with_its_node:
            for name in ("cpu", "memory"):
                used[name] = used.get(name, 0) + pod.request.get(name, 0)
    return max(
        (used.get(name, 0) / allocatable[name] for name in ("cpu", "memory") if allocatable.get(name)), default=0.0
    )
