# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was promised in members a moment ago, so that two deliveries in a row never promise the same room twice.

The facts of a member may be a minute old. So the record of an application says for a while what its last deliveries
brought to each cluster: one list of records tells what the facts can't show yet, and no revision has to be read.

A promise is recorded as `{cluster, since, until, replicas, request}`: facts that are older than `since` do not show it,
facts that are younger than `until` do, and in between they may. It is deducted until it certainly shows. One that is
`reserved` belongs to a plan that nobody carries out yet; it gives way to those that were there before (reservation.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._kube.errors import ForbiddenError
from .._registry.hub import Hub
from .._registry.member import Member, parse_time
from .._scheduling.estimate import Taken, deducted, estimator
from .._scheduling.nodes import NO_CLAIM
from .._scheduling.request import ESTIMATE_SUMMARY, Cluster
from .._scheduling.request import Workload as Placed
from .identity import Identity
from .record import ApplicationRecord, list_records
from .workloads import Workload

if TYPE_CHECKING:
    from .decide import Current, Decided

SHOWS = timedelta(seconds=10)
"""So long after its objects were written a workload's pods are there, and clocks agree no better than that."""

ABANDONED = timedelta(minutes=15)
"""A delivery that did not end by then has died; what it brought shows by now."""

KEPT = timedelta(minutes=5)
"""Older promises go from the record; facts on which a decision rests are never that old."""

Recorded = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Promise:
    """Replicas of one workload that a cluster was given beyond those it had."""

    cluster: str
    replicas: int
    request: Mapping[str, Any]
    """What one of them asks for."""


def gained(decided: Decided, current: Current, workloads: Mapping[Identity, Workload]) -> tuple[Promise, ...]:
    """What the application gets in each cluster beyond what it has there."""
    return tuple(
        Promise(name, after - before, dict(workloads[identity].request or {}))
        for identity, changes in decided.moved(current).items()
        for name, (before, after) in changes.items()
        if after > before and identity in workloads
    )


def reserved(status: Mapping[str, Any], gains: Iterable[Promise], now: str) -> Recorded:
    """The promises of a record while it is seen whether others took the room."""
    return [*firm(status), *({**_recorded(each, now), "reserved": True} for each in gains)]


def begun(status: Mapping[str, Any], gains: Iterable[Promise], now: str) -> Recorded:
    """The promises of a record when a delivery begins."""
    moment = parse_time(now)
    kept = [each for each in firm(status) if moment - _until(each) < KEPT]
    return [*kept, *(_recorded(each, now) for each in gains)]


def firm(status: Mapping[str, Any]) -> Recorded:
    """The promises of a record that are no mere reservations."""
    return [each for each in status.get("promises") or () if not each.get("reserved")]


def written(status: Mapping[str, Any], now: str, clusters: Collection[str] | None = None) -> Recorded:
    """The promises of a record when the objects are in the members; in all of them, or in these."""
    return [
        {**each, "until": now} if not each["until"] and (clusters is None or each["cluster"] in clusters) else each
        for each in status.get("promises") or ()
    ]


def promised(hub: Hub, members: Mapping[str, Member], tenant: str, name: str = "") -> tuple[Promise, ...]:
    """What was promised in members and their facts may not show.

    :param name: the application that asks; what it reserved itself is no obstacle to it.
    """
    records = known_records(hub, tenant)
    return unseen(
        (without_reservation(each) if (each.tenant, each.name) == (tenant, name) else each for each in records), members
    )


def known_records(hub: Hub, tenant: str) -> tuple[ApplicationRecord, ...]:
    """All applications, or to those who may read no more than a tenant the applications of this one."""
    try:
        return list_records(hub)
    except ForbiddenError:
        return list_records(hub, tenant)


def those_before(records: Iterable[ApplicationRecord], mine: ApplicationRecord) -> list[ApplicationRecord]:
    """The records as they count for one that has just reserved: who reserved later gives way to it. Pure."""
    return [
        each if int(each.resource_version) < int(mine.resource_version) else without_reservation(each)
        for each in records
    ]


def without_reservation(record: ApplicationRecord) -> ApplicationRecord:
    return replace(record, status={**record.status, "promises": firm(record.status)})


def crowded_out(
    gains: Iterable[Promise], clusters: Iterable[Cluster], before: Iterable[Promise], now: Iterable[Promise]
) -> bool:
    """Whether a cluster that had room for the gains has too little since more was promised in it. Pure."""
    known = {cluster.name: cluster for cluster in clusters}
    sought = [each for each in gains if each.cluster in known]
    return bool(_too_full(sought, known, now) - _too_full(sought, known, before))


def _too_full(gains: Iterable[Promise], clusters: Mapping[str, Cluster], promises: Iterable[Promise]) -> set[str]:
    taken = taken_by((each for each in promises if each.cluster in clusters), clusters.values())
    found = set()
    for each in gains:
        cluster, workload = clusters[each.cluster], Placed(resource_request=each.request)
        room = estimator(ESTIMATE_SUMMARY, each.request, unknown=0, taken=taken, claim=NO_CLAIM)
        if room(cluster) < each.replicas:
            found.add(each.cluster)
        taken[each.cluster] = deducted(cluster, taken.get(each.cluster), workload, each.replicas)
    return found


def unseen(records: Iterable[ApplicationRecord], members: Mapping[str, Member]) -> tuple[Promise, ...]:
    """The same from records that were read. Pure."""
    return tuple(
        Promise(each["cluster"], int(each["replicas"]), each.get("request") or {})
        for record in records
        for each in record.status.get("promises") or ()
        if each["cluster"] in members and parse_time(members[each["cluster"]].observed_at) <= _until(each) + SHOWS
    )


def taken_by(promises: Iterable[Promise], clusters: Iterable[Cluster]) -> dict[str, Taken]:
    """What that takes away from the clusters."""
    known = {cluster.name: cluster for cluster in clusters}
    taken: dict[str, Taken] = {}
    for each in promises:
        workload = Placed(resource_request=each.request)
        taken[each.cluster] = deducted(known[each.cluster], taken.get(each.cluster), workload, each.replicas)
    return taken


def _recorded(promise: Promise, now: str) -> dict[str, Any]:
    return {
        "cluster": promise.cluster,
        "since": now,
        "until": "",
        "replicas": promise.replicas,
        "request": dict(promise.request),
    }


def _until(promise: Mapping[str, Any]) -> datetime:
    return parse_time(promise["until"]) if promise["until"] else parse_time(promise["since"]) + ABANDONED
