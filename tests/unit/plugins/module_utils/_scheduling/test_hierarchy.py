# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Weights of regions, zones and clusters, level by level, and every division told so that it can be redone on paper."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

FLEET = {
    "e1": {"region": "eu", "zones": ["eu-a"], "available": 40},
    "e2": {"region": "eu", "zones": ["eu-b"], "available": 20},
    "u1": {"region": "us", "zones": ["us-a"], "available": 5},
    "x1": {"region": "ap", "zones": ["ap-a"], "available": 50},
}
BY_REGION = {"byField": "region", "weights": {"eu": 3, "us": 1}}
ROOM = {"dynamicWeight": "AvailableReplicas"}


def place(replicas: int, levels: list[dict[str, Any]], fleet: dict[str, Any] | None = None, **more: Any) -> Decision:
    weights = {"hierarchy": levels, **more.pop("leaf", {})}
    current = more.pop("current", {})
    return schedule(
        Request.from_dict(
            {
                "clusters": [{"name": name, **facts} for name, facts in (fleet or FLEET).items()],
                "workload": {"kind": "Deployment", "name": "web", "replicas": replicas},
                "placement": {
                    "replicaScheduling": {
                        "replicaSchedulingType": "Divided",
                        "weightPreference": weights,
                        **more.pop("bounds", {}),
                    },
                    "spreadConstraints": more.pop("spread", []),
                },
                "current": [{"name": name, "replicas": count} for name, count in current.items()],
                "estimator": "available",
                **more,
            }
        )
    )


def by_region(decision: Decision) -> dict[str, int]:
    totals: dict[str, int] = {}
    for name, count in decision.replicas.items():
        totals[FLEET[name]["region"]] = totals.get(FLEET[name]["region"], 0) + count
    return totals


def test_regions_divide_by_weight_and_the_clusters_inside_them_equally() -> None:
    assert place(12, [BY_REGION]).replicas == {"e1": 5, "e2": 4, "u1": 3}


def test_the_narrowest_level_divides_by_the_weights_of_its_clusters() -> None:
    rules = [
        {"targetCluster": {"clusterNames": [name]}, "weight": weight}
        for name, weight in (("e1", 2), ("e2", 1), ("u1", 1))
    ]
    assert place(12, [BY_REGION], leaf={"staticWeightList": rules}).replicas == {"e1": 6, "e2": 3, "u1": 3}


def test_a_group_without_weight_gets_nothing_unless_there_is_a_default() -> None:
    assert by_region(place(12, [BY_REGION])) == {"eu": 9, "us": 3}
    assert by_region(place(12, [{**BY_REGION, "defaultWeight": 2}])) == {"eu": 6, "us": 2, "ap": 4}
    assert by_region(place(12, [{"byField": "region"}])) == {"eu": 4, "us": 4, "ap": 4}


def test_a_cluster_without_weight_is_told_which_group_has_none() -> None:
    verdict = place(12, [BY_REGION]).clusters["x1"]
    assert (verdict.reason, verdict.change) == ("its region ap has no weight", "give ap a weight in hierarchy")
    fleet = {**FLEET, "lost": {"available": 9}}
    assert place(12, [BY_REGION], fleet).clusters["lost"].change == "give it a region"


def test_what_a_region_cannot_hold_goes_to_its_siblings() -> None:
    assert by_region(place(40, [BY_REGION], leaf=ROOM)) == {"eu": 35, "us": 5}
    assert by_region(place(12, [BY_REGION], bounds={"maxReplicas": 2})) == {}
    assert by_region(place(5, [BY_REGION], bounds={"maxReplicas": 2})) == {"eu": 4, "us": 1}


def test_levels_go_from_wide_to_narrow_and_are_told_one_by_one() -> None:
    zones = {"byField": "zone", "weights": {"eu-a": 1, "eu-b": 2, "us-a": 1}}
    decision = place(12, [BY_REGION, zones], leaf=ROOM)
    assert decision.replicas == {"e1": 3, "e2": 6, "u1": 3}
    told = [(step.get("inside"), step.get("level"), step["replicas"], step["result"]) for step in decision.divisions]
    assert told == [
        (None, "region", 12, {"eu": 9, "us": 3}),
        ("region eu", "zone", 9, {"eu-a": 3, "eu-b": 6}),
        ("region eu, zone eu-a", None, 3, {"e1": 3}),
        ("region eu, zone eu-b", None, 6, {"e2": 6}),
        ("region us", "zone", 3, {"us-a": 3}),
        ("region us, zone us-a", None, 3, {"u1": 3}),
    ]


def test_any_label_makes_a_level() -> None:
    fleet = {name: {**facts, "labels": {"tier": "gold" if name == "e1" else "tin"}} for name, facts in FLEET.items()}
    assert place(8, [{"byLabel": "tier", "weights": {"gold": 3, "tin": 1}}], fleet).replicas["e1"] == 6


def test_a_cluster_in_several_zones_counts_in_the_heaviest() -> None:
    fleet = {"wide": {"zones": ["z1", "z2"], "available": 9}, "one": {"zones": ["z1"], "available": 9}}
    decision = place(8, [{"byField": "zone", "weights": {"z1": 1, "z2": 3}}], fleet)
    assert decision.replicas == {"one": 2, "wide": 6}


def test_with_room_as_the_last_weight_replicas_stay_where_they_are() -> None:
    grown = place(14, [BY_REGION], leaf=ROOM, current={"e1": 4, "u1": 6}).replicas
    assert grown["e1"] >= 4
    assert grown["u1"] == 6
    shrunk = place(8, [BY_REGION], leaf=ROOM, current={"e1": 4, "u1": 6}).replicas
    assert shrunk == {"e1": 4, "u1": 4}
    assert by_region(place(8, [BY_REGION], leaf=ROOM, current={"e1": 4, "u1": 6}, trigger="reschedule")) == {
        "eu": 6,
        "us": 2,
    }


def test_without_it_the_weights_are_applied_anew() -> None:
    assert by_region(place(12, [BY_REGION], current={"u1": 12})) == {"eu": 9, "us": 3}


def test_with_a_least_the_groups_take_turns_in_opening_clusters() -> None:
    assert by_region(place(6, [BY_REGION], bounds={"minReplicas": 3})) == {"eu": 3, "us": 3}
    assert by_region(place(9, [BY_REGION], bounds={"minReplicas": 3})) == {"eu": 6, "us": 3}


def test_spread_constraints_hold_with_hierarchical_weights() -> None:
    levels = [{"byField": "region", "weights": {"eu": 100, "us": 1}}]
    spread = [{"spreadByField": "region", "minGroups": 2}]
    assert by_region(place(6, levels)) == {"eu": 6}
    assert by_region(place(6, levels, spread=spread)) == {"eu": 5, "us": 1}


def test_no_group_with_a_weight_is_an_error() -> None:
    decision = place(6, [{"byField": "region", "weights": {"moon": 1}}], current={"e1": 6})
    assert decision.error is not None
    assert [target.name for target in decision.persisted] == ["e1"]


@pytest.mark.parametrize("leaf", [{}, ROOM])
def test_the_rounds_of_a_division_can_be_redone_on_paper(leaf: dict[str, Any]) -> None:
    decision = place(6, [BY_REGION], leaf=leaf, explain="rounds")
    regions = decision.divisions[0]["rounds"]
    assert [told["to"] for told in regions] == ["eu", "us", "eu", "eu", "eu", "us"]
    assert regions[0] == {"replica": 1, "to": "eu", "claims": {"eu": 3.0, "us": 1.0}}
    for step in decision.divisions:
        for told in step["rounds"]:
            assert told["claims"][told["to"]] == max(told["claims"].values())


def test_rounds_are_told_only_when_asked_for_and_not_without_end() -> None:
    assert "rounds" not in place(6, [BY_REGION]).divisions[0]
    first = place(1000, [BY_REGION], explain="rounds").divisions[0]
    assert (len(first["rounds"]), first["roundsLeftOut"]) == (200, 800)


def test_plain_weights_tell_their_rounds_too() -> None:
    asked = {
        "clusters": [{"name": "a"}, {"name": "b"}],
        "workload": {"kind": "Deployment", "name": "web", "replicas": 3},
        "placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}},
        "explain": "rounds",
    }
    rounds = schedule(Request.from_dict(asked)).divisions[0]["rounds"]
    assert [told["to"] for told in rounds] == ["a", "b", "a"]
    assert rounds[1]["claims"] == {"b": 1.0, "a": 0.333333}


@settings(deadline=None, database=None, max_examples=80)
@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.fixed_dictionaries(
            {
                "available": st.integers(0, 9),
                "region": st.sampled_from(["r1", "r2"]),
                "zones": st.lists(st.sampled_from(["z1", "z2"]), min_size=1, max_size=2, unique=True),
            }
        ),
        min_size=1,
    ),
    st.integers(1, 25),
    st.fixed_dictionaries({"r1": st.integers(0, 3), "r2": st.integers(1, 3)}),
    st.sampled_from([{}, ROOM]),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_hierarchical_divisions_add_up_fit_and_stay(
    fleet: dict[str, Any], replicas: int, weights: dict[str, int], leaf: dict[str, Any], least: int, more: int
) -> None:
    levels = [{"byField": "region", "weights": weights}, {"byField": "zone", "weights": {"z1": 1}, "defaultWeight": 2}]
    bounds = {"minReplicas": least} if least else {}
    first = place(replicas, levels, fleet, leaf=leaf, bounds=bounds)
    if first.error is not None:
        return
    assert sum(first.replicas.values()) == replicas
    assert all(weights[fleet[name]["region"]] and count >= least for name, count in first.replicas.items())
    if not leaf:
        return
    assert all(count <= fleet[name]["available"] for name, count in first.replicas.items())
    left = {
        name: {**facts, "available": facts["available"] - first.replicas.get(name, 0)} for name, facts in fleet.items()
    }
    again = place(replicas, levels, left, leaf=leaf, bounds=bounds, current=first.replicas)
    assert again.replicas == first.replicas
    grown = place(replicas + more, levels, left, leaf=leaf, current=first.replicas)
    if grown.error is None:
        assert all(grown.replicas[name] >= count for name, count in first.replicas.items())
