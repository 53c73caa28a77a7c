# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would be: the applications of a fleet placed again after clusters were lost or added, or demand has grown.

The answer is what the real thing would do: an application that loses nothing stays where it is, one that loses a
cluster keeps what it has elsewhere, and is placed by the very function that places it then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from .application import Application, ApplicationDecision, place
from .changes import Changes
from .decision import FILTER, Failure
from .errors import Kind
from .fleet import place_all
from .placement import Placement, Strategy
from .request import Cluster, Taint, Target, Workload
from .room import PODS, demand_of, scarcest, total, with_replicas

CORDON = Taint("fleet.navarch.dev/unschedulable", "", "NoSchedule")

Replicas = Mapping[str, Mapping[str, int]]
"""By workload and cluster."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Clusters, and the applications that they run or shall run."""

    clusters: tuple[Cluster, ...]
    """Their facts show all that runs in them."""
    applications: Mapping[str, Application] = field(default_factory=dict)
    """By `tenant/name`; which clusters each knows does not matter."""


@dataclass(frozen=True, slots=True)
class Move:
    """Replicas that would run elsewhere."""

    workload: str
    source: str | None
    """None for those that ran nowhere."""
    target: str | None
    """None for those that run nowhere then."""
    replicas: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """What would not fit, one by one."""

    replicas: int = 0
    resources: Mapping[str, int] = field(default_factory=dict)
    """In billionths."""
    scarce: str | None = None
    """The resource of which there is least, counted in replicas."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of one application."""

    application: str
    before: Replicas
    after: Replicas
    clusters_before: tuple[str, ...]
    clusters_after: tuple[str, ...]
    moves: tuple[Move, ...]
    unplaced: Mapping[str, int]
    """Replicas that would run nowhere, by workload."""
    shortage: Shortage
    error: Failure | None = None

    @property
    def changes(self) -> bool:
        return self.before != self.after or self.clusters_before != self.clusters_after

    @property
    def falls_short(self) -> bool:
        return self.error is not None or any(self.unplaced.values())


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be."""

    before: Fleet
    after: Fleet
    outcomes: tuple[Outcome, ...]
    """Of the applications that are concerned."""


def what_if(fleet: Fleet, changes: Changes) -> Outlook:
    """The fleet after the changes.

    Applications that stand nowhere yet are placed first; that is what `before` shows of them.
    """
    before = settled(fleet)
    clusters = _changed_clusters(before.clusters, changes)
    scaled = {key: _scaled(before.applications[key], changes.scaled[key]) for key in changes.scaled}
    wished = {**before.applications, **scaled}
    concerned = [
        key
        for key, application in before.applications.items()
        if changes.concern_all
        or key in scaled
        or key in changes.again
        or _stands_in(application, changes.lost)
        or not application.placed_now
    ]
    return _placed(before, clusters, wished, _with_groups(wished, concerned), changes.lost, changes.trigger)


def loss(fleet: Fleet, lost: Collection[str]) -> Outlook:
    """The fleet after these clusters were lost.

    :param fleet: a settled one.
    """
    clusters = tuple(cluster for cluster in fleet.clusters if cluster.name not in lost)
    concerned = [key for key, application in fleet.applications.items() if _stands_in(application, lost)]
    return _placed(fleet, clusters, fleet.applications, _with_groups(fleet.applications, concerned), lost, None)


def settled(fleet: Fleet) -> Fleet:
    """The fleet once everything that runs nowhere yet is placed, as far as it fits."""
    new = {key: application for key, application in fleet.applications.items() if not application.placed_now}
    decisions, clusters = _place_in_turn(new, fleet.clusters, fleet.applications)
    placed = {key: _standing(new[key], decision) for key, decision in decisions.items()}
    return Fleet(clusters, {**fleet.applications, **placed})


def _place_in_turn(
    applications: Mapping[str, Application], clusters: tuple[Cluster, ...], beside: Mapping[str, Application]
) -> tuple[dict[str, ApplicationDecision], tuple[Cluster, ...]]:
    """Place one application after the other, and the clusters as full as they are then."""
    decisions = place_all(applications, clusters, beside=beside)
    room = {cluster.name: cluster for cluster in clusters}
    for key, application in applications.items():
        _settle(room, application, _running(application), persisted(decisions[key]))
    return decisions, tuple(room.values())


def persisted(decision: ApplicationDecision) -> dict[str, dict[str, int]]:
    """Where the replicas are after the decision; with an error, where they stay."""
    return {
        key: {target.name: target.replicas for target in each.persisted} for key, each in decision.workloads.items()
    }


def moves_between(before: Replicas, after: Replicas, first: Collection[str] = ()) -> tuple[Move, ...]:
    """Who takes over whose replicas.

    :param first: clusters whose replicas look for a place before others do.
    """
    moves: list[Move] = []
    for key in sorted({*before, *after}):
        then, now = before.get(key, {}), after.get(key, {})
        names = sorted({*then, *now}, key=lambda name: (name not in first, name))
        gone = [(name, then.get(name, 0) - now.get(name, 0)) for name in names]
        sources = [(name, count) for name, count in gone if count > 0]
        targets = [(name, -count) for name, count in gone if count < 0]
        moves += _paired(key, sources, targets)
    return tuple(moves)


def _paired(key: str, sources: list[tuple[str, int]], targets: list[tuple[str, int]]) -> Iterable[Move]:
    while sources and targets:
        (source, leaving), (target, coming) = sources.pop(0), targets.pop(0)
        replicas = min(leaving, coming)
        yield Move(key, source, target, replicas)
        if leaving > replicas:
            sources.insert(0, (source, leaving - replicas))
        if coming > replicas:
            targets.insert(0, (target, coming - replicas))
    yield from (Move(key, source, None, leaving) for source, leaving in sources)
    yield from (Move(key, None, target, coming) for target, coming in targets)


def _placed(
    before: Fleet,
    clusters: tuple[Cluster, ...],
    wished: Mapping[str, Application],
    concerned: Iterable[str],
    lost: Collection[str],
    trigger: str | None,
) -> Outlook:
    bereft = {key: replace(_without(wished[key], lost), trigger=trigger) for key in concerned}
    decisions, full = _place_in_turn(bereft, clusters, wished)
    outcomes = [
        _outcome(key, before.applications[key], bereft[key], decision, full, lost)
        for key, decision in decisions.items()
    ]
    after = {key: _standing(bereft[key], decision) for key, decision in decisions.items()}
    return Outlook(before, Fleet(full, {**wished, **after}), tuple(outcomes))


def _outcome(
    key: str,
    then: Application,
    asked: Application,
    decision: ApplicationDecision,
    clusters: tuple[Cluster, ...],
    lost: Collection[str],
) -> Outcome:
    before, after = _running(then), persisted(decision)
    unplaced = {}
    for workload in asked.workloads:
        short = _wanted(then, workload) - sum(after.get(workload.key, {}).values())
        unplaced[workload.key] = max(short, 0) if decision.error or not _duplicated(asked) else 0
    return Outcome(
        application=key,
        before=before,
        after=after,
        clusters_before=then.placed_now,
        clusters_after=tuple(sorted(decision.clusters)),
        moves=moves_between(before, after, lost),
        unplaced={name: count for name, count in unplaced.items() if count},
        shortage=_shortage(asked, decision, unplaced, clusters),
        error=decision.error,
    )


def _shortage(
    asked: Application, decision: ApplicationDecision, unplaced: Mapping[str, int], clusters: tuple[Cluster, ...]
) -> Shortage:
    """What is missing to place the rest: less than the rest where a part of it would still fit."""
    if not any(unplaced.values()):
        return Shortage()
    missing = dict(unplaced)
    if decision.error is not None and decision.error.kind is Kind.UNSCHEDULABLE:
        partial = {**asked.placement, "whenUnsatisfiable": "partial"}
        tried = place(replace(asked, clusters=clusters, placement=partial))
        if tried.error is None:
            held = persisted(tried)
            missing = {
                workload.key: max((workload.replicas or 0) - sum(held.get(workload.key, {}).values()), 0)
                for workload in asked.workloads
            }
    usable = [cluster for cluster in clusters if _is_usable(decision, cluster.name)]
    requests = {workload.key: workload.resource_request for workload in asked.workloads}
    resources = total(demand_of(requests[key], count) for key, count in missing.items() if count)
    largest = max(missing, key=lambda key: (missing[key], key))
    return Shortage(
        replicas=sum(missing.values()),
        resources={name: amount for name, amount in resources.items() if name != PODS},
        scarce=scarcest(usable, requests[largest]) if sum(missing.values()) else None,
    )


def _is_usable(decision: ApplicationDecision, name: str) -> bool:
    verdict = decision.selection.clusters.get(name)
    return verdict is None or verdict.taken or verdict.by != FILTER


def _wanted(then: Application, workload: Workload) -> int:
    """Replicas in all clusters together."""
    copies = max(len(then.placed_now), 1) if _duplicated(then) else 1
    return (workload.replicas or 0) * copies


def _duplicated(application: Application) -> bool:
    return Placement.from_dict(application.placement).strategy is Strategy.DUPLICATED


def _changed_clusters(clusters: tuple[Cluster, ...], changes: Changes) -> tuple[Cluster, ...]:
    kept = (cluster for cluster in clusters if cluster.name not in changes.lost)
    marked = (
        replace(cluster, taints=(*cluster.taints, CORDON)) if cluster.name in changes.cordoned else cluster
        for cluster in kept
    )
    return (*marked, *changes.added)


def _scaled(application: Application, wanted: Mapping[str, int]) -> Application:
    workloads = (replace(each, replicas=wanted.get(each.key, each.replicas)) for each in application.workloads)
    return replace(application, workloads=tuple(workloads))


def _with_groups(applications: Mapping[str, Application], concerned: Iterable[str]) -> list[str]:
    """Those concerned, and those that move together with them; in the fleet's order."""
    named = set(concerned)
    groups = {_group(key, applications[key]) for key in named} - {None}
    return [key for key, each in applications.items() if key in named or (groups and _group(key, each) in groups)]


def _group(key: str, application: Application) -> tuple[str, str] | None:
    name = application.placement.get("applicationGroup")
    return (key.partition("/")[0], str(name)) if name else None


def _stands_in(application: Application, names: Collection[str]) -> bool:
    return any(name in names for name in application.placed_now)


def _without(application: Application, lost: Collection[str]) -> Application:
    """The application when these clusters are gone with all that ran there."""
    current = {
        key: tuple(target for target in targets if target.name not in lost)
        for key, targets in application.current.items()
    }
    return replace(application, current=current, present=tuple(set(application.present) - set(lost)))


def _standing(application: Application, decision: ApplicationDecision) -> Application:
    """The application where the decision puts it."""
    current = {
        key: tuple(Target(name, count) for name, count in counts.items()) for key, counts in persisted(decision).items()
    }
    return replace(
        application, current=current, present=decision.clusters, observed_affinity=decision.observed_affinity
    )


def _running(application: Application) -> dict[str, dict[str, int]]:
    return {key: {target.name: target.replicas for target in targets} for key, targets in application.current.items()}


def _settle(room: dict[str, Cluster], application: Application, before: Replicas, after: Replicas) -> None:
    """Bring the facts up to date with what was decided."""
    for workload in application.workloads:
        then, now = before.get(workload.key, {}), after.get(workload.key, {})
        for name in {*then, *now} & set(room):
            more = now.get(name, 0) - then.get(name, 0)
            if more:
                room[name] = with_replicas(room[name], workload, more)
