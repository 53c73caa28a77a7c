# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import (
    Condition,
    Member,
    Taint,
    format_time,
    member_facts,
    parse_time,
    with_conditions,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.scheduling import scheduling_cluster
from ansible_collections.navarch.fleet.plugins.module_utils._registry.taints import (
    CORDON,
    with_taints,
    without_taints,
)

OBJECT: dict[str, Any] = {
    "metadata": {"name": "m1", "labels": {"env": "prod"}, "resourceVersion": "7"},
    "spec": {"region": "north", "taints": [{"key": "k", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}]},
    "status": {
        "region": "seen",
        "provider": "openstack",
        "zones": ["n1"],
        "systemUID": "u",
        "conditions": [{"type": "Ready", "status": "True", "reason": "ClusterReady", "message": ""}],
        "observedAt": "2026-01-01T00:00:00Z",
        "resourceSummary": {"allocatable": {"cpu": "4"}, "allocated": {}, "allocating": {}},
    },
}


def test_what_was_given_goes_before_what_was_seen() -> None:
    member = Member.from_object(OBJECT)
    assert (member.region, member.provider, member.zones) == ("north", "openstack", ("n1",))


def test_a_record_without_status_is_a_member_that_was_never_seen() -> None:
    member = Member.from_object({"metadata": {"name": "new"}})
    assert not member.ready
    assert member.observed_seconds_ago(datetime.now(UTC)) == float("inf")
    assert scheduling_cluster(member)["apiEnablements"] is None
    assert scheduling_cluster(member)["resourceSummary"] is None


def test_facts_are_plain_and_complete() -> None:
    facts = member_facts(Member.from_object(OBJECT))
    assert facts["ready"] is True
    assert facts["conditions"]["Ready"]["reason"] == "ClusterReady"
    assert facts["taints"] == OBJECT["spec"]["taints"]


def test_scheduling_gets_the_fields_of_its_request() -> None:
    found = scheduling_cluster(Member.from_object(OBJECT))
    assert set(found) == {
        "name", "labels", "provider", "region", "zones", "taints", "ready", "deleting", "apiEnablements", "available",
        "resourceSummary", "nodes", "cost", "maintenanceWindows", "machineSets",
    }  # fmt: skip


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    before = [{"type": "Ready", "status": "False", "reason": "Old", "message": "", "lastTransitionTime": "then"}]
    same = with_conditions(before, [Condition("Ready", "False", "New")], "now")
    other = with_conditions(before, [Condition("Ready", "True", "New")], "now")
    assert (same[0]["reason"], same[0]["lastTransitionTime"]) == ("New", "then")
    assert other[0]["lastTransitionTime"] == "now"


def test_other_conditions_stay() -> None:
    before = [{"type": "CredentialExpiring", "status": "False", "reason": "Valid", "lastTransitionTime": "then"}]
    found = with_conditions(before, [Condition("Ready", "True", "New")], "now")
    assert [condition["type"] for condition in found] == ["CredentialExpiring", "Ready"]


def test_no_execute_gets_the_time_it_was_added_and_keeps_it() -> None:
    first = with_taints((), [Taint("k", "NoExecute"), Taint("k", "NoSchedule")], "t1")
    again = with_taints(first, [Taint("k", "NoExecute", "v")], "t2")
    assert {taint.effect: taint.time_added for taint in first} == {"NoExecute": "t1", "NoSchedule": None}
    assert next(taint for taint in again if taint.effect == "NoExecute") == Taint("k", "NoExecute", "v", "t1")


def test_taints_go_by_key_whatever_their_effect() -> None:
    taints = (Taint("a", "NoExecute"), Taint("a", "NoSchedule"), CORDON)
    assert without_taints(taints, {"a"}) == (CORDON,)


def test_times_are_read_as_they_are_written() -> None:
    moment = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    assert parse_time(format_time(moment)) == moment
    assert parse_time("nonsense") < moment - timedelta(days=10_000)


def test_a_member_that_is_not_ready_repels_new_work_and_one_that_nobody_saw_does_not() -> None:
    def keys(document: dict[str, Any]) -> list[str]:
        return [taint["key"] for taint in scheduling_cluster(Member.from_object(document))["taints"]]

    lost = {**OBJECT, "status": {**OBJECT["status"], "conditions": [{"type": "Ready", "status": "False"}]}}
    assert keys(OBJECT) == ["k"]
    assert keys(lost) == ["k", "fleet.navarch.dev/not-ready"]
    assert keys({"metadata": {"name": "new"}}) == []
