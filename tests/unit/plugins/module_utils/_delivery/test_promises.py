# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was promised in a member is deducted until its facts certainly show it, and not for longer."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.decide import (
    Current,
    Decided,
    PlacementError,
    decide,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.promises import (
    Promise,
    begun,
    crowded_out,
    gained,
    reserved,
    those_before,
    unseen,
    written,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import ApplicationRecord
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.workloads import workloads_of
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member
from ansible_collections.navarch.fleet.plugins.module_utils._registry.scheduling import scheduling_cluster
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import parse_clusters

DYNAMIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}


def deployment(name: str, replicas: int, cpu: str = "1") -> dict[str, Any]:
    container = {"name": "web", "image": "web", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
    }


def member(name: str, cores: int, observed_at: str, **status: Any) -> Member:
    summary = {"allocatable": {"cpu": str(cores), "pods": "100"}, "allocated": {}, "allocating": {}}
    ready = {"type": "Ready", "status": "True", "reason": "Ready"}
    return Member(name, status={"resourceSummary": summary, "conditions": [ready], "observedAt": observed_at, **status})


def spec(name: str) -> Spec:
    return Spec.from_dict("default", name, {"namespace": "shop", "placement": DYNAMIC})


def placed(name: str, replicas: int, members: dict[str, Member], current: Current, *known: Promise) -> Decided:
    return decide(spec(name), [deployment(name, replicas)], members, current, promises=known)


def record(promises: list[dict[str, Any]], name: str = "other", version: str = "1") -> ApplicationRecord:
    return ApplicationRecord(spec(name), {"promises": promises}, "uid", version)


def test_two_applications_in_a_row_never_get_the_same_room() -> None:
    members = {name: member(name, 4, "2026-01-01T00:00:00Z") for name in ("a", "b")}
    first = placed("first", 6, members, Current())
    objects = workloads_of([deployment("first", 6)])
    promises = begun({}, gained(first, Current(), objects), "2026-01-01T00:00:05Z")
    known = unseen([record(promises)], members)

    second = placed("second", 2, members, Current(), *known)
    given = {
        name: sum(each.get(name, 0) for found in (first, second) for each in found.replicas.values()) for name in "ab"
    }
    assert given == {"a": 4, "b": 4}
    with pytest.raises(PlacementError, match="room for 2 replicas, 3 are to be placed"):
        placed("second", 3, members, Current(), *known)


def test_what_an_application_was_promised_itself_counts_when_it_grows() -> None:
    members = {"a": member("a", 4, "2026-01-01T00:00:00Z")}
    first = placed("web", 3, members, Current())
    current = Current(first.replicas, first.clusters)
    promises = begun({}, gained(first, Current(), workloads_of([deployment("web", 3)])), "2026-01-01T00:00:05Z")
    known = unseen([record(promises)], members)
    assert placed("web", 4, members, current, *known).replicas == {identify(deployment("web", 4)): {"a": 4}}
    with pytest.raises(PlacementError):
        placed("web", 5, members, current, *known)


def test_only_what_is_new_in_a_cluster_is_promised() -> None:
    identity = identify(deployment("web", 5))
    decided = Decided({identity: {"a": 4, "b": 1}}, ("a", "b"), {}, {})
    gains = gained(decided, Current({identity: {"a": 2, "b": 3}}), workloads_of([deployment("web", 5)]))
    assert gains == (Promise("a", 2, {"cpu": "1"}),)


@pytest.mark.parametrize(
    ("until", "observed_at", "counts"),
    [
        ("", "2026-01-01T00:09:00Z", True),
        ("", "2026-01-01T01:00:00Z", False),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:00:30Z", True),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:01:09Z", True),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:01:11Z", False),
    ],
)
def test_a_promise_counts_until_the_facts_certainly_show_it(until: str, observed_at: str, counts: bool) -> None:
    promise = {"cluster": "a", "since": "2026-01-01T00:00:00Z", "until": until, "replicas": 2, "request": {"cpu": "1"}}
    found = unseen([record([promise])], {"a": member("a", 4, observed_at)})
    assert found == ((Promise("a", 2, {"cpu": "1"}),) if counts else ())


def test_a_promise_ends_where_its_objects_are_written_and_is_forgotten_later() -> None:
    gains = (Promise("a", 1, {"cpu": "1"}), Promise("b", 1, {"cpu": "1"}))
    open_ones = begun({}, gains, "2026-01-01T00:00:00Z")
    partly = written({"promises": open_ones}, "2026-01-01T00:00:30Z", ["a"])
    assert [each["until"] for each in partly] == ["2026-01-01T00:00:30Z", ""]
    wholly = written({"promises": partly}, "2026-01-01T00:01:00Z")
    assert [each["until"] for each in wholly] == ["2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"]
    assert begun({"promises": wholly}, (), "2026-01-01T00:02:00Z") == wholly
    assert begun({"promises": wholly}, (), "2026-01-01T00:30:00Z") == []


def test_a_promise_of_a_cluster_that_left_is_nobodys_concern() -> None:
    promise = {"cluster": "gone", "since": "2026-01-01T00:00:00Z", "until": "", "replicas": 2, "request": {}}
    assert unseen([record([promise])], {"a": member("a", 4, "2026-01-01T00:00:00Z")}) == ()


def reservation(replicas: int, now: str = "2026-01-01T00:00:05Z") -> list[dict[str, Any]]:
    return reserved({}, [Promise("a", replicas, {"cpu": "1"})], now)


def loses(mine: ApplicationRecord, *others: ApplicationRecord) -> bool:
    members = {"a": member("a", 4, "2026-01-01T00:00:00Z")}
    clusters = parse_clusters([scheduling_cluster(each) for each in members.values()])
    seen = unseen(those_before([mine, *others], mine), members)
    return crowded_out([Promise("a", 3, {"cpu": "1"})], clusters, (), seen)


def test_of_two_that_reserve_the_same_room_at_once_the_later_gives_way() -> None:
    first, second = record(reservation(3), "first", "41"), record(reservation(3), "second", "42")
    assert (loses(first, second), loses(second, first)) == (False, True)


def test_both_keep_their_room_where_there_is_enough_for_both() -> None:
    assert not loses(record(reservation(3), "second", "42"), record(reservation(1), "first", "41"))


def test_what_is_being_delivered_counts_whenever_it_was_written() -> None:
    delivered = record(begun({}, [Promise("a", 3, {"cpu": "1"})], "2026-01-01T00:00:05Z"), "first", "43")
    assert loses(record(reservation(3), "second", "42"), delivered)


def test_what_was_known_when_it_was_planned_is_no_reason_to_plan_again() -> None:
    members = {"a": member("a", 4, "2026-01-01T00:00:00Z")}
    clusters = parse_clusters([scheduling_cluster(each) for each in members.values()])
    known = (Promise("a", 3, {"cpu": "1"}),)
    assert not crowded_out([Promise("a", 3, {"cpu": "1"})], clusters, known, known)


def test_a_reservation_is_forgotten_when_the_delivery_begins_or_another_is_made() -> None:
    gains = [Promise("a", 2, {"cpu": "1"})]
    status = {"promises": reservation(3)}
    assert [each["replicas"] for each in begun(status, gains, "2026-01-01T00:00:06Z")] == [2]
    assert [each["replicas"] for each in reserved(status, gains, "2026-01-01T00:00:06Z")] == [2]
