# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application, place
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Request,
    Target,
    Workload,
    parse_clusters,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
ONE = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]


def cluster(name: str, used: int = 0, cpu: int = 10, **more: Any) -> dict[str, Any]:
    summary = {"allocatable": {"cpu": str(cpu), "memory": "100Gi", "pods": "500"}, "allocated": {"cpu": str(used)}}
    return {"name": name, "resourceSummary": summary, **more}


def decide(clusters: list[dict[str, Any]], **more: Any) -> Decision:
    placement = {"spreadConstraints": ONE, **more.pop("placement", {})}
    if "scoring" in more:
        placement["scoring"] = more.pop("scoring")
    workload = {
        "kind": "Deployment",
        "name": "web",
        "replicas": more.pop("replicas", 1),
        "resourceRequest": more.pop("asks", {"cpu": "1"}),
    }
    current = [{"name": name, "replicas": count} for name, count in more.pop("current", {}).items()]
    return schedule(
        Request.from_dict(
            {"clusters": clusters, "workload": workload, "placement": placement, "current": current, **more}
        )
    )


def totals(decision: Decision) -> dict[str, float]:
    return {name: verdict.scores.total for name, verdict in decision.clusters.items()}


def test_the_cheapest_cluster_is_taken_when_cost_counts_and_the_proportion_is_kept() -> None:
    fleet = [cluster("a", cost=0.4), cluster("b", cost=0.1), cluster("c", cost=0.2), cluster("d")]
    decision = decide(fleet, scoring={"stickiness": 0, "cost": 1})
    assert list(decision.replicas) == ["b"]
    assert totals(decision) == {"a": 25, "b": 100, "c": 50, "d": 50}, "who has no price is in the middle"
    assert decision.clusters["a"].scores.raw == {"cost": 0.4}
    assert decision.clusters["d"].scores.raw == {}


def test_what_costs_nothing_is_cheapest() -> None:
    decision = decide([cluster("a", cost=1), cluster("b", cost=0)], scoring={"stickiness": 0, "cost": 1})
    assert totals(decision) == {"a": 0, "b": 100}


def test_the_cluster_with_most_room_is_taken_when_free_capacity_counts() -> None:
    fleet = [cluster("a", used=5), cluster("b", used=2), cluster("c", cpu=4)]
    decision = decide(fleet, scoring={"stickiness": 0, "freeCapacity": 1})
    assert list(decision.replicas) == ["b"]
    assert totals(decision) == {"a": 62.5, "b": 100, "c": 50}


def test_balance_looks_at_the_share_that_is_used_not_at_the_size() -> None:
    fleet = [cluster("a", used=50, cpu=100), cluster("b", used=2), {"name": "c"}]
    decision = decide(fleet, scoring={"stickiness": 0, "balance": 1}, asks={})
    assert list(decision.replicas) == ["b"]
    assert totals(decision) == {"a": 50, "b": 80, "c": 50}


def test_balance_without_facts_counts_the_other_applications_there() -> None:
    fleet = [{"name": "a", "available": 9}, {"name": "b", "available": 9}, {"name": "c", "available": 9}]
    others = [{"name": "x", "clusters": ["a", "b"]}, {"name": "y", "clusters": ["a"]}]
    decision = decide(fleet, scoring={"stickiness": 0, "balance": 1}, neighbours=others, estimator="available")
    assert totals(decision) == {"a": 0, "b": 50, "c": 100}
    alone = decide(fleet, scoring={"stickiness": 0, "balance": 1}, estimator="available")
    assert totals(alone) == {"a": 50, "b": 50, "c": 50}


@pytest.mark.parametrize("scorer", ["freeCapacity", "balance"])
def test_what_is_placed_does_not_push_itself_away(scorer: str) -> None:
    scoring = {"stickiness": 0, scorer: 1}
    first = decide([cluster("a", used=2), cluster("b", used=3)], scoring=scoring, replicas=4)
    assert first.replicas == {"a": 4}
    again = decide([cluster("a", used=6), cluster("b", used=3)], scoring=scoring, replicas=4, current={"a": 4})
    assert again.replicas == {"a": 4}
    assert totals(again) == totals(first)


def test_an_application_of_several_workloads_does_not_push_itself_away() -> None:
    workloads = tuple(
        Workload.from_dict({"kind": "Deployment", "name": name, "replicas": 2, "resourceRequest": {"cpu": "1"}})
        for name in ("web", "db")
    )
    placement = {"spreadConstraints": ONE, "scoring": {"stickiness": 0, "balance": 1}}
    asked = Application(
        clusters=parse_clusters([cluster("a", used=6), cluster("b", used=3)]),
        placement=placement,
        workloads=workloads,
        current={each.key: (Target("a", 2),) for each in workloads},
    )
    assert place(asked).clusters == ("a",)


@pytest.mark.parametrize(("weight", "goes"), [(0.5, "a"), (3, "b")])
def test_stickiness_and_cost_are_one_currency(weight: float, goes: str) -> None:
    fleet = [cluster("a", cost=2), cluster("b", cost=1)]
    decision = decide(fleet, scoring={"cost": weight}, current={"a": 1})
    assert list(decision.replicas) == [goes]
    # (100 x 1 + 50 x weight) / (1 + weight), and (0 x 1 + 100 x weight) / (1 + weight)
    assert totals(decision)["a"] == round((100 + 50 * weight) / (1 + weight), 4)
    assert totals(decision)["b"] == round(100 * weight / (1 + weight), 4)


def test_without_scoring_points_are_what_they_always_were() -> None:
    fleet = [cluster("a", used=9, cost=9), cluster("b", cost=1)]
    decision = decide(fleet, current={"a": 1})
    assert list(decision.replicas) == ["a"]
    assert decision.clusters["a"].scores.raw == {"ClusterLocality": 100}


def test_karmada_mode_does_not_look_at_scoring() -> None:
    fleet = [cluster("a", cost=9), cluster("b", used=1, cost=1)]
    decision = decide(fleet, scoring={"cost": 5}, compatibility="karmada")
    assert list(decision.replicas) == ["a"]


def test_aggregated_takes_the_cheapest_first_when_scoring_is_given() -> None:
    fleet = [cluster("a", cpu=100, cost=9), cluster("b", cost=1), cluster("c", cpu=20, cost=3)]
    asked: dict[str, Any] = {"replicas": 12, "placement": {"replicaScheduling": AGGREGATED, "spreadConstraints": []}}
    assert set(decide(fleet, **asked).replicas) == {"a"}
    assert set(decide(fleet, scoring={"stickiness": 0, "cost": 1}, **asked).replicas) == {"b", "c"}


def test_groups_of_equal_room_are_chosen_by_the_points_of_their_clusters() -> None:
    fleet = [
        cluster("a", region="east", cost=4),
        cluster("b", region="north", cost=1),
        cluster("c", region="south", cost=2),
    ]
    placement = {
        "spreadConstraints": [{"spreadByField": "region", "minGroups": 1, "maxGroups": 1}],
        "replicaScheduling": DYNAMIC,
    }
    decision = decide(fleet, placement=placement, scoring={"cost": 1}, replicas=3)
    assert list(decision.replicas) == ["b"]


def test_the_joint_demand_of_an_application_is_scored_by_the_room_for_all_of_it() -> None:
    fleet = parse_clusters([cluster("a", used=6), cluster("b", used=2)])
    workloads = tuple(
        Workload.from_dict({"kind": "Deployment", "name": name, "replicas": 2, "resourceRequest": {"cpu": "1"}})
        for name in ("web", "db")
    )
    placement = {"spreadConstraints": ONE, "scoring": {"freeCapacity": 1}}
    decision = place(Application(clusters=fleet, placement=placement, workloads=workloads))
    assert decision.clusters == ("b",)
    scores = decision.selection.clusters["a"].scores
    assert scores.raw["freeCapacity"] == 4
    assert scores.normalised["freeCapacity"] == 50


fleets = st.lists(
    st.builds(
        lambda used, price, region: {"used": used, "cost": price, "region": region},
        st.integers(0, 10),
        st.one_of(st.none(), st.integers(0, 5)),
        st.sampled_from(["north", "south"]),
    ),
    min_size=2,
    max_size=6,
)
weights = st.fixed_dictionaries(
    {name: st.sampled_from([0, 0.5, 1, 3]) for name in ("stickiness", "freeCapacity", "balance", "cost")}
)


@settings(deadline=None, max_examples=60, database=None)
@given(
    fleets, weights, st.integers(0, 3), st.randoms(use_true_random=False), st.sampled_from([None, DYNAMIC, AGGREGATED])
)
def test_scores_stay_on_their_scale_and_the_order_of_the_clusters_changes_nothing(
    facts: list[dict[str, Any]], scoring: dict[str, float], running: int, luck: Any, scheduling: Any
) -> None:
    fleet = [cluster(f"m{index}", each["used"], cost=each["cost"]) for index, each in enumerate(facts)]
    asked: dict[str, Any] = {
        "scoring": scoring,
        "replicas": 3,
        "current": {"m0": running} if running else {},
        "placement": {
            "replicaScheduling": scheduling,
            "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}],
        },
    }
    decision = decide(fleet, **{**asked, "current": dict(asked["current"])})
    for verdict in decision.clusters.values():
        assert all(0 <= points <= 100 for points in verdict.scores.normalised.values())
        assert 0 <= verdict.scores.total <= 100
    luck.shuffle(fleet)
    assert decide(fleet, **asked).to_dict() == decision.to_dict()
