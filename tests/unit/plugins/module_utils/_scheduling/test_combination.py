# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds together with tight spread constraints: what can be placed is, as trying every answer tells."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaDivisionPreference": "Aggregated"}

Facts = tuple[int, str, str, int, int]
"""Room, region, provider, least and most replicas."""

facts = st.tuples(
    st.integers(0, 6),
    st.sampled_from(["r1", "r2"]),
    st.sampled_from(["p1", "p2"]),
    st.integers(1, 4),
    st.integers(1, 5),
)
spreads = st.builds(
    lambda fields, most, clusters: [
        *({"spreadByField": field, "minGroups": 1, "maxGroups": most} for field in fields),
        {"spreadByField": "cluster", "minGroups": 1, "maxGroups": clusters},
    ],
    st.sampled_from([[], ["region"], ["region", "provider"]]),
    st.integers(1, 2),
    st.integers(1, 3),
)


def request(clusters: list[Facts], replicas: int, spread: list[Any], how: dict[str, Any], when: str) -> Request:
    bounds = [
        {"targetCluster": {"clusterNames": [f"m{index}"]}, "minReplicas": least, "maxReplicas": max(least, most)}
        for index, (_room, _region, _provider, least, most) in enumerate(clusters)
    ]
    return Request.from_dict(
        {
            "clusters": [
                {"name": f"m{index}", "available": room, "region": region, "provider": provider}
                for index, (room, region, provider, _least, _most) in enumerate(clusters)
            ],
            "workload": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "replicas": replicas},
            "placement": {
                "spreadConstraints": spread,
                "replicaScheduling": {"replicaSchedulingType": "Divided", "clusterReplicas": bounds, **how},
                "whenUnsatisfiable": when,
            },
            "estimator": "available",
        }
    )


def most_that_can_be(clusters: list[Facts], replicas: int, spread: list[Any]) -> int:
    """Of all answers the one that places most, without one too many."""
    sizes = [[0, *range(least, min(room, max(least, most)) + 1)] for room, _region, _provider, least, most in clusters]
    return max(
        sum(counts)
        for counts in product(*sizes)
        if sum(counts) <= replicas and _keeps(spread, clusters, [index for index, count in enumerate(counts) if count])
    )


def _keeps(spread: list[Any], clusters: list[Facts], used: list[int]) -> bool:
    groups = {
        "cluster": set(used),
        "region": {clusters[index][1] for index in used},
        "provider": {clusters[index][2] for index in used},
    }
    return all(len(groups[each["spreadByField"]]) <= each["maxGroups"] for each in spread)


@given(st.lists(facts, min_size=1, max_size=5), st.integers(1, 10), spreads, st.sampled_from([DYNAMIC, AGGREGATED]))
@settings(deadline=None, database=None)
def test_all_is_placed_where_any_answer_does(
    clusters: list[Facts], replicas: int, spread: list[Any], how: dict[str, Any]
) -> None:
    decision = schedule(request(clusters, replicas, spread, how, "refuse"))
    assert (decision.error is None) == (most_that_can_be(clusters, replicas, spread) == replicas)


@given(st.lists(facts, min_size=1, max_size=5), st.integers(1, 10), spreads, st.sampled_from([DYNAMIC, AGGREGATED]))
@settings(deadline=None, database=None)
def test_a_part_is_as_large_as_that_of_any_answer(
    clusters: list[Facts], replicas: int, spread: list[Any], how: dict[str, Any]
) -> None:
    decision = schedule(request(clusters, replicas, spread, how, "partial"))
    assert sum(decision.replicas.values()) == most_that_can_be(clusters, replicas, spread)


def test_a_part_that_cannot_keep_the_minimums_is_the_largest_too() -> None:
    clusters: list[Facts] = [(2, "r3", "p2", 4, 5), (4, "r2", "p1", 2, 3), (4, "r2", "p1", 4, 5)]
    spread = [
        {"spreadByField": "provider", "minGroups": 2, "maxGroups": 2},
        {"spreadByField": "cluster", "minGroups": 2, "maxGroups": 3},
    ]
    decision = schedule(request(clusters, 5, spread, DYNAMIC, "partial"))
    assert decision.replicas == {"m2": 4}
