# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was promised in members a moment ago, so that two deliveries in a row never promise the same room twice.

The facts of a member may be a minute old. So the record of an application says for a while what its last deliveries
brought to each cluster: one list of records tells what the facts can't show yet, and no revision has to be read.

A promise is recorded as `{cluster, since, until, replicas, request}`: facts that are older than `since` do not show it,
facts that are younger than `until` do, and in between they may. It is deducted until it certainly shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._kube.errors import ForbiddenError
from .._registry.hub import Hub
from .._registry.member import Member, parse_time
from .._scheduling.estimate import Taken, deducted
from .._scheduling.request import Cluster
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


def begun(status: Mapping[str, Any], gains: Iterable[Promise], now: str) -> Recorded:
    """The promises of a record when a delivery begins."""
    moment = parse_time(now)
    kept = [each for each in status.get("promises") or () if moment - _until(each) < KEPT]
    new = [
        {"cluster": each.cluster, "since": now, "until": "", "replicas": each.replicas, "request": dict(each.request)}
        for each in gains
    ]
    return [*kept, *new]


def written(status: Mapping[str, Any], now: str, clusters: Collection[str] | None = None) -> Recorded:
    """The promises of a record when the objects are in the members; in all of them, or in these."""
    return [
        {**each, "until": now} if not each["until"] and (clusters is None or each["cluster"] in clusters) else each
        for each in status.get("promises") or ()
    ]


def promised(hub: Hub, members: Mapping[str, Member], tenant: str) -> tuple[Promise, ...]:
    """What was promised in members and their facts may not show.

    Who may read no more than a tenant is told of the promises of this one.
    """
    try:
        records = list_records(hub)
    except ForbiddenError:
        records = list_records(hub, tenant)
    return unseen(records, members)


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


def _until(promise: Mapping[str, Any]) -> datetime:
    return parse_time(promise["until"]) if promise["until"] else parse_time(promise["since"]) + ABANDONED
