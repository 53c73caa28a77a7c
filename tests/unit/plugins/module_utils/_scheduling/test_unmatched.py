# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A selector that matches none of the known clusters is named, with what there is instead."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import parse_clusters
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.unmatched import unmatched
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.validate import validate_placement

FLEET = parse_clusters(
    [
        {"name": "idc-north", "labels": {"env": "prod", "tier": "gold"}, "provider": "idc", "region": "north"},
        {"name": "idc-south", "labels": {"env": "prod"}, "provider": "idc", "region": "south"},
        {
            "name": "cloud-east",
            "labels": {"env": "test"},
            "provider": "cloud",
            "region": "east",
            "zones": ["e-1", "e-2"],
        },
    ]
)


def affinity(**parts: Any) -> dict[str, Any]:
    return {"clusterAffinity": parts}


def fields(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


CASES = {
    "a mistyped value": (
        affinity(labelSelector={"matchLabels": {"env": "prdo"}}),
        (
            "placement.clusterAffinity.labelSelector.matchLabels.env: labelSelector env=prdo matches none of 3 clusters; "
            "values of env are prod, test (did you mean prod?)"
        ),
    ),
    "a mistyped label": (
        affinity(labelSelector={"matchLabels": {"enw": "prod"}}),
        (
            "placement.clusterAffinity.labelSelector.matchLabels.enw: none of 3 clusters has the label enw; "
            "labels are env, tier (did you mean env?)"
        ),
    ),
    "an expression": (
        affinity(labelSelector=fields("env", "In", "stage", "dev")),
        (
            "placement.clusterAffinity.labelSelector.matchExpressions[0]: labelSelector env In (stage, dev) matches none of "
            "3 clusters; values of env are prod, test"
        ),
    ),
    "a field": (
        affinity(fieldSelector=fields("region", "In", "noth")),
        (
            "placement.clusterAffinity.fieldSelector.matchExpressions[0]: fieldSelector region In (noth) matches none of "
            "3 clusters; values of region are east, north, south (did you mean north?)"
        ),
    ),
    "a zone": (
        affinity(fieldSelector=fields("zone", "In", "e-9")),
        (
            "placement.clusterAffinity.fieldSelector.matchExpressions[0]: fieldSelector zone In (e-9) matches none of "
            "3 clusters; values of zone are e-1, e-2 (did you mean e-2?)"
        ),
    ),
    "a name": (
        affinity(clusterNames=["idc-north", "idc-sout"]),
        (
            "placement.clusterAffinity.clusterNames[1]: no cluster is named idc-sout; "
            "known are cloud-east, idc-north, idc-south (did you mean idc-south?)"
        ),
    ),
    "an exclusion": (
        affinity(exclude=["cloud-eats"]),
        (
            "placement.clusterAffinity.exclude[0]: no cluster is named cloud-eats; "
            "known are cloud-east, idc-north, idc-south (did you mean cloud-east?)"
        ),
    ),
    "parts that exclude each other": (
        affinity(labelSelector={"matchLabels": {"env": "test"}}, fieldSelector=fields("provider", "In", "idc")),
        "placement.clusterAffinity: its parts together match none of 3 clusters",
    ),
    "an overflow group": (
        {
            "clusterAffinities": [
                {"affinityName": "own", "overflowAffinities": [{"affinityName": "far", "clusterNames": ["moon"]}]}
            ]
        },
        (
            "placement.clusterAffinities[0].overflowAffinities[0].clusterNames[0]: no cluster is named moon; "
            "known are cloud-east, idc-north, idc-south"
        ),
    ),
    "a weight": (
        {
            "replicaScheduling": {
                "weightPreference": {"staticWeightList": [{"targetCluster": {"clusterNames": ["idc"]}, "weight": 2}]}
            }
        },
        (
            "placement.replicaScheduling.weightPreference.staticWeightList[0].targetCluster.clusterNames[0]: "
            "no cluster is named idc; known are cloud-east, idc-north, idc-south"
        ),
    ),
    "a level of a hierarchy": (
        {"replicaScheduling": {"weightPreference": {"hierarchy": [{"byField": "region", "weights": {"nort": 2}}]}}},
        (
            "placement.replicaScheduling.weightPreference.hierarchy[0].weights.nort: no cluster stands in nort; "
            "known are east, north, south (did you mean north?)"
        ),
    ),
    "a label to spread over": (
        {"spreadConstraints": [{"spreadByLabel": "rack"}]},
        "placement.spreadConstraints[0].spreadByLabel: none of 3 clusters has the label rack; labels are env, tier",
    ),
}


@pytest.mark.parametrize(("placement", "warning"), CASES.values(), ids=CASES)
def test_what_matches_nobody_is_named(placement: dict[str, Any], warning: str) -> None:
    assert [str(problem) for problem in unmatched(placement, FLEET)] == [warning]


@pytest.mark.parametrize(
    "placement",
    [
        {},
        affinity(labelSelector={"matchLabels": {"env": "prod"}}, clusterNames=["idc-north"]),
        affinity(fieldSelector=fields("zone", "In", "e-1", "e-7")),
        affinity(labelSelector=fields("env", "NotIn", "stage")),
        {"spreadConstraints": [{"spreadByField": "zone"}, {"spreadByField": "cluster"}]},
    ],
    ids=str,
)
def test_what_matches_somebody_is_not(placement: dict[str, Any]) -> None:
    assert unmatched(placement, FLEET) == []


def test_nothing_is_said_where_no_cluster_is_known() -> None:
    assert unmatched(affinity(clusterNames=["a"]), ()) == []


def test_a_spread_over_zones_that_nobody_has_is_named() -> None:
    (problem,) = unmatched({"spreadConstraints": [{"spreadByField": "zone"}]}, FLEET[:2])
    assert str(problem) == "placement.spreadConstraints[0].spreadByField: none of 2 clusters has a zone"


def test_a_large_fleet_is_told_in_few_words() -> None:
    fleet = parse_clusters([{"name": f"c{number:04}"} for number in range(2000)])
    (problem,) = unmatched(affinity(clusterNames=["c200o"]), fleet)
    assert len(str(problem)) < 200
    assert problem.suggestion == "c2000" or problem.suggestion in {cluster.name for cluster in fleet}


def test_a_number_above_the_highest_is_refused() -> None:
    term = {"weight": 101, "term": {"application": "shop"}}
    problems = validate_placement({"applicationAffinity": {"preferred": [term]}})
    assert [str(problem) for problem in problems] == [
        "placement.applicationAffinity.preferred[0].weight: expected at most 100, not 101"
    ]


@pytest.mark.parametrize(
    ("constraint", "warning"),
    [
        ({"spreadByField": "provider", "minGroups": 3}, "3 clusters stand in 2 of the 3 groups that it asks for"),
        ({"spreadByLabel": "env", "minGroups": 4}, "3 clusters stand in 2 of the 4 groups that it asks for"),
        ({"spreadByField": "cluster", "minGroups": 5}, "3 clusters stand in 3 of the 5 groups that it asks for"),
        ({"spreadByField": "region", "minGroups": 3}, None),
    ],
)
def test_more_groups_than_there_are_is_named(constraint: dict[str, Any], warning: str | None) -> None:
    found = [str(problem) for problem in unmatched({"spreadConstraints": [constraint]}, FLEET)]
    assert found == ([f"placement.spreadConstraints[0].minGroups: {warning}"] if warning else [])


@pytest.mark.parametrize(
    ("rules", "contradicts"),
    [
        ([("env", "In", ["a"]), ("env", "In", ["b"])], 1),
        ([("env", "In", ["a", "b"]), ("env", "NotIn", ["a"]), ("env", "NotIn", ["b"])], 2),
        ([("env", "Exists", []), ("env", "DoesNotExist", [])], 1),
        ([("env", "DoesNotExist", []), ("env", "In", ["a"])], 1),
        ([("env", "In", ["a", "b"]), ("env", "In", ["b", "c"])], None),
        ([("env", "NotIn", ["a"]), ("env", "DoesNotExist", [])], None),
    ],
)
def test_rules_over_one_key_that_leave_nothing_are_contradictions(rules: list[Any], contradicts: int | None) -> None:
    expressions = [{"key": key, "operator": operator, "values": values} for key, operator, values in rules]
    problems = validate_placement(affinity(labelSelector={"matchExpressions": expressions}))
    path = f"placement.clusterAffinity.labelSelector.matchExpressions[{contradicts}]"
    message = "contradicts the rules before it on env, so no cluster can match"
    assert [str(problem) for problem in problems] == ([] if contradicts is None else [f"{path}: {message}"])


def test_rules_over_zones_may_hold_together_for_a_cluster_in_both() -> None:
    both = [{"key": "zone", "operator": "In", "values": [zone]} for zone in ("e-1", "e-2")]
    assert validate_placement(affinity(fieldSelector={"matchExpressions": both})) == []
