# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rebalancing goes in bounded steps to where a fresh decision would be, and stays when little is gained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.rebalance import (
    Candidate,
    Limits,
    Plan,
    Stay,
    Step,
    plan,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Cluster,
    Target,
    Workload,
    parse_clusters,
)

DYNAMIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}
WEB = "Deployment/shop/web"
ANY = Limits(percent=None, gain=1)


def clusters(applications: dict[str, Application], cpu: int = 20, **more: Any) -> tuple[Cluster, ...]:
    """Clusters whose facts show what runs in them."""
    used: dict[str, int] = dict.fromkeys("abc", 0)
    for application in applications.values():
        for targets in application.current.values():
            for target in targets:
                used[target.name] += target.replicas
    return parse_clusters(
        {
            "name": name,
            "resourceSummary": {
                "allocatable": {"cpu": cpu, "pods": 110},
                "allocated": {"cpu": count, "pods": count},
            },
            **more.get(name, {}),
        }
        for name, count in used.items()
    )


def application(current: dict[str, int], placement: dict[str, Any] | None = None, name: str = "shop") -> Application:
    workload = Workload("apps/v1", "Deployment", name, "web", f"{name}/web", sum(current.values()), {"cpu": "1"})
    standing = tuple(Target(where, count) for where, count in current.items())
    return Application((), DYNAMIC if placement is None else placement, (workload,), {workload.key: standing})


def healthy(application: Application) -> Candidate:
    ready = {key: {target.name: target.replicas for target in targets} for key, targets in application.current.items()}
    return Candidate(application, ready)


def planned(limits: Limits, applications: dict[str, Application], **more: Any) -> Plan:
    return plan({key: healthy(each) for key, each in applications.items()}, clusters(applications, **more), limits)


def moved(application: Application, step: Step) -> Application:
    current = {key: tuple(Target(name, count) for name, count in counts.items()) for key, counts in step.after.items()}
    return replace(application, current=current)


def only(found: Plan) -> Step:
    (step,) = found.steps
    return step


def stay(found: Plan) -> Stay:
    (reason,) = found.stays
    return reason


def test_a_new_cluster_gets_its_share_in_steps_until_nothing_moves() -> None:
    shop, sizes = application({"a": 6, "b": 6}), []
    for _round in range(10):
        found = planned(Limits(replicas=1, percent=None), {"shop": shop})
        if not found.steps:
            break
        sizes.append(only(found).replicas)
        shop = moved(shop, only(found))
    assert sizes == [1, 1, 1, 1]
    assert {target.name: target.replicas for target in shop.current[WEB]} == {"a": 4, "b": 4, "c": 4}
    assert stay(found).balanced
    assert stay(found).reason == "it stands as well as a fresh decision would put it"


def test_without_limits_one_step_is_enough() -> None:
    step = only(planned(ANY, {"shop": application({"a": 6, "b": 6})}))
    assert step.after == {WEB: {"a": 4, "b": 4, "c": 4}}
    assert (step.gain, step.left, step.remaining) == (33.3, 0.0, 0)
    assert [(move.source, move.target, move.replicas) for move in step.moves] == [("a", "c", 2), ("b", "c", 2)]


@pytest.mark.parametrize(
    ("limits", "replicas"),
    [
        (Limits(percent=10), 1),
        (Limits(percent=25), 3),
        (Limits(percent=1), 1),
        (Limits(replicas=2, percent=None), 2),
        (Limits(replicas=3, percent=10), 1),
        (Limits(percent=None, total_replicas=2), 2),
        (Limits(percent=None, total_percent=20), 2),
    ],
)
def test_a_step_is_bounded_by_numbers_and_by_percent(limits: Limits, replicas: int) -> None:
    assert only(planned(limits, {"shop": application({"a": 6, "b": 6})})).replicas == replicas


def test_what_all_applications_move_together_is_bounded_and_the_worst_goes_first() -> None:
    applications = {"even": application({"a": 5, "b": 3}, name="even"), "odd": application({"a": 8}, name="odd")}
    found = planned(Limits(percent=None, total_replicas=2), applications)
    assert [(step.key, step.replicas) for step in found.steps] == [("odd", 2)]
    assert "limit for all applications" in stay(found).reason


def test_what_one_application_takes_is_gone_for_the_next() -> None:
    applications = {"one": application({"a": 10}, name="one"), "two": application({"a": 10}, name="two")}
    found = planned(ANY, applications)
    coming = {"a": 0, "b": 0, "c": 0}
    for step in found.steps:
        for counts in step.after.values():
            for name, count in counts.items():
                coming[name] += count
    assert max(coming.values()) - min(coming.values()) <= 3


def test_nothing_moves_for_less_than_staying_is_worth() -> None:
    nearly = application({"a": 5, "b": 4, "c": 3})
    found = planned(Limits(gain=10), {"shop": nearly})
    assert not found.steps
    assert stay(found).balanced
    assert stay(found).reason == "8.3 points would be gained, staying is worth 10"
    assert planned(Limits(gain=5), {"shop": nearly}).steps


def test_where_an_odd_replica_stands_is_worth_no_move() -> None:
    one_less = {"c": {"taints": [{"key": "x", "effect": "NoSchedule"}]}}
    for current in ({"a": 5, "b": 4}, {"a": 4, "b": 5}):
        found = planned(Limits(percent=None, gain=0.5), {"shop": application(current)}, **one_less)
        assert stay(found).balanced


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ({**DYNAMIC, "rebalance": "never"}, "its placement says rebalance: never"),
        ({}, "every cluster of it holds all replicas"),
        ({**DYNAMIC, "clusterAffinity": {"clusterNames": ["nowhere"]}}, "it could not be placed afresh"),
    ],
)
def test_some_applications_are_left_alone_with_a_reason(placement: dict[str, Any], reason: str) -> None:
    found = planned(ANY, {"shop": application({"a": 6, "b": 6}, placement)})
    assert not found.steps
    assert stay(found).reason.startswith(reason)
    assert not stay(found).balanced


def test_nothing_moves_while_more_is_unready_than_may_be() -> None:
    shop = application({"a": 6, "b": 6})
    sick = Candidate(shop, {WEB: {"a": 5, "b": 7}})
    found = plan({"shop": sick}, clusters({"shop": shop}), ANY)
    assert stay(found).reason == f"1 of 12 replicas of {WEB} are not ready, 0 may be"
    assert plan({"shop": sick}, clusters({"shop": shop}), replace(ANY, unavailable=1)).steps


def of_kind(kind: str, placement: dict[str, Any] | None = None) -> Application:
    workload = Workload("v1", kind, "shop", "db", "u", 6, {"cpu": "1"})
    return Application((), placement or DYNAMIC, (workload,), {workload.key: (Target("a", 6),)})


def test_pods_that_have_data_or_no_successor_stay_unless_it_is_allowed() -> None:
    assert "say rebalance: allowed" in stay(planned(ANY, {"shop": of_kind("StatefulSet")})).reason
    assert planned(ANY, {"shop": of_kind("StatefulSet", {**DYNAMIC, "rebalance": "allowed"})}).steps
    assert not planned(ANY, {"shop": of_kind("Job", {**DYNAMIC, "rebalance": "allowed"})}).steps


def test_a_database_stays_in_its_cluster_while_the_rest_of_its_application_moves() -> None:
    web, db = application({"a": 6}), of_kind("StatefulSet")
    both = replace(web, workloads=(*web.workloads, *db.workloads), current={**web.current, **db.current})
    step = only(planned(ANY, {"shop": both}))
    assert step.after["StatefulSet/shop/db"] == {"a": 6}
    assert len(step.after[WEB]) > 1
    assert "a" in step.clusters


def test_a_cluster_that_refuses_new_work_gets_none() -> None:
    cordoned = {"taints": [{"key": "fleet.navarch.dev/unschedulable", "effect": "NoSchedule"}]}
    assert not planned(ANY, {"shop": application({"a": 6, "b": 6})}, c=cordoned).steps


def test_the_decision_of_a_step_says_what_the_step_leaves() -> None:
    step = only(planned(Limits(replicas=1, percent=None), {"shop": application({"a": 6, "b": 6})}))
    assert step.decision.workloads[WEB].replicas == step.after[WEB]
    assert step.decision.clusters == ("a", "b", "c")
    assert step.left == 25


def test_a_cluster_that_is_left_keeps_its_objects_until_its_last_replica_is_gone() -> None:
    pinned = {**DYNAMIC, "clusterAffinity": {"clusterNames": ["b", "c"]}}
    shop, seen = application({"a": 2, "b": 2}, pinned), []
    for _round in range(4):
        found = planned(Limits(replicas=1, percent=None), {"shop": shop})
        if found.steps:
            seen.append(only(found).clusters)
            shop = moved(shop, only(found))
    assert seen == [("a", "b", "c"), ("b", "c")]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1),
    st.integers(1, 5),
)
def test_steps_keep_every_replica_stay_within_bounds_and_come_to_an_end(
    one: dict[str, int], two: dict[str, int], limit: int
) -> None:
    applications = {"one": application(one, name="one"), "two": application(two, name="two")}
    for _round in range(30):
        found = planned(Limits(replicas=limit, percent=None, gain=20), applications)
        if not found.steps:
            return
        for step in found.steps:
            assert step.replicas <= limit
            for key, counts in step.after.items():
                assert sum(counts.values()) == sum(step.before[key].values())
            applications[step.key] = moved(applications[step.key], step)
    raise AssertionError("it never comes to rest")
