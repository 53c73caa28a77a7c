# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rebalance: a bounded step from where applications stand towards where a fresh decision would put them.

What a move is worth is counted in points, the percentage of replicas that come to where they belong: 100 when every
replica stands in a wrong cluster, 0 when none does. Staying is worth points of the same kind, so that nothing moves
for little.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from .application import Application, ApplicationDecision
from .decision import Decision
from .fleet import place_all
from .placement import Placement, Strategy
from .request import RESCHEDULE, Cluster, Target, Workload
from .room import with_replicas
from .what_if import Move, Replicas, moves_between, persisted

NEVER = "never"
ALLOWED = "allowed"

_WITHOUT_SUCCESSOR = frozenset({"Job", "Pod"})
"""Kinds whose pods are not continued by others elsewhere."""
_WITH_DATA = frozenset({"StatefulSet"})
"""Kinds whose pods leave their data behind."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one step may move, and for how little it moves nothing."""

    replicas: int | None = None
    """Of one application."""
    percent: float | None = 25.0
    """Of the replicas of one application; at least one."""
    total_replicas: int | None = None
    """Of all applications together."""
    total_percent: float | None = None
    """Of the replicas of all applications together; at least one."""
    unavailable: int = 0
    """Replicas of a workload that may be unready when a step begins."""
    gain: float = 5.0
    """Points that staying is worth."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application that may be moved."""

    application: Application
    ready: Mapping[str, Mapping[str, int]] | None = None
    """Replicas that are ready, by workload and cluster; None while nobody has looked, which counts as all."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is moved of one application."""

    key: str
    before: Replicas
    after: Replicas
    clusters: tuple[str, ...]
    """Where objects without replicas go."""
    moves: tuple[Move, ...]
    gain: float
    """Points that the application is away from a fresh decision now."""
    left: float
    """Points that remain after the step."""
    fresh: ApplicationDecision
    remaining: int = 0
    """Replicas that stand elsewhere than the fresh decision would put them, after the step."""

    @property
    def replicas(self) -> int:
        return sum(move.replicas for move in self.moves)

    @property
    def decision(self) -> ApplicationDecision:
        """The decision of the step: the fresh one, as far as it is carried out."""
        workloads = {
            key: _as_far_as(decision, self.after.get(key, {})) for key, decision in self.fresh.workloads.items()
        }
        return replace(self.fresh, workloads=workloads, clusters=self.clusters)


@dataclass(frozen=True, slots=True)
class Stay:
    """An application that is not moved, and why."""

    key: str
    reason: str
    balanced: bool = False
    """It stands well; else something keeps it from moving."""
    gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One step for some applications, and why the others stay."""

    steps: tuple[Step, ...] = ()
    stays: tuple[Stay, ...] = ()


def plan(
    candidates: Mapping[str, Candidate],
    clusters: tuple[Cluster, ...],
    limits: Limits,
    others: Mapping[str, Application] | None = None,
) -> Plan:
    """Plan one step: those that stand worst first; what one takes is gone for the next.

    :param others: applications that stay in any case, and are neighbours of these.
    """
    room = {cluster.name: cluster for cluster in clusters}
    standing = dict(others or {})
    standing |= {key: candidate.application for key, candidate in candidates.items()}
    steps: list[Step] = []
    stays: list[Stay] = []
    worth: list[tuple[float, str]] = []
    for key, candidate in candidates.items():
        found = _look(key, candidate, clusters, standing, limits)
        if isinstance(found, Stay):
            stays.append(found)
        else:
            worth.append((-found.gain, key))
    allowance = _total_allowance(candidates.values(), limits)
    for _points, key in sorted(worth):
        if allowance is not None and allowance <= 0:
            stays.append(Stay(key, "the limit for all applications together is reached; run it again"))
            continue
        # Others have moved since the first look, on paper.
        found = _look(key, candidates[key], tuple(room.values()), standing, limits)
        if isinstance(found, Stay):
            stays.append(found)
            continue
        step = _bounded(found, _allowance(candidates[key].application, limits, allowance))
        steps.append(step)
        if allowance is not None:
            allowance -= step.replicas
        _settle(room, candidates[key].application, step)
        standing[key] = _moved(standing[key], step)
    return Plan(tuple(sorted(steps, key=lambda step: step.key)), tuple(sorted(stays, key=lambda stay: stay.key)))


def _look(
    key: str,
    candidate: Candidate,
    clusters: tuple[Cluster, ...],
    beside: Mapping[str, Application],
    limits: Limits,
) -> Step | Stay:
    """The whole way to the fresh decision, or why the application does not take it."""
    application = candidate.application
    reason = _why_it_stays(application)
    if reason:
        return Stay(key, reason)
    before = _running(application)
    replicas = sum(sum(counts.values()) for counts in before.values())
    if replicas == 0:
        return Stay(key, "it runs no replicas", balanced=True)
    fresh = place_all({key: replace(application, trigger=RESCHEDULE)}, clusters, beside=beside)[key]
    if fresh.error is not None:
        return Stay(key, f"it could not be placed afresh: {fresh.error.message}")
    fixed = {each.key: before[each.key] for each in application.workloads if _stays_put(each, application, before)}
    if fixed.keys() >= before.keys():
        return Stay(
            key,
            "its replicas are no interchangeable ones; to move StatefulSets, say rebalance: allowed in its placement",
        )
    target = {**persisted(fresh), **fixed}
    moves = moves_between(before, target)
    coming = sum(move.replicas for move in moves if move.target is not None)
    gain = _gain(before, target, fresh)
    if not coming or gain < limits.gain:
        return Stay(key, _balanced(gain, limits.gain), balanced=True, gain=gain)
    missing = _unavailable(candidate, limits.unavailable)
    if missing:
        return Stay(key, missing, gain=gain)
    clusters_then = tuple(sorted({*fresh.clusters, *_names(fixed)}))
    return Step(key, before, target, clusters_then, moves, gain, 0.0, fresh)


def _why_it_stays(application: Application) -> str:
    if application.placement.get("rebalance") == NEVER:
        return "its placement says rebalance: never"
    if Placement.from_dict(application.placement).strategy is Strategy.DUPLICATED:
        return (
            "every cluster of it holds all replicas, so there is nothing to balance; an apply brings it to new clusters"
        )
    return ""


def _gain(before: Replicas, target: Replicas, fresh: ApplicationDecision) -> float:
    """Points that a fresh decision is nearer to the shares that it divides by.

    Shares are seldom whole numbers: of two clusters alike, which one gets the odd replica is worth no move.
    """
    nearer, replicas = 0.0, 0
    for key, now in before.items():
        then = target.get(key, {})
        shares = _shares(fresh.workloads[key], then)
        nearer += _distance(now, shares) - _distance(then, shares)
        replicas += sum(now.values())
    return max(round(100 * nearer / replicas, 1), 0.0)


def _shares(decision: Decision, target: Mapping[str, int]) -> Mapping[str, float]:
    """What each cluster would get if replicas could be cut; where there are no plain weights, what it gets."""
    weighed = [step for step in decision.divisions if sum((step.get("weights") or {}).values()) > 0]
    if len(weighed) != 1 or weighed[0].get("result") != dict(target):
        return target
    weights: Mapping[str, int] = weighed[0]["weights"]
    return {name: weighed[0]["replicas"] * weight / sum(weights.values()) for name, weight in weights.items()}


def _distance(now: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Replicas that stand elsewhere than the shares say."""
    return sum(abs(now.get(name, 0) - shares.get(name, 0)) for name in {*now, *shares}) / 2


def _stays_put(workload: Workload, application: Application, before: Replicas) -> bool:
    if workload.key not in before:
        return False
    has_data = workload.kind in _WITH_DATA and application.placement.get("rebalance") != ALLOWED
    return has_data or workload.kind in _WITHOUT_SUCCESSOR


def _balanced(gain: float, least: float) -> str:
    if gain == 0:
        return "it stands as well as a fresh decision would put it"
    return f"{_points(gain)} would be gained, staying is worth {least:g}"


def _unavailable(candidate: Candidate, allowed: int) -> str:
    if candidate.ready is None:
        return ""
    for key, counts in _running(candidate.application).items():
        ready = candidate.ready.get(key, {})
        missing = sum(max(count - ready.get(name, 0), 0) for name, count in counts.items())
        if missing > allowed:
            total = sum(counts.values())
            return f"{missing} of {total} replicas of {key} are not ready, {allowed} may be"
    return ""


def _total_allowance(candidates: Iterable[Candidate], limits: Limits) -> int | None:
    allowance = limits.total_replicas
    if limits.total_percent is not None:
        total = sum(_replicas(candidate.application) for candidate in candidates)
        share = max(int(total * limits.total_percent / 100), 1)
        allowance = share if allowance is None else min(share, allowance)
    return allowance


def _allowance(application: Application, limits: Limits, total: int | None) -> int | None:
    allowed = [limit for limit in (limits.replicas, total) if limit is not None]
    if limits.percent is not None:
        allowed.append(max(int(_replicas(application) * limits.percent / 100), 1))
    return min(allowed) if allowed else None


def _bounded(way: Step, allowance: int | None) -> Step:
    """So much of the way as is allowed, the workloads in turn and the widest gap first."""
    whole = sum(move.replicas for move in way.moves if move.target is not None)
    if allowance is None or whole <= allowance:
        return way
    after = {key: dict(counts) for key, counts in way.before.items()}
    open_workloads = [key for key in sorted(way.after) if _gap(after.get(key, {}), way.after[key])]
    for _turn in range(allowance):
        key = open_workloads.pop(0)
        _move_one(after.setdefault(key, {}), way.after[key])
        if _gap(after[key], way.after[key]):
            open_workloads.append(key)
    after = {
        key: {name: count for name, count in counts.items() if count or name in way.after.get(key, {})}
        for key, counts in after.items()
    }
    moves = moves_between(way.before, after)
    rest = whole - sum(move.replicas for move in moves)
    left = round(way.gain * rest / whole, 1)
    return replace(way, after=after, clusters=_on_the_way(way, after), moves=moves, left=left, remaining=rest)


def _gap(now: Mapping[str, int], target: Mapping[str, int]) -> int:
    return sum(max(count - now.get(name, 0), 0) for name, count in target.items())


def _move_one(now: dict[str, int], target: Mapping[str, int]) -> None:
    def surplus(name: str) -> int:
        return now.get(name, 0) - target.get(name, 0)

    names = sorted({*now, *target})
    source = max(names, key=surplus)
    gaining = min(names, key=surplus)
    now[gaining] = now.get(gaining, 0) + 1
    if surplus(source) > 0:
        now[source] -= 1


def _on_the_way(way: Step, after: Replicas) -> tuple[str, ...]:
    """The clusters that hold something after a part of the way: all with replicas, and those that stay in any case."""
    running = {name for counts in after.values() for name in counts}
    return tuple(sorted(running | (_names(way.before) & set(way.fresh.clusters))))


def _names(replicas: Replicas) -> set[str]:
    return {name for counts in replicas.values() for name in counts}


def _as_far_as(decision: Decision, counts: Mapping[str, int]) -> Decision:
    targets = tuple(Target(name, count) for name, count in sorted(counts.items()))
    return replace(decision, targets=targets, persisted=targets)


def _running(application: Application) -> dict[str, dict[str, int]]:
    return {key: {target.name: target.replicas for target in targets} for key, targets in application.current.items()}


def _replicas(application: Application) -> int:
    return sum(target.replicas for targets in application.current.values() for target in targets)


def _settle(room: dict[str, Cluster], application: Application, step: Step) -> None:
    for workload in application.workloads:
        before, after = step.before.get(workload.key, {}), step.after.get(workload.key, {})
        for name in (set(before) | set(after)) & set(room):
            more = after.get(name, 0) - before.get(name, 0)
            room[name] = with_replicas(room[name], workload, more)


def _moved(application: Application, step: Step) -> Application:
    current = {key: tuple(Target(name, count) for name, count in counts.items()) for key, counts in step.after.items()}
    return replace(application, current=current, present=step.clusters)


def _points(gain: float) -> str:
    return f"{gain:g} point{'' if gain == 1 else 's'}"


def clusters_of(step: Step) -> Collection[str]:
    """All clusters that a step takes replicas from or gives them to."""
    return {name for move in step.moves for name in (move.source, move.target) if name is not None}
