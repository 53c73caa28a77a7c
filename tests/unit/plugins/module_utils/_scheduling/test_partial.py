# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a part may be placed, as much as fits is, what does not is counted, and the reason is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import (
    Application,
    ApplicationDecision,
    place,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision, Partial
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Request,
    Target,
    Workload,
    parse_clusters,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
EQUAL = {"replicaSchedulingType": "Divided"}


def ask(fleet: dict[str, Any], replicas: int, scheduling: Any, **more: Any) -> Decision:
    current = more.pop("current", {})
    return schedule(
        Request.from_dict(
            {
                "clusters": [{"name": name, **facts} for name, facts in fleet.items()],
                "workload": {"kind": "Deployment", "name": "web", "replicas": replicas},
                "placement": {
                    "whenUnsatisfiable": "partial",
                    "replicaScheduling": scheduling,
                    **more.pop("placement", {}),
                },
                "current": [{"name": name, "replicas": count} for name, count in current.items()],
                "estimator": "available",
                **more,
            }
        )
    )


TWO = {"a": {"available": 3, "region": "r1"}, "b": {"available": 2, "region": "r2"}}


@pytest.mark.parametrize("scheduling", [DYNAMIC, AGGREGATED])
def test_all_that_fits_is_placed_and_the_rest_counted(scheduling: dict[str, Any]) -> None:
    decision = ask(TWO, 9, scheduling)
    assert decision.error is None
    assert decision.replicas == {"a": 3, "b": 2}
    assert decision.unplaced == 4
    assert decision.partial == Partial(5, 9, "the 2 clusters hold at most 5 replicas, 9 are to be placed")
    assert Decision.from_dict(decision.to_dict()).partial == decision.partial
    assert decision.to_dict()["unplaced"] == 4


def test_nothing_is_said_where_everything_fits() -> None:
    decision = ask(TWO, 5, DYNAMIC)
    assert (decision.partial, decision.unplaced) == (None, 0)


def test_without_consent_nothing_is_placed() -> None:
    refused = ask(TWO, 9, DYNAMIC, placement={"whenUnsatisfiable": "refuse"}, current={"a": 1})
    assert refused.error is not None
    assert refused.persisted == (Target("a", 1),)


def test_static_weights_place_what_the_bounds_allow() -> None:
    decision = ask(TWO, 9, {**EQUAL, "maxReplicas": 3})
    assert (decision.replicas, decision.unplaced) == ({"a": 3, "b": 3}, 3)


@pytest.mark.parametrize("scheduling", [None, DYNAMIC, AGGREGATED, EQUAL])
def test_there_are_as_many_groups_as_there_are_and_the_missing_ones_are_named(scheduling: Any) -> None:
    spread = [{"spreadByField": "region", "minGroups": 3}]
    decision = ask(TWO, 4, scheduling, placement={"spreadConstraints": spread})
    assert set(decision.replicas) == {"a", "b"}
    assert decision.partial is not None
    assert "2 regions can take a replica, but the region constraint wants at least 3" in decision.partial.reason
    assert decision.unplaced == 0


def test_the_largest_clusters_are_taken_where_only_few_may_be() -> None:
    spread = [{"spreadByField": "cluster", "maxGroups": 1}]
    decision = ask({"a": {"available": 2}, "b": {"available": 4}}, 9, DYNAMIC, placement={"spreadConstraints": spread})
    assert decision.replicas == {"b": 4}


def test_the_largest_is_taken_too_where_not_all_that_are_in_use_may_stay() -> None:
    fleet = {"a": 0, "b": 0, "c": 2}
    request = {
        "clusters": [{"name": name, "available": room} for name, room in fleet.items()],
        "workload": {"kind": "Deployment", "name": "web", "replicas": 3},
        "placement": {
            "replicaScheduling": DYNAMIC,
            "spreadConstraints": [{"spreadByField": "cluster", "maxGroups": 1}],
            "whenUnsatisfiable": "partial",
        },
        "current": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 1}],
        "estimator": "available",
    }
    assert schedule(Request.from_dict(request)).replicas == {"c": 2}


def test_of_several_affinity_groups_the_one_that_holds_most_is_used() -> None:
    groups = [{"affinityName": name, "clusterNames": [name]} for name in ("a", "b")]
    fleet = {"a": {"available": 2}, "b": {"available": 4}}
    decision = ask(fleet, 9, DYNAMIC, placement={"clusterAffinities": groups})
    assert (decision.replicas, decision.observed_affinity) == ({"b": 4}, "b")
    assert ask(fleet, 4, DYNAMIC, placement={"clusterAffinities": groups}).replicas == {"b": 4}


def test_overflow_tiers_are_filled_in_their_order() -> None:
    group = {"affinityName": "own", "clusterNames": ["a"], "overflowAffinities": [{"affinityName": "cloud"}]}
    fleet = {"a": {"available": 2}, "b": {"available": 4}}
    decision = ask(fleet, 9, DYNAMIC, placement={"clusterAffinities": [group]})
    assert (decision.replicas, decision.unplaced) == ({"a": 2, "b": 4}, 3)


def test_what_runs_counts_and_stays() -> None:
    decision = ask({"a": {"available": 0}, "b": {"available": 1}}, 9, DYNAMIC, current={"a": 5})
    assert (decision.replicas, decision.unplaced) == ({"a": 5, "b": 1}, 3)


def test_nothing_at_all_is_no_part_so_what_runs_is_kept() -> None:
    decision = ask({"a": {"available": 0}}, 9, DYNAMIC, current={"gone": 3})
    assert decision.error is not None
    assert decision.persisted == (Target("gone", 3),)


def fleet_of(**cores: int) -> Any:
    facts = [
        {"name": name, "resourceSummary": {"allocatable": {"cpu": count, "pods": 110}}} for name, count in cores.items()
    ]
    return parse_clusters(facts)


def workload(name: str, replicas: int, cpu: str = "1") -> Workload:
    return Workload("apps/v1", "Deployment", "shop", name, f"shop/shop/Deployment/{name}", replicas, {"cpu": cpu})


def part_of(selection: str, workloads: tuple[Workload, ...], current: Any = None, **cores: int) -> ApplicationDecision:
    placement = {"whenUnsatisfiable": "partial", "selection": selection, "replicaScheduling": DYNAMIC}
    return place(Application(fleet_of(**cores), placement, workloads, current=current or {}))


@pytest.mark.parametrize("selection", ["together", "each"])
def test_of_an_application_each_workload_gets_what_is_left(selection: str) -> None:
    decision = part_of(selection, (workload("web", 4), workload("db", 6)), a=4, b=3)
    assert decision.error is None
    assert [each.unplaced for each in decision.workloads.values()] == [0, 3]
    assert decision.unplaced == 3
    assert decision.selection.partial is not None
    assert (decision.selection.partial.placed, decision.selection.partial.wanted) == (7, 10)
    assert "Deployment/shop/db: " in decision.selection.partial.reason


@pytest.mark.parametrize("selection", ["together", "each"])
def test_a_workload_that_fits_nowhere_does_not_keep_the_others_away(selection: str) -> None:
    web, large = workload("web", 2), workload("large", 1, "64")
    decision = part_of(selection, (web, large), a=4)
    assert decision.error is None
    assert decision.workloads[web.key].replicas == {"a": 2}
    assert decision.workloads[large.key].partial is not None
    assert (decision.workloads[large.key].targets, decision.unplaced) == ((), 1)


@pytest.mark.parametrize("selection", ["together", "each"])
def test_an_application_of_which_nothing_fits_is_an_error(selection: str) -> None:
    decision = part_of(selection, (workload("web", 2, "64"), workload("db", 1, "64")), a=4)
    assert decision.error is not None
    assert decision.unplaced == 0


@settings(deadline=None, database=None, max_examples=80)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 8), min_size=1),
    st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["500m", "1", "2"])), min_size=1, max_size=3),
    st.sampled_from(["together", "each"]),
)
def test_no_further_replica_of_any_workload_would_fit(
    cores: dict[str, int], wanted: list[tuple[int, str]], selection: str
) -> None:
    asked = tuple(workload(f"w{number}", replicas, cpu) for number, (replicas, cpu) in enumerate(wanted))
    decision = part_of(selection, asked, **cores)
    size = {"500m": 500, "1": 1000, "2": 2000}
    free = {name: 1000 * count for name, count in cores.items()}
    if decision.error is not None:
        assert all(max(free.values()) < size[cpu] for _replicas, cpu in wanted)
        return
    for each, (_replicas, cpu) in zip(asked, wanted, strict=True):
        for name, count in decision.workloads[each.key].replicas.items():
            free[name] -= count * size[cpu]
    assert min(free.values()) >= 0
    for each, (replicas, cpu) in zip(asked, wanted, strict=True):
        found = decision.workloads[each.key]
        assert sum(found.replicas.values()) + found.unplaced == replicas
        if found.unplaced:
            assert max(free.values()) < size[cpu]
