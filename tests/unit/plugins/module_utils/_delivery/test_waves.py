# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.report import step_lines
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.waves import (
    Amount,
    OnFailure,
    RolloutPolicy,
    RolloutStep,
    StepKind,
    batches,
    check_rollout,
    itinerary,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Cluster

FLEET = [
    Cluster("de-1", labels={"ring": "0"}, provider="idc", region="eu", zones=("eu-a", "eu-b")),
    Cluster("de-2", labels={"ring": "1"}, provider="idc", region="eu", zones=("eu-b",)),
    Cluster("us-1", labels={"ring": "1"}, provider="cloud", region="us", zones=("us-a",)),
    Cluster("us-2", labels={"ring": "2"}, provider="cloud", region="us", zones=("us-b",)),
    Cluster("lab", provider="idc"),
]


def waves(rollout: dict[str, Any]) -> dict[str, list[str]]:
    """The clusters of each wave, in order."""
    steps = itinerary(RolloutPolicy.from_dict(rollout), FLEET).steps
    return {step.wave: list(step.clusters) for step in steps if step.kind is StepKind.DEPLOY}


def test_without_waves_everything_goes_at_once_and_what_leaves_goes_last() -> None:
    steps = itinerary(RolloutPolicy.from_dict({"strategy": "all"}), FLEET).steps
    assert [(step.wave, step.kind.value) for step in steps] == [("all", "deploy"), ("finish", "finish")]
    assert steps[0].clusters == steps[1].clusters == ("de-1", "de-2", "lab", "us-1", "us-2")


def test_waves_take_from_what_earlier_ones_left_and_the_rest_is_a_wave() -> None:
    rollout = {
        "waves": [
            {"name": "one", "clusters": {"labelSelector": {"matchLabels": {"ring": "1"}}}},
            {"name": "two", "clusters": 1},
            {"name": "more", "clusters": "30%"},
        ]
    }
    assert waves(rollout) == {"one": ["de-2", "us-1"], "two": ["de-1"], "more": ["lab", "us-2"]}
    assert waves({"waves": [{"name": "two", "clusters": 1}]}) == {
        "two": ["de-1"],
        "rest": ["de-2", "lab", "us-1", "us-2"],
    }
    assert list(waves({"waves": [{"name": "rest", "clusters": 1}]})) == ["rest", "others"]


def test_a_wave_that_has_no_cluster_is_left_out_and_told() -> None:
    found = itinerary(
        RolloutPolicy.from_dict(
            {"waves": [{"name": "moon", "clusters": {"clusterNames": ["moon"]}}, {"name": "rest"}]}
        ),
        FLEET,
    )
    assert [step.wave for step in found.steps] == ["rest", "finish"]
    assert "moon" in found.notes[0]


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [
        ({"byField": "region", "order": ["us"]}, ["us", "eu", "without region"]),
        ({"byField": "provider"}, ["cloud", "idc"]),
        ({"byLabel": "ring", "order": ["2", "9"]}, ["2", "0", "1", "without ring"]),
        ({"byField": "zone"}, ["eu-a", "eu-b", "us-a", "us-b", "without zone"]),
    ],
)
def test_groups_go_in_the_order_given_then_by_name_and_the_nameless_last(
    grouping: dict[str, Any], expected: list[str]
) -> None:
    assert list(waves({"waves": grouping})) == expected


def test_a_canary_is_a_step_of_its_own_before_its_wave() -> None:
    rollout = {
        "canary": "10%",
        "minSuccessTime": "1m",
        "waves": [
            {"name": "a", "clusters": 1, "canary": 2, "minSuccessTime": 5, "mandatory": True, "pause": True},
            {"name": "b"},
        ],
    }
    steps = itinerary(RolloutPolicy.from_dict(rollout), FLEET).steps
    assert [
        (step.wave, step.kind.value, step.canary, step.min_success_time, step.mandatory, step.pause)
        for step in steps[:4]
    ] == [
        ("a", "canary", "2", 5.0, True, False),
        ("a", "deploy", "", 5.0, True, True),
        ("b", "canary", "10%", 60.0, False, False),
        ("b", "deploy", "", 60.0, False, False),
    ]


def test_shares_are_rounded_so_that_something_goes_and_not_too_much_may_fail() -> None:
    quarter = Amount.of("25%")
    assert [quarter.at_least(total) for total in (1, 4, 5, 8)] == [1, 1, 2, 2]
    assert [quarter.at_most(total) for total in (1, 4, 5, 8)] == [0, 1, 1, 2]
    assert (Amount.of(3).at_least(10), Amount.of(0).at_most(10)) == (3, 0)


def test_batches_keep_the_order_and_miss_nobody() -> None:
    assert batches(["a", "b", "c"], 2) == [("a", "b"), ("c",)]
    assert batches([], 1) == []


def test_a_step_survives_the_way_through_the_hub() -> None:
    step = RolloutStep("eu", StepKind.CANARY, ("a",), mandatory=True, canary="25%", min_success_time=5.0, pause=True)
    assert RolloutStep.from_dict(step.to_dict()) == step


def test_the_defaults_are_the_safe_ones() -> None:
    policy = RolloutPolicy.from_dict({})
    assert policy.on_failure is OnFailure.ROLLBACK
    assert policy.max_failures.at_most(100) == 0
    assert policy.progress_deadline is None
    assert RolloutPolicy.from_dict({"progressDeadline": "None"}).progress_deadline == float("inf")


def test_a_wrong_rollout_is_refused_with_all_that_is_wrong() -> None:
    with pytest.raises(InputError, match=r"rollout\.canary.*rollout\.onFailure"):
        check_rollout({"canary": 0, "onFailure": "no"})


def test_the_steps_are_shown_one_per_line() -> None:
    rollout = {
        "waves": [{"name": "a", "clusters": 1, "canary": "25%", "mandatory": True, "pause": True}, {"name": "b"}]
    }
    assert step_lines(itinerary(RolloutPolicy.from_dict(rollout), FLEET).steps) == [
        "STEP  WAVE  WHAT                                           CLUSTERS",
        "1     a     canary 25%, mandatory                          de-1",
        "2     a     deploy, mandatory, then it waits for somebody  de-1",
        "3     b     deploy                                         de-2, lab, us-1, us-2",
        "4     -     finish                                         de-1, de-2, lab, us-1, us-2",
    ]


def test_a_wave_that_names_a_cluster_which_nobody_knows_is_told_with_the_one_that_is_meant() -> None:
    rollout = {"waves": [{"name": "first", "clusters": {"clusterNames": [f"{FLEET[0].name}x"]}}, {"name": "rest"}]}
    found = itinerary(RolloutPolicy.from_dict(rollout), FLEET, FLEET)
    assert len(found.notes) == 2
    assert found.notes[1].startswith(
        f"rollout.waves[0].clusters.clusterNames[0]: no cluster is named {FLEET[0].name}x; known are "
    )
    assert found.notes[1].endswith(f"(did you mean {FLEET[0].name}?)")
