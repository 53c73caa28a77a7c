# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every mistake in a placement is named, with its path and the nearest right word, and all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.validate import validate_placement


@pytest.mark.parametrize(
    ("placement", "problems"),
    [
        ({}, []),
        (
            {"clusterAfinity": {}, "spreadConstrains": []},
            [
                "placement.clusterAfinity: unknown field (did you mean clusterAffinity?)",
                "placement.spreadConstrains: unknown field (did you mean spreadConstraints?)",
            ],
        ),
        (
            {"clusterAffinity": {"labelSelector": {"matchLabel": {}}}},
            ["placement.clusterAffinity.labelSelector.matchLabel: unknown field (did you mean matchLabels?)"],
        ),
        (
            {"replicaScheduling": {"replicaSchedulingType": "divided"}},
            [
                (
                    "placement.replicaScheduling.replicaSchedulingType: expected one of 'Duplicated', 'Divided', not 'divided' "
                    "(did you mean Divided?)"
                )
            ],
        ),
        (5, ["placement: expected a dictionary, not 5"]),
        (
            {"clusterAffinity": {"clusterNames": "a"}},
            ["placement.clusterAffinity.clusterNames: expected a list, not 'a'"],
        ),
        ({"clusterAffinity": None, "spreadConstraints": None}, []),
        (
            {"spreadConstraints": [{"minGroups": True}]},
            ["placement.spreadConstraints[0].minGroups: expected a whole number, not True"],
        ),
        (
            {"spreadConstraints": [{"minGroups": -1}]},
            ["placement.spreadConstraints[0].minGroups: expected at least 0, not -1"],
        ),
        ({"workloadAffinity": {"affinity": {}}}, ["placement.workloadAffinity.affinity.groupByLabelKey: is required"]),
        ({"clusterAffinities": [{}]}, ["placement.clusterAffinities[0].affinityName: is required"]),
        (
            {"clusterAffinities": [{"affinityName": "x" * 33}]},
            ["placement.clusterAffinities[0].affinityName: is longer than 32 characters"],
        ),
        (
            {"clusterAffinity": {}, "clusterAffinities": [{"affinityName": "a"}, {"affinityName": "a"}]},
            [
                "placement.clusterAffinities: cannot be given together with clusterAffinity",
                "placement.clusterAffinities[1].affinityName: the name a is given twice",
            ],
        ),
        (
            {"clusterAffinities": [{"affinityName": "a", "overflowAffinities": [{"affinityName": "b"}]}]},
            [
                (
                    "placement.clusterAffinities[0].overflowAffinities: need a division by capacity: "
                    "dynamicWeight AvailableReplicas, or Aggregated"
                )
            ],
        ),
        (
            {"clusterAffinity": {"clusterNames": ["a"], "exclude": ["a", "b"]}},
            [
                "placement.clusterAffinity.exclude: excludes every cluster that clusterNames names, so no cluster can match"
            ],
        ),
        (
            {
                "clusterAffinity": {
                    "labelSelector": {
                        "matchLabels": {"env": "prod"},
                        "matchExpressions": [
                            {"key": "env", "operator": "NotIn", "values": ["prod"]},
                            {"key": "a", "operator": "In"},
                        ],
                    }
                }
            },
            [
                "placement.clusterAffinity.labelSelector.matchExpressions[0]: contradicts matchLabels env: prod, so no cluster can match",
                "placement.clusterAffinity.labelSelector.matchExpressions[1].values: operator In needs at least one value",
            ],
        ),
        (
            {"clusterAffinity": {"fieldSelector": {"matchExpressions": [{"key": "zones", "operator": "Exists"}]}}},
            [
                (
                    "placement.clusterAffinity.fieldSelector.matchExpressions[0].key: expected one of 'provider', 'region', 'zone', "
                    "not 'zones' (did you mean zone?)"
                )
            ],
        ),
        (
            {
                "spreadConstraints": [
                    {"spreadByField": "region", "minGroups": 3, "maxGroups": 2},
                    {"spreadByField": "cluster", "maxGroups": 2},
                    {"maxGroups": 4},
                    {"spreadByField": "zone", "spreadByLabel": "rack"},
                ]
            },
            [
                "placement.spreadConstraints[0].maxGroups: 2 is less than minGroups 3",
                "placement.spreadConstraints[2]: a constraint for cluster is given already, in placement.spreadConstraints[1]",
                "placement.spreadConstraints[3]: spreadByField and spreadByLabel cannot be given together",
            ],
        ),
        (
            {
                "spreadConstraints": [
                    {"spreadByField": "region", "minGroups": 3},
                    {"spreadByField": "cluster", "maxGroups": 2},
                ]
            },
            [
                (
                    "placement.spreadConstraints[0].minGroups: 3 regions need as many clusters, but the cluster constraint "
                    "allows 2 (maxGroups)"
                )
            ],
        ),
        (
            {"clusterTolerations": [{"operator": "Exists", "value": "x"}, {"value": "x", "tolerationSeconds": 3}]},
            [
                "placement.clusterTolerations[0].value: operator Exists takes no value",
                "placement.clusterTolerations[1].key: an empty key needs operator Exists",
                "placement.clusterTolerations[1].tolerationSeconds: needs effect NoExecute",
            ],
        ),
        (
            {
                "replicaScheduling": {
                    "replicaSchedulingType": "Duplicated",
                    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
                }
            },
            ["placement.replicaScheduling.weightPreference: has no meaning with Duplicated: nothing is divided"],
        ),
        ({"selection": "any"}, ["placement.selection: expected one of 'together', 'each', not 'any'"]),
    ],
)
def test_a_placement_is_told_all_its_problems(placement: Any, problems: list[str]) -> None:
    assert [str(problem) for problem in validate_placement(placement)] == problems


def test_the_path_starts_where_the_caller_says() -> None:
    assert validate_placement({"x": 1}, path="application_placement")[0].path == "application_placement.x"


def test_a_mistake_of_form_hides_no_contradiction_in_another_part() -> None:
    placement = {"clusterAfinity": {}, "spreadConstraints": [{"minGroups": 3, "maxGroups": 2}]}
    assert [str(problem) for problem in validate_placement(placement)] == [
        "placement.clusterAfinity: unknown field (did you mean clusterAffinity?)",
        "placement.spreadConstraints[0].maxGroups: 2 is less than minGroups 3",
    ]


def test_what_hangs_on_a_malformed_part_is_not_judged() -> None:
    overflowing = [{"affinityName": "own", "overflowAffinities": [{"affinityName": "rented"}]}]
    placement = {"clusterAffinities": overflowing, "replicaScheduling": {"replicaSchedulingType": "Divide"}}
    assert [problem.path for problem in validate_placement(placement)] == [
        "placement.replicaScheduling.replicaSchedulingType"
    ]
