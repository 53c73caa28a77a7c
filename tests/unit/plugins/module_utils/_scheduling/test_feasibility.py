# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What fits now, what fits after machines were added, and what never does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application, place
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.feasibility import Grown, place_with_growth
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Cluster, Workload, parse_clusters

OVERFLOW = {
    "clusterAffinities": [
        {
            "affinityName": "idc-first",
            "clusterNames": ["idc"],
            "overflowAffinities": [{"clusterNames": ["cloud"]}],
        }
    ],
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    },
}


def summary(cpu: float) -> dict[str, Any]:
    return {"allocatable": {"cpu": str(cpu), "memory": "64Gi", "pods": "110"}, "allocated": {}, "allocating": {}}


def machine_set(name: str = "m1-large", **more: Any) -> dict[str, Any]:
    return {
        "name": name, "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"}, "addable": 5, "costPerHour": 0.12,
        "secondsToCreate": 240, "limit": "quota: cores 20 of 20 used", **more,
    }  # fmt: skip


def fleet(*sets: dict[str, Any], idc: float = 4, cloud: dict[str, Any] | None = None) -> tuple[Cluster, ...]:
    nodes = [{"name": "n1", "allocatable": summary(idc)["allocatable"]}]
    empty: dict[str, Any] = {"allocatable": {}, "allocated": {}, "allocating": {}}
    return parse_clusters(
        [
            {"name": "idc", "resourceSummary": summary(idc), "nodes": nodes},
            {"name": "cloud", "resourceSummary": cloud or empty, "machineSets": list(sets)},
        ]
    )


def ask(replicas: int, clusters: tuple[Cluster, ...], placement: dict[str, Any] | None = None, cpu: str = "1") -> Grown:
    workload = Workload(kind="Deployment", name="web", replicas=replicas, resource_request={"cpu": cpu})

    def application(clusters: tuple[Cluster, ...]) -> Application:
        return Application(clusters=clusters, placement=placement or OVERFLOW, workloads=(workload,))

    return place_with_growth(application, clusters)


def replicas(found: Grown) -> dict[str, int]:
    return dict(found.decision.workloads["Deployment/web"].replicas)


def test_what_fits_counts_on_no_machine() -> None:
    found = ask(4, fleet(machine_set()))
    assert str(found.feasibility) == "fits now"
    assert replicas(found) == {"idc": 4}


def test_overflow_goes_to_a_cluster_without_a_node_that_may_get_some() -> None:
    found = ask(14, fleet(machine_set()))
    assert replicas(found) == {"idc": 4, "cloud": 10}
    assert found.feasibility.machines == {"cloud": {"m1-large": 3}}
    assert str(found.feasibility) == "fits after adding 3 m1-large in cloud, about 4 minutes, 0.36 per hour"


def test_a_quota_makes_it_infeasible_and_is_named() -> None:
    found = ask(14, fleet(machine_set(addable=2)))
    assert found.decision.error is not None
    assert str(found.feasibility) == "infeasible: cloud/m1-large: quota: cores 20 of 20 used"


def test_a_pod_that_no_machine_holds_is_infeasible() -> None:
    assert ask(1, fleet(machine_set()), cpu="6").feasibility.verdict == "infeasible"


def test_machines_on_their_way_come_before_new_ones() -> None:
    found = ask(12, fleet(machine_set(existing=2, upcoming=2)))
    assert str(found.feasibility) == "fits when 2 m1-large in cloud are there, about 4 minutes"


def test_pods_that_wait_already_have_a_right_to_what_comes() -> None:
    busy = {"allocatable": {}, "allocated": {}, "allocating": {"cpu": "8", "pods": "8"}}
    assert ask(8, fleet(machine_set(), cloud=busy)).feasibility.machines == {"cloud": {"m1-large": 3}}


def test_the_cheapest_set_that_helps_is_counted_on() -> None:
    dear, cheap = machine_set("dear", costPerHour=0.5), machine_set("cheap", costPerHour=0.1)
    useless = machine_set("useless", costPerHour=0.01, taints=[{"key": "gpu", "effect": "NoSchedule"}])
    assert ask(12, fleet(dear, cheap, useless)).feasibility.machines == {"cloud": {"cheap": 2}}


def test_a_part_is_placed_with_machines_as_far_as_they_reach() -> None:
    found = ask(20, fleet(machine_set(addable=2)), {**OVERFLOW, "whenUnsatisfiable": "partial"})
    assert replicas(found) == {"idc": 4, "cloud": 8}
    assert found.feasibility.machines == {"cloud": {"m1-large": 2}}
    assert found.feasibility.limits == {"cloud/m1-large": "quota: cores 20 of 20 used"}


@pytest.mark.parametrize("compatibility", ["karmada"])
def test_karmada_knows_no_machine_sets(compatibility: str) -> None:
    workload = Workload(kind="Deployment", name="web", replicas=14, resource_request={"cpu": "1"})
    found = place_with_growth(
        lambda clusters: Application(
            clusters=clusters, placement=OVERFLOW, workloads=(workload,), compatibility=compatibility
        ),
        fleet(machine_set()),
    )
    assert found.feasibility.verdict == "infeasible"


@settings(deadline=None, database=None, max_examples=60)
@given(st.integers(0, 40), st.integers(0, 6), st.integers(0, 6), st.integers(0, 20))
def test_no_fewer_machines_would_do_and_nothing_changes_where_none_are_needed(
    wanted: int, small: int, large: int, idc: int
) -> None:
    sets = (
        machine_set("small", addable=small, costPerHour=0.1, allocatable={"cpu": "2"}),
        machine_set("large", addable=large, costPerHour=0.3),
    )
    clusters = fleet(*sets, idc=max(idc, 1))
    found = ask(wanted, clusters)
    workload = Workload(kind="Deployment", name="web", replicas=wanted, resource_request={"cpu": "1"})
    alone = place(Application(clusters=clusters, placement=OVERFLOW, workloads=(workload,)))
    if alone.error is None:
        assert found.feasibility.verdict == "now"
        assert found.decision.to_dict() == alone.to_dict()
        return
    missing = wanted - max(idc, 1)
    assert (found.feasibility.verdict == "later") == (missing <= 2 * small + 4 * large)
    if found.feasibility.verdict == "later":
        many = found.feasibility.machines.get("cloud", {})
        room = 2 * many.get("small", 0) + 4 * many.get("large", 0)
        assert room >= missing
        assert all(room - size < missing for name, size in (("small", 2), ("large", 4)) if many.get(name))
