# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every cluster has its reason and what would change it, in numbers, and a thousand clusters fit on a screen."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.report import (
    explain,
    groups_in_short,
    table,
    table_lines,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}


def decided(
    clusters: dict[str, Any],
    placement: dict[str, Any],
    *,
    replicas: int = 10,
    request: dict[str, str] | None = None,
    estimator: str = "available",
    **more: Any,
) -> Decision:
    given = [
        {"name": name, **(each if isinstance(each, dict) else {"available": each})} for name, each in clusters.items()
    ]
    return schedule(
        Request.from_dict(
            {
                "clusters": given,
                "workload": {"kind": "Deployment", "name": "web", "replicas": replicas, "resourceRequest": request},
                "placement": placement,
                "estimator": estimator,
                **more,
            }
        )
    )


def summary(cpu: str, memory: str = "64Gi", pods: int = 110) -> dict[str, Any]:
    return {"resourceSummary": {"allocatable": {"cpu": cpu, "memory": memory, "pods": pods}}}


def spread(field: str, least: int, most: int) -> dict[str, Any]:
    return {"spreadByField": field, "minGroups": least, "maxGroups": most}


def test_a_full_cluster_says_how_much_cpu_and_memory_it_lacks() -> None:
    decision = decided(
        {"full": summary("300m", "512Mi"), "free": summary("16")},
        {"replicaScheduling": DYNAMIC},
        request={"cpu": "500m", "memory": "1Gi"},
        estimator="resourceSummary",
    )
    verdict = decision.clusters["full"]
    assert (verdict.taken, verdict.by, verdict.reason) == (False, "division", "it has no room for a replica")
    assert verdict.change == "free or add capacity in it: it lacks 200m CPU and 512Mi memory (room for 1 more replica)"


def test_a_cluster_whose_share_is_none_says_how_much_room_would_win_one() -> None:
    decision = decided({"large": 100, "small": 1}, {"replicaScheduling": DYNAMIC}, replicas=5)
    change = decision.clusters["small"].change
    assert change is not None
    room = 1 + int(change.split("room for ")[1].split()[0])
    assert decided({"large": 100, "small": room}, {"replicaScheduling": DYNAMIC}, replicas=5).replicas["small"] == 1
    assert (
        "small" not in decided({"large": 100, "small": room - 1}, {"replicaScheduling": DYNAMIC}, replicas=5).replicas
    )


def test_a_weight_that_earns_nothing_says_which_one_would() -> None:
    def weighted(weight: int) -> dict[str, Any]:
        rules = [
            {"targetCluster": {"clusterNames": ["heavy"]}, "weight": 50},
            {"targetCluster": {"clusterNames": ["light"]}, "weight": weight},
        ]
        return {
            "replicaScheduling": {"replicaSchedulingType": "Divided", "weightPreference": {"staticWeightList": rules}}
        }

    decision = decided({"heavy": 9, "light": 9}, weighted(1), replicas=4)
    assert decision.clusters["light"].change == "raise its weight to 8, or the replicas"
    assert decided({"heavy": 9, "light": 9}, weighted(8), replicas=4).replicas["light"] == 1
    assert "light" not in decided({"heavy": 9, "light": 9}, weighted(7), replicas=4).replicas


def test_a_cluster_that_aggregation_spares_says_when_it_would_be_needed() -> None:
    decision = decided({"a": 6, "b": 5}, {"replicaScheduling": AGGREGATED}, replicas=6)
    change = decision.clusters["b"].change or ""
    assert change.startswith(
        "raise the replicas above 6, or free capacity in it to overtake a: it lacks room for 2 more"
    )
    assert decided({"a": 6, "b": 7}, {"replicaScheduling": AGGREGATED}, replicas=6).replicas == {"b": 6}


def test_an_outranked_cluster_names_the_limit_that_would_take_it() -> None:
    placement = {"spreadConstraints": [spread("cluster", 1, 2)], "replicaScheduling": DYNAMIC}
    decision = decided({"a": 30, "b": 20, "c": 10, "d": 5}, placement)
    assert decision.clusters["d"].reason == "ranked 4 of 4; 2 were taken, as the spread constraints allow"
    assert (decision.clusters["d"].change or "").startswith(
        "raise maxGroups of the cluster constraint to 4, or free capacity"
    )
    placement["spreadConstraints"] = [spread("cluster", 1, 4)]
    assert decided({"a": 30, "b": 20, "c": 10, "d": 5}, placement, replicas=60).clusters["d"].taken


REGIONS = {
    "e1": {"region": "east", "available": 30},
    "w1": {"region": "west", "available": 12},
    "n1": {"region": "north", "available": 4},
    "n2": {"region": "north", "available": 1},
}


@pytest.mark.parametrize("compatibility", ["navarch", "karmada"])
def test_a_left_region_says_its_score_and_what_would_bring_it_in(compatibility: str) -> None:
    placement = {
        "spreadConstraints": [spread("region", 2, 2), spread("cluster", 2, 4)],
        "replicaScheduling": DYNAMIC,
    }
    decision = decided(REGIONS, placement, replicas=20, compatibility=compatibility)
    verdict = decision.clusters["n1"]
    assert (verdict.by, verdict.reason) == (
        "group",
        "its region north (score 5000) was not chosen; the last of the 2 chosen is west (10000)",
    )
    assert verdict.change == (
        "raise minGroups of the region constraint to 3, or free capacity in north until it can hold 5 more replicas"
    )
    (short,) = groups_in_short(decision)
    assert [group["name"] for group in short["taken"]] == ["east", "west"]
    assert (short["runnerUp"]["name"], short["runnerUp"]["behind"], short["left"]) == ("north", 5000, 1)
    assert explain(decision)[0] == (
        "region: east (score 10000, holds 30 in 1 cluster) and west (score 10000, holds 12 in 1 cluster) taken; "
        "of 1 left the next is north (score 5000, holds 5 in 2 clusters), 5000 behind"
    )


def test_each_cluster_of_a_small_fleet_has_a_line_and_a_row_of_its_own() -> None:
    decision = decided({"a": 30, "b": 20, "c": {"deleting": True}}, {"replicaScheduling": DYNAMIC})
    lines = [line for line in explain(decision) if line.split(":")[0] in "abc"]
    assert [line.split(":")[0] for line in lines] == ["a", "b", "c"]
    assert lines[2] == "c: dropped by filter: the cluster is being removed; to change that: join it again"
    assert [line.split()[0] for line in table_lines(table(decision))] == ["CLUSTER", "a", "b", "c"]


def fleet(size: int, **facts: Any) -> dict[str, Any]:
    return {f"c{number:04}": {"available": 5, **facts} for number in range(size)}


def test_a_thousand_clusters_that_do_not_fit_take_one_sentence() -> None:
    clusters = fleet(1000, labels={"env": "test"})
    for number, cluster in enumerate(clusters.values()):
        if number % 2:
            cluster["taints"] = [{"key": f"team-{number}", "effect": "NoSchedule"}]
    decision = decided(clusters, {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "prod"}}}})
    assert decision.error is not None
    assert decision.error.message == (
        "no cluster fits: 0 of 1000 clusters passed the filters. "
        "c0000, c0001, c0002, c0003, c0004 and 995 more: labelSelector of the cluster affinity does not match it"
    )
    assert len(explain(decision)) <= 4
    decision = decided(
        clusters,
        {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "test"}}}},
        evicting=[name for name, cluster in clusters.items() if "taints" not in cluster],
    )
    assert decision.error is not None
    assert len(decision.error.message) < 400, decision.error.message


def test_the_text_of_a_thousand_clusters_fits_on_a_screen_or_two() -> None:
    taints = {"taints": [{"key": "team", "effect": "NoSchedule"}]}
    clusters = {**fleet(1000), **{f"t{number:04}": {"available": 5, **taints} for number in range(300)}}
    placement = {"spreadConstraints": [spread("cluster", 1, 3)], "replicaScheduling": DYNAMIC}
    decision = decided(clusters, placement)
    rows = table(decision)
    assert len(rows) == 1300
    for text in (explain(decision), table_lines(rows)):
        assert len(text) < 60
        assert max(map(len, text)) < 600
    assert any("and 992 more (997 clusters): dropped by score" in line for line in explain(decision))


def test_reasons_as_many_as_clusters_still_stay_in_bounds() -> None:
    letters = "abcdefghij"
    clusters = {}
    for number in range(1000):
        key = "".join(letters[int(digit)] for digit in f"{number:03}")
        clusters[f"c{number:03}"] = {"available": 5, "taints": [{"key": key, "effect": "NoSchedule"}]}
    decision = decided(clusters, {})
    assert decision.error is not None
    assert len(decision.error.message) < 600
    assert len(explain(decision)) < 60
    assert len(table_lines(table(decision))) < 60


def test_where_nothing_was_placed_each_candidate_says_what_it_could_hold() -> None:
    decision = decided(
        {"a": summary("2"), "b": summary("1"), "c": {**summary("9"), "deleting": True}},
        {"replicaScheduling": DYNAMIC},
        request={"cpu": "500m"},
        estimator="resourceSummary",
    )
    assert decision.error is not None
    assert decision.error.kind == "unschedulable"
    assert decision.clusters["a"].reason == "it could hold 4 of 10 replicas, but nothing was placed"
    assert decision.clusters["a"].change == "to hold them all it needs 3 CPU (room for 6 more replicas)"
    assert decision.clusters["b"].change == "to hold them all it needs 4 CPU (room for 8 more replicas)"
    assert decision.clusters["c"].by == "filter"


def test_a_cluster_that_made_room_for_a_larger_one_says_how_much_it_lacked() -> None:
    placement = {"spreadConstraints": [spread("cluster", 2, 2)], "replicaScheduling": DYNAMIC}
    current = [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 1}]

    def asked(room: int) -> Decision:
        return decided({"a": 1, "b": room, "c": 9}, placement, replicas=6, current=current)

    verdict = asked(1).clusters["b"]
    assert verdict.reason == "it had to make room for a larger cluster, so that 6 replicas fit"
    assert verdict.change == (
        "raise maxGroups of the cluster constraint to 3, or free capacity in it: it lacks room for 2 more replicas"
    )
    assert set(asked(3).replicas) == {"a", "b"}


def test_a_division_is_told_round_by_round_on_request() -> None:
    decision = decided({"a": 6, "b": 3}, {"replicaScheduling": DYNAMIC}, replicas=3, explain="rounds")
    (step,) = decision.divisions
    assert [(each["replica"], each["to"]) for each in step["rounds"]] == [(1, "a"), (2, "b"), (3, "a")]
    assert explain(decision)[1:4] == [
        "  replica 1 to a: claims a 6, b 3",
        "  replica 2 to b: claims b 3, a 2",
        "  replica 3 to a: claims a 2, b 1",
    ]
    assert "rounds" not in decided({"a": 6, "b": 3}, {"replicaScheduling": DYNAMIC}, replicas=3).divisions[0]


def test_rounds_begin_with_what_each_cluster_has_to_have() -> None:
    placement = {"replicaScheduling": {**DYNAMIC, "minReplicas": 1}}
    told = explain(decided({"a": 6, "b": 3}, placement, replicas=3, explain="rounds"))
    assert told[1:3] == ["  first what each has to have: a 1, b 1", "  replica 3 to a: claims a 2, b 1"]


def test_the_round_by_round_text_of_a_large_division_stays_short() -> None:
    decision = decided(fleet(100, available=50), {"replicaScheduling": DYNAMIC}, replicas=1000, explain="rounds")
    assert len(explain(decision)) < 100
    assert any(line.startswith("  and ") and line.endswith(" more rounds") for line in explain(decision))


def test_what_is_missing_is_said_in_units_that_can_be_bought() -> None:
    decision = decided(
        {"a": summary("2"), "b": summary("1")},
        {"replicaScheduling": DYNAMIC},
        request={"cpu": "500m", "memory": "1Gi"},
        estimator="resourceSummary",
    )
    assert decision.error is not None
    assert decision.error.message == (
        "the 2 clusters have room for 6 replicas, 10 are to be placed; 4 of them lack 2 CPU and 4Gi memory"
    )


@pytest.mark.parametrize(
    ("affinity", "facts", "change"),
    [
        (
            {"labelSelector": {"matchLabels": {"env": "prod", "tier": "gold"}}},
            {"labels": {"env": "test"}},
            "it would need label env=prod (it has test) and label tier=gold (it has none)",
        ),
        (
            {"labelSelector": {"matchExpressions": [{"key": "env", "operator": "In", "values": ["prod", "stage"]}]}},
            {"labels": {"env": "test"}},
            "it would need label env In (prod, stage) (it has test)",
        ),
        (
            {"fieldSelector": {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["z2"]}]}},
            {"zones": ["z1", "z2"]},
            "it would need zone NotIn (z2) (it has z1, z2)",
        ),
        (
            {"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "Exists"}]}},
            {},
            "it would need region Exists (it has none)",
        ),
        ({"clusterNames": ["b"]}, {}, "it would need its name in clusterNames"),
        ({"exclude": ["a"]}, {}, "it would need its name not in exclude"),
    ],
)
def test_a_cluster_that_does_not_match_says_what_it_would_have_to_be(
    affinity: dict[str, Any], facts: dict[str, Any], change: str
) -> None:
    for placement in (
        {"clusterAffinity": affinity},
        {"clusterAffinities": [{"affinityName": "only", **affinity}]},
    ):
        assert decided({"a": facts}, placement).clusters["a"].change == change


def test_a_cluster_of_a_group_that_was_tried_before_says_why_that_did_not_work() -> None:
    placement = {
        "clusterAffinities": [
            {"affinityName": "own", "clusterNames": ["idc"]},
            {"affinityName": "rented", "clusterNames": ["cloud"]},
        ],
        "replicaScheduling": DYNAMIC,
    }
    decision = decided({"idc": 3, "cloud": 40, "lab": 9}, placement, replicas=5)
    assert decision.replicas == {"cloud": 5}
    verdict = decision.clusters["idc"]
    assert verdict.reason == (
        "its affinity group own was tried first: the cluster has room for 3 replicas, 5 are to be placed"
    )
    assert verdict.change == "to hold them all it needs room for 2 more replicas"
    assert (
        decision.clusters["lab"].reason
        == "clusterNames of the cluster affinity of affinity group rented does not match it"
    )
