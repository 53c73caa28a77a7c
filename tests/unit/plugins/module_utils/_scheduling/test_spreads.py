# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spread constraints hold in the answer itself, and where any answer satisfies them all, one is found."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
EQUAL = {"replicaSchedulingType": "Divided"}


def by(field: str, least: int = 1, most: int | None = None) -> dict[str, Any]:
    constraint: dict[str, Any] = {"spreadByField": field, "minGroups": least}
    return constraint if most is None else {**constraint, "maxGroups": most}


def place(fleet: dict[str, dict[str, Any]], replicas: int, scheduling: Any, spread: Any, **more: Any) -> Decision:
    return schedule(
        Request.from_dict(
            {
                "clusters": [{"name": name, **facts} for name, facts in fleet.items()],
                "workload": {"kind": "Deployment", "name": "web", "replicas": replicas},
                "placement": {
                    "replicaScheduling": scheduling,
                    "spreadConstraints": spread,
                    **more.pop("placement", {}),
                },
                "current": [{"name": name, "replicas": count} for name, count in more.pop("current", {}).items()],
                "estimator": "available",
                **more,
            }
        )
    )


def heavy(**weights: int) -> dict[str, Any]:
    rules = [{"targetCluster": {"clusterNames": [name]}, "weight": weight} for name, weight in weights.items()]
    return {"replicaSchedulingType": "Divided", "weightPreference": {"staticWeightList": rules}}


EAST_AND_WEST = {
    "e1": {"region": "east", "available": 90},
    "e2": {"region": "east", "available": 80},
    "w1": {"region": "west", "available": 1},
}


@pytest.mark.parametrize("scheduling", [DYNAMIC, AGGREGATED, heavy(e1=100, e2=1, w1=1)])
def test_no_chosen_region_is_left_without_replicas(scheduling: dict[str, Any]) -> None:
    placed = place(EAST_AND_WEST, 5, scheduling, [by("region", 2)]).replicas
    assert (sum(placed.values()), placed["w1"]) == (5, 1)


def test_one_replica_is_no_reason_to_refuse_two_regions() -> None:
    assert sum(place(EAST_AND_WEST, 1, DYNAMIC, [by("region", 2)]).replicas.values()) == 1


@pytest.mark.parametrize("when", ["refuse", "partial"])
def test_so_few_replicas_as_two_reach_two_regions_and_two_providers(when: str) -> None:
    fleet = {
        "large": {"region": "east", "provider": "idc", "available": 4},
        "beside": {"region": "east", "provider": "cloud", "available": 3},
        "small": {"region": "west", "provider": "idc", "available": 1},
    }
    spread = [by("region", 2, 3), by("provider", 2, 4), by("cluster", 2, 3)]
    decision = place(fleet, 2, DYNAMIC, spread, placement={"whenUnsatisfiable": when})
    assert decision.replicas == {"beside": 1, "small": 1}


def test_shrinking_keeps_a_replica_in_each_region() -> None:
    current = {"e1": 8, "e2": 7, "w1": 1}
    assert place(EAST_AND_WEST, 4, AGGREGATED, [by("region", 2)], current=current).replicas == {"e1": 3, "w1": 1}


def test_a_region_without_room_does_not_count() -> None:
    full = {**EAST_AND_WEST, "w1": {"region": "west", "available": 0}}
    decision = place(full, 4, DYNAMIC, [by("region", 2)], current={"e1": 2})
    assert decision.error is not None
    assert "1 regions can take a replica, but the region constraint wants at least 2" in decision.error.message
    assert [target.name for target in decision.persisted] == ["e1"]


def test_growth_leaves_no_region_in_use_while_another_choice_keeps_it() -> None:
    fleet = {
        "a": {"region": "r1", "available": 0},
        "b": {"region": "r2", "available": 30},
        "c": {"region": "r3", "available": 30},
    }
    grown = place(fleet, 12, DYNAMIC, [by("region", 1, 2)], current={"a": 5}).replicas
    assert grown["a"] == 5
    assert len(grown) == 2


def test_points_do_not_decide_anew_which_cluster_keeps_a_minimum() -> None:
    fleet = {
        "e1": {"region": "east", "cost": 1.0},
        "e2": {"region": "east", "cost": 1.0},
        "w1": {"region": "west", "cost": 1.0},
        "w2": {"region": "west", "cost": 2.0},
    }
    scoring = {"scoring": {"stickiness": 0, "cost": 1}}
    asked = {"placement": scoring, "current": {"e1": 1, "w2": 1}}
    assert place(fleet, 2, EQUAL, [by("region", 2)], **asked).replicas == {"e1": 1, "w2": 1}


def test_a_cluster_counts_in_all_of_its_zones() -> None:
    fleet = {
        "wide": {"zones": ["z1", "z2", "z3"], "available": 9},
        "one": {"zones": ["z1"], "available": 5},
        "two": {"zones": ["z2"], "available": 5},
    }
    assert set(place(fleet, 8, DYNAMIC, [by("zone", 2, 2)]).replicas) == {"one", "two"}
    assert set(place(fleet, 9, AGGREGATED, [by("zone", 3, 3), by("cluster", 1, 1)]).replicas) == {"wide"}


def test_what_the_scores_miss_is_found_by_looking_at_all_choices() -> None:
    """The best-scored and the largest regions do not fit together with two clusters; a and d do."""
    fleet = {
        "a": {"region": "r1", "available": 10},
        "b": {"region": "r2", "available": 6},
        "c": {"region": "r2", "available": 6},
        "d": {"region": "r3", "available": 9},
    }
    spread = [by("region", 2, 2), by("cluster", 2, 2)]
    assert set(place(fleet, 19, DYNAMIC, spread).replicas) == {"a", "d"}


fleets = st.dictionaries(
    st.sampled_from("abcdef"),
    st.fixed_dictionaries(
        {
            "available": st.integers(0, 6),
            "region": st.sampled_from(["r1", "r2", "r3"]),
            "provider": st.sampled_from(["p", "q"]),
            "zones": st.lists(st.sampled_from(["z1", "z2", "z3"]), min_size=1, max_size=3, unique=True),
        }
    ),
    min_size=1,
)
spreads = st.lists(
    st.builds(
        lambda field, least, more: by(field, least, least + more),
        st.sampled_from(["cluster", "region", "provider", "zone"]),
        st.integers(1, 3),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda constraint: constraint["spreadByField"],
)
running = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5), max_size=3)


def groups(fleet: dict[str, dict[str, Any]], names: Iterable[str], field: str) -> set[str]:
    if field == "zone":
        return {zone for name in names for zone in fleet[name]["zones"]}
    return {name if field == "cluster" else fleet[name][field] for name in names}


def satisfied(fleet: dict[str, dict[str, Any]], names: Iterable[str], spread: list[dict[str, Any]]) -> bool:
    chosen = list(names)
    counts = [(len(groups(fleet, chosen, each["spreadByField"])), each) for each in spread]
    return all(each["minGroups"] <= count <= each["maxGroups"] for count, each in counts)


def choices(fleet: dict[str, Any], spread: list[dict[str, Any]], rooms: dict[str, int]) -> list[tuple[str, ...]]:
    """All sets of clusters with room that satisfy the constraints."""
    able = [name for name in fleet if rooms[name]]
    return [
        names
        for size in range(1, len(able) + 1)
        for names in combinations(able, size)
        if satisfied(fleet, names, spread)
    ]


@settings(deadline=None, database=None, max_examples=250)
@given(fleets, st.integers(6, 20), st.sampled_from([DYNAMIC, AGGREGATED, EQUAL, None]), spreads, running)
def test_an_answer_is_found_exactly_where_there_is_one(
    fleet: dict[str, Any], replicas: int, scheduling: Any, spread: list[dict[str, Any]], current: dict[str, int]
) -> None:
    decision = place(fleet, replicas, scheduling, spread, current=current)
    counts = scheduling in (DYNAMIC, AGGREGATED)
    rooms = {name: facts["available"] + current.get(name, 0) if counts else 99 for name, facts in fleet.items()}
    possible = [names for names in choices(fleet, spread, rooms) if sum(rooms[name] for name in names) >= replicas]
    assert (decision.error is None) == bool(possible)
    if decision.error is None:
        assert satisfied(fleet, decision.replicas, spread)


@settings(deadline=None, database=None, max_examples=100)
@given(fleets, st.integers(6, 12), st.integers(1, 6), st.sampled_from([DYNAMIC, AGGREGATED]), spreads)
def test_with_constraints_too_growth_takes_nothing_away_where_that_is_possible(
    fleet: dict[str, Any], replicas: int, more: int, scheduling: Any, spread: list[dict[str, Any]]
) -> None:
    first = place(fleet, replicas, scheduling, spread).replicas
    rooms = {name: facts["available"] for name, facts in fleet.items()}
    able = [each for each in choices(fleet, spread, rooms) if sum(rooms[name] for name in each) >= replicas + more]
    if not first or not any(set(first) <= set(each) for each in able):
        return
    left = {name: {**facts, "available": rooms[name] - first.get(name, 0)} for name, facts in fleet.items()}
    second = place(left, replicas + more, scheduling, spread, current=first).replicas
    assert all(second.get(name, 0) >= count for name, count in first.items())


@settings(deadline=None, database=None, max_examples=100)
@given(fleets, st.integers(1, 30), st.sampled_from([DYNAMIC, AGGREGATED]), spreads, running)
def test_a_part_is_the_largest_that_the_constraints_allow(
    fleet: dict[str, Any], replicas: int, scheduling: Any, spread: list[dict[str, Any]], current: dict[str, int]
) -> None:
    rooms = {name: facts["available"] + current.get(name, 0) for name, facts in fleet.items()}
    possible = choices(fleet, spread, rooms)
    in_use = {name for name in current if name in fleet}
    keeping = [names for names in possible if in_use <= set(names)]
    everywhere = max((sum(rooms[name] for name in names) for names in possible), default=0)
    # What runs moves only where that places everything.
    fits = everywhere >= replicas
    held = [sum(rooms[name] for name in names) for names in (keeping if keeping and not fits else possible)]
    asked = {"placement": {"whenUnsatisfiable": "partial"}, "current": current}
    decision = place(fleet, replicas, scheduling, spread, **asked)
    if held and replicas >= 3:
        assert sum(decision.replicas.values()) == min(max(held), replicas)
    for constraint in spread:
        assert len(groups(fleet, decision.replicas, constraint["spreadByField"])) <= constraint["maxGroups"]


@pytest.mark.parametrize("replicas", [4000, 9_999])
def test_fifty_regions_and_a_thousand_clusters_are_decided_at_once(replicas: int) -> None:
    """The tight case is the slow one: whatever is guessed, it does not fit, and all choices have to be ruled out."""
    chance = random.Random(50)
    fleet = {
        f"m{number:04}": {
            "region": f"r{number % 50}",
            "provider": f"p{number % 5}",
            "zones": [f"r{number % 50}-{zone}" for zone in range(1 + number % 3)],
            "available": chance.randint(1, 100),
        }
        for number in range(1000)
    }
    begin = time.process_time()
    for spread in (
        [by("region", 5, 10), by("cluster", 20, 100)],
        [by("provider", 2, 3), by("region", 5, 10), by("zone", 6, 14), by("cluster", 20, 60)],
    ):
        decision = place(fleet, replicas, DYNAMIC, spread)
        if decision.error is None:
            assert sum(decision.replicas.values()) == replicas
    assert time.process_time() - begin < 10


def test_copies_that_fill_their_clusters_draw_no_further_groups_in() -> None:
    fleet = {
        "a": {"zones": ["z1", "z3"], "available": 14},
        "b": {"zones": ["z1", "z2"], "available": 9},
    }
    spread = [by("zone", 1, 3)]
    first = place(fleet, 23, None, spread, current={"a": 2}).replicas
    left = {**fleet, "a": {**fleet["a"], "available": 0}}
    assert place(left, 23, None, spread, current=first).replicas == first == {"a": 23}
