# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds, hierarchical weights and partial placement: what cannot be meant is said before anything is asked of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.validate import validate_placement


def problems(scheduling: dict[str, Any]) -> list[str]:
    placement = {"replicaScheduling": scheduling}
    return [str(problem).removeprefix("placement.replicaScheduling.") for problem in validate_placement(placement)]


def levels(*hierarchy: dict[str, Any]) -> dict[str, Any]:
    return {"replicaSchedulingType": "Divided", "weightPreference": {"hierarchy": list(hierarchy)}}


@pytest.mark.parametrize(
    ("scheduling", "expected"),
    [
        ({"minReplicas": 1, "maxReplicas": 1}, []),
        ({"minReplicas": 3, "maxReplicas": 2}, ["minReplicas: 3 is more than maxReplicas 2"]),
        ({"maxReplicas": 0}, ["maxReplicas: expected at least 1, not 0"]),
        (
            {"replicaSchedulingType": "Duplicated", "minReplicas": 1},
            ["minReplicas: has no meaning with Duplicated: every cluster gets all replicas"],
        ),
        ({"clusterReplicas": [{"minReplicas": 1}]}, ["clusterReplicas[0].targetCluster: is required"]),
        (
            {"clusterReplicas": [{"targetCluster": {}}]},
            ["clusterReplicas[0]: says neither minReplicas nor maxReplicas"],
        ),
        (
            {"clusterReplicas": [{"targetCluster": {}, "minReplicas": 5, "maxReplicas": 4}]},
            ["clusterReplicas[0].minReplicas: 5 is more than maxReplicas 4 of these clusters"],
        ),
        (
            {"maxReplicas": 2, "clusterReplicas": [{"targetCluster": {}, "minReplicas": 5}]},
            [
                (
                    "clusterReplicas[0].minReplicas: 5 is more than maxReplicas 2 of all clusters, "
                    "which counts for these as well"
                )
            ],
        ),
        (
            {"clusterReplicas": [{"targetCluster": {"clusterNames": ["a"], "exclude": ["a"]}, "minReplicas": 1}]},
            [
                (
                    "clusterReplicas[0].targetCluster.exclude: excludes every cluster that clusterNames names, "
                    "so no cluster can match"
                )
            ],
        ),
        (
            {"clusterReplicas": [{"targetCluster": {}, "minReplica": 1}]},
            ["clusterReplicas[0].minReplica: unknown field (did you mean minReplicas?)"],
        ),
    ],
)
def test_bounds_that_cannot_be_meant_are_named(scheduling: dict[str, Any], expected: list[str]) -> None:
    assert problems(scheduling) == expected


WHERE = "weightPreference.hierarchy"


@pytest.mark.parametrize(
    ("scheduling", "expected"),
    [
        (levels({"byField": "region", "weights": {"eu": 1}}, {"byField": "zone"}, {"byLabel": "rack"}), []),
        (levels(), [f"{WHERE}: is empty; leave it out to divide among the clusters alone"]),
        (levels({"weights": {"eu": 1}}), [f"{WHERE}[0]: needs either byField or byLabel"]),
        (levels({"byField": "zone", "byLabel": "rack"}), [f"{WHERE}[0]: needs either byField or byLabel"]),
        (
            levels({"byField": "zone"}, {"byField": "region"}),
            [
                f"{WHERE}[1]: region is wider than zone, so it has to stand before placement.replicaScheduling.{WHERE}[0]"
            ],
        ),
        (
            levels({"byLabel": "rack"}, {"byLabel": "rack"}),
            [f"{WHERE}[1]: a level by label rack is given already, in placement.replicaScheduling.{WHERE}[0]"],
        ),
        (
            levels({"byField": "region", "weights": {"eu": 0}}),
            [f"{WHERE}[0]: gives no group a weight, so nothing could be placed"],
        ),
        (
            levels({"byField": "region", "defaultWeight": 0}),
            [f"{WHERE}[0]: gives no group a weight, so nothing could be placed"],
        ),
        (
            levels({"byField": "region", "weights": {"eu": -1}}),
            [f"{WHERE}[0].weights.eu: expected at least 0, not -1"],
        ),
        (
            {"replicaDivisionPreference": "Aggregated", "weightPreference": {"hierarchy": [{"byField": "region"}]}},
            ["weightPreference: has no meaning with Aggregated"],
        ),
    ],
)
def test_levels_that_cannot_be_meant_are_named(scheduling: dict[str, Any], expected: list[str]) -> None:
    assert problems(scheduling) == expected


def test_a_part_is_asked_for_by_its_name() -> None:
    assert validate_placement({"whenUnsatisfiable": "partial"}) == []
    (problem,) = validate_placement({"whenUnsatisfiable": "partly"})
    assert str(problem) == (
        "placement.whenUnsatisfiable: expected one of 'refuse', 'partial', not 'partly' (did you mean partial?)"
    )
