# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fleet would do after losses, new clusters and growth, and what it would not survive."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.changes import read_changes
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.errors import RequestError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.outlook import (
    outlook_data,
    outlook_lines,
    survival_data,
    survival_lines,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Target, Workload, parse_clusters
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.survive import read_demand, survive
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.what_if import Fleet, Outlook, settled, what_if

DYNAMIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}
DUPLICATED: dict[str, Any] = {}


def cluster(name: str, region: str, cpu: int, used: int = 0, **fields: Any) -> dict[str, Any]:
    summary = {"allocatable": {"cpu": cpu, "memory": "64Gi", "pods": 110}, "allocated": {"cpu": used, "pods": used}}
    return {"name": name, "region": region, "labels": {"rack": name[-1]}, "resourceSummary": summary, **fields}


def application(
    name: str, replicas: int, current: dict[str, int] | None = None, placement: dict[str, Any] | None = None
) -> Application:
    workload = Workload("apps/v1", "Deployment", name, "web", f"{name}/web", replicas, {"cpu": "1", "memory": "2Gi"})
    standing = tuple(Target(where, count) for where, count in (current or {}).items())
    return Application(
        clusters=(),
        placement=DYNAMIC if placement is None else placement,
        workloads=(workload,),
        current={workload.key: standing} if standing else {},
    )


def fleet(*clusters: dict[str, Any], **applications: Application) -> Fleet:
    return Fleet(parse_clusters(clusters), {f"default/{name}": each for name, each in applications.items()})


def supposing(given: Fleet, trigger: str | None = None, **changes: Any) -> Outlook:
    return what_if(given, read_changes(changes, given.clusters, given.applications, trigger=trigger))


def after(outlook: Outlook, name: str) -> dict[str, int]:
    standing = outlook.after.applications[f"default/{name}"].current[f"Deployment/{name}/web"]
    return {target.name: target.replicas for target in standing}


def test_what_a_lost_cluster_ran_is_placed_elsewhere_and_all_else_stays() -> None:
    given = fleet(
        cluster("a", "eu", 8, 3), cluster("b", "eu", 8, 3), cluster("c", "us", 20, 2),
        shop=application("shop", 6, {"a": 3, "b": 3}), blog=application("blog", 2, {"c": 2}),
    )  # fmt: skip
    outlook = supposing(given, lose=["a"])
    assert after(outlook, "shop")["b"] >= 3
    assert sum(after(outlook, "shop").values()) == 6
    assert [outcome.application for outcome in outlook.outcomes] == ["default/shop"]
    assert after(outlook, "blog") == {"c": 2}
    assert {move.source for move in outlook.outcomes[0].moves} == {"a"}


def test_what_does_not_fit_is_counted_and_what_remains_stays() -> None:
    given = fleet(cluster("a", "eu", 8, 6), cluster("b", "us", 8, 7), shop=application("shop", 7, {"a": 5, "b": 2}))
    outcome = supposing(given, lose=["region=eu"]).outcomes[0]
    assert outcome.after == {"Deployment/shop/web": {"b": 2}}
    assert outcome.unplaced == {"Deployment/shop/web": 5}
    assert outcome.shortage.scarce == "cpu"
    assert outcome.shortage.replicas == 4, "one of the five would still fit"
    assert outcome.shortage.resources == {"cpu": 4 * 10**9, "memory": 8 * 2**30 * 10**9}
    assert outcome.error is not None


def test_applications_without_a_place_are_placed_first_and_compete_for_room() -> None:
    given = fleet(cluster("a", "eu", 4), shop=application("shop", 3), blog=application("blog", 2))
    outlook = supposing(given)
    assert after(outlook, "shop") == {"a": 3}
    assert outlook_data(outlook)["unplaced"] == {"default/blog": {"Deployment/blog/web": 2}}


def test_room_that_one_application_took_is_gone_for_the_next() -> None:
    given = fleet(
        cluster("a", "eu", 8, 6), cluster("b", "us", 8, 4),
        shop=application("shop", 3, {"a": 3}), blog=application("blog", 3, {"a": 3}),
    )  # fmt: skip
    outlook = supposing(given, lose=["a"])
    assert [sum(outcome.unplaced.values()) for outcome in outlook.outcomes] == [0, 3]


def test_a_copy_that_is_lost_with_its_cluster_is_not_missing_elsewhere() -> None:
    given = fleet(
        cluster("a", "eu", 8, 2), cluster("b", "us", 8, 2), shop=application("shop", 2, {"a": 2, "b": 2}, DUPLICATED)
    )
    outlook = supposing(given, lose=["a"])
    assert after(outlook, "shop") == {"b": 2}
    assert not outlook.outcomes[0].falls_short


def test_growing_adds_and_moves_nothing() -> None:
    given = fleet(cluster("a", "eu", 8, 2), cluster("b", "us", 8, 2), shop=application("shop", 4, {"a": 2, "b": 2}))
    grown = after(supposing(given, scale={"shop": "2x"}), "shop")
    assert sum(grown.values()) == 8
    assert grown["a"] >= 2
    assert grown["b"] >= 2


@pytest.mark.parametrize(
    ("wish", "replicas"), [("2x", 8), ("x1.5", 6), ("1.1x", 5), ("150%", 6), ("+3", 7), ("-9", 0), (10, 10), ("1", 1)]
)
def test_demand_grows_by_factor_share_and_number(wish: Any, replicas: int) -> None:
    given = fleet(cluster("a", "eu", 80), shop=application("shop", 4, {"a": 4}))
    changes = read_changes({"scale": {"shop": wish}}, given.clusters, given.applications)
    assert changes.scaled == {"default/shop": {"Deployment/shop/web": replicas}}


def test_a_workload_may_grow_alone() -> None:
    given = fleet(cluster("a", "eu", 80), shop=application("shop", 4, {"a": 4}))
    for name in ("web", "Deployment/shop/web"):
        changes = read_changes({"scale": {"shop": {name: "+1"}}}, given.clusters, given.applications)
        assert changes.scaled == {"default/shop": {"Deployment/shop/web": 5}}


def test_a_copy_of_a_cluster_comes_empty_healthy_and_with_what_was_changed() -> None:
    sick = cluster(
        "a", "eu", 8, 6, ready=False, taints=[{"key": "fleet.navarch.dev/unreachable", "effect": "NoExecute"}]
    )
    given = fleet(sick, shop=application("shop", 6, {"a": 6}))
    (copy,) = read_changes({"add": "copy of a as b region=us"}, given.clusters, given.applications).added
    assert (copy.name, copy.region, copy.ready, copy.taints) == ("b", "us", True, ())
    assert copy.resource_summary is not None
    assert copy.resource_summary.free["cpu"] == 8 * 10**9
    assert copy.labels == {"rack": "a"}


def test_a_cluster_may_be_made_up_in_one_line() -> None:
    given = fleet(cluster("a", "eu", 8))
    (made,) = read_changes(
        {"add": "west region=us zone=w1 rack=9 cpu=64 memory=256Gi nvidia.com/gpu=2"}, given.clusters, {}
    ).added
    assert (made.name, made.region, made.zones, made.labels) == ("west", "us", ("w1",), {"rack": "9"})
    assert made.resource_summary is not None
    assert made.resource_summary.free["nvidia.com/gpu"] == 2 * 10**9


def test_a_new_cluster_attracts_nothing_that_has_a_place_unless_all_is_placed_afresh() -> None:
    given = fleet(cluster("a", "eu", 8, 6), shop=application("shop", 6, {"a": 6}))
    assert after(supposing(given, add=["copy of a as b"]), "shop") == {"a": 6}
    assert after(supposing(given, add=["copy of a as b"], trigger="reschedule"), "shop") == {"a": 3, "b": 3}


def test_a_cordoned_cluster_takes_nothing_that_is_new_to_it() -> None:
    given = fleet(*(cluster(name, "eu", 20) for name in "abc"), shop=application("shop", 4, {"c": 4}))
    assert after(supposing(given, lose="c", cordon=["a"]), "shop") == {"b": 4}


def test_a_group_moves_together() -> None:
    grouped = {**DYNAMIC, "applicationGroup": "store"}
    given = fleet(
        cluster("a", "eu", 8, 2), cluster("b", "us", 8, 2),
        shop=application("shop", 2, {"a": 2}, grouped), cart=application("cart", 2, {"b": 2}, grouped),
        blog=application("blog", 1, {"b": 1}),
    )  # fmt: skip
    concerned = [outcome.application for outcome in supposing(given, lose="a").outcomes]
    assert concerned == ["default/shop", "default/cart"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lose": "region=euu"}, r"lose: there is no cluster with region euu .did you mean eu"),
        ({"lose": "regio=eu"}, r"regio is neither a field nor a label of any cluster .did you mean region"),
        ({"lose": ["idc-norht"]}, r"there is no cluster idc-norht .did you mean idc-north"),
        ({"cordon": ["rack=9"]}, "cordon: there is no cluster with rack 9"),
        ({"scale": {"shp": "2x"}}, r"there is no application shp .did you mean shop"),
        ({"scale": {"shop": "double"}}, "'double' is none of"),
        ({"scale": {"shop": {"wbe": 2}}}, "there is no workload wbe"),
        ({"scale": "shop"}, "'shop' is no application=2x"),
        ({"add": "copy of nobody as x"}, "there is no cluster nobody to copy"),
        ({"add": "copy of idc-north as idc-north"}, "there is a cluster idc-north already"),
        ({"add": [{"name": "x", "regoin": "eu"}]}, r"add.regoin: unknown field .did you mean region"),
        ({"add": "x fast"}, "'fast' in 'x fast' is no name=value"),
        ({"add": "x cpu=lots"}, "'lots' is not a quantity"),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_right_name(changes: dict[str, Any], message: str) -> None:
    given = fleet(cluster("idc-north", "eu", 8), shop=application("shop", 4))
    with pytest.raises(RequestError, match=message):
        read_changes(changes, given.clusters, given.applications)


def test_a_name_that_two_tenants_use_has_to_say_which() -> None:
    given = Fleet((), {"one/shop": application("shop", 1), "two/shop": application("shop", 1)})
    with pytest.raises(RequestError, match="several tenants; say which: one/shop, two/shop"):
        read_changes({"scale": {"shop": 2}}, (), given.applications)
    assert read_changes({"scale": {"two/shop": 2}}, (), given.applications).scaled.keys() == {"two/shop"}


def test_losses_that_are_not_survived_are_named_with_who_falls_short_and_by_what() -> None:
    given = settled(
        fleet(
            cluster("a", "eu", 8, 3), cluster("b", "eu", 8, 3), cluster("c", "us", 4),
            shop=application("shop", 6, {"a": 3, "b": 3}),
        )
    )  # fmt: skip
    assert not survive(given, read_demand("any 1 cluster", given.clusters), 100).losses
    (eu,) = survive(given, read_demand("any 1 region", given.clusters), 100).losses
    assert (eu.groups, eu.clusters, eu.unplaced, eu.scarce) == (("eu",), ("a", "b"), 6, "cpu")
    assert eu.missing["cpu"] == 2 * 10**9, "four of the six would fit"
    pairs = survive(given, read_demand("any 2 clusters", given.clusters), 100)
    assert [loss.groups for loss in pairs.losses] == [("a", "b")]
    assert pairs.possible == 3


def test_the_losses_that_take_most_are_tried_first_and_a_cut_is_said() -> None:
    shop = application("shop", 5, {"b": 5})
    given = settled(fleet(cluster("a", "eu", 4), cluster("b", "eu", 8, 5), cluster("c", "us", 4), shop=shop))
    found = survive(given, read_demand("any 2 clusters", given.clusters), 2)
    assert (found.possible, found.tried, found.cut) == (3, 2, True)
    assert [loss.groups for loss in found.losses] == [("a", "b"), ("b", "c")]
    assert "3 are possible, tried were the 2 that take the fullest first" in survival_lines([found])[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("any 1 cluster", "any 1 cluster"), ("any cluster", "any 1 cluster"), ("Any two regions", "any 2 regions"),
        ("2 providers", "any 2 providers"), ("any 1 rack", "any 1 rack"),
    ],
)  # fmt: skip
def test_demands_are_read_in_plain_words(text: str, shown: str) -> None:
    assert str(read_demand(text, fleet(cluster("a", "eu", 8)).clusters)) == shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("any 1 regoin", r"regoin is neither a field nor a label of any cluster .did you mean region"),
        ("any 0 clusters", "asks for the loss of nothing"),
        ("survive all the things", "is none such as"),
    ],
)
def test_a_demand_that_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        read_demand(text, fleet(cluster("a", "eu", 8)).clusters)


def test_people_read_who_moves_how_full_it_gets_and_what_is_missing() -> None:
    given = fleet(cluster("a", "eu", 8, 6), cluster("b", "us", 8, 7), shop=application("shop", 7, {"a": 5, "b": 2}))
    outlook = supposing(given, lose="a")
    lines = outlook_lines(outlook)
    assert lines[1].split() == ["shop", "Deployment/shop/web", "a", "5,", "b", "2", "b", "2", "5"]
    assert any(line.startswith("a        lost   5 -> 0    75% of 8") for line in lines)
    assert lines[-1].startswith("0 of 1 applications move, 0 replicas; 1 falls short by 5 replicas")
    data = outlook_data(outlook)
    assert data["clusters"]["b"]["used"]["cpu"]["percent_after"] == 88
    assert data["applications"]["default/shop"]["error"]["kind"] == "unschedulable"


def test_nothing_changes_says_so() -> None:
    given = fleet(cluster("a", "eu", 8, 5), shop=application("shop", 5, {"a": 5}))
    lines = outlook_lines(supposing(given))
    assert lines[-1] == "0 of 1 applications move, 0 replicas; everything fits"
    assert not any("APPLICATION" in line for line in lines)


def test_a_cluster_that_only_gets_objects_without_replicas_makes_no_row() -> None:
    given = fleet(cluster("a", "eu", 8, 5), shop=application("shop", 5, {"a": 5}))
    lines = outlook_lines(supposing(given, add="copy of a as b"))
    assert lines[0].startswith("CLUSTER")
    assert lines[2].startswith("b        added  0")


def test_survival_is_data_too() -> None:
    given = settled(fleet(cluster("a", "eu", 8), shop=application("shop", 5)))
    data = survival_data([survive(given, read_demand("any 1 cluster", given.clusters), 10)])
    assert data["survival"] == [{"demand": "any 1 cluster", "survived": False, "possible": 1, "tried": 1}]
    assert data["losses"][0]["applications"]["default/shop"]["unplaced"] == 5
    assert data["losses"][0]["missing"]["resources"] == {"cpu": "5", "memory": "10Gi"}
