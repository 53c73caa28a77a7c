# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.rollout_schema import (
    percent_of,
    seconds_of,
    validate_rollout,
)

FULL: dict[str, Any] = {
    "strategy": "waves",
    "waves": [
        {
            "name": "one",
            "clusters": {"labelSelector": {"matchLabels": {"ring": "0"}}},
            "mandatory": True,
            "canary": "25%",
        },
        {"name": "some", "clusters": "30%", "minSuccessTime": "1m", "pause": True},
        {"name": "two", "clusters": 2},
        {"name": "rest"},
    ],
    "canary": 1,
    "maxConcurrency": "50%",
    "minSuccessTime": 30,
    "progressDeadline": "10m",
    "maxFailures": 1,
    "checks": [
        {
            "http": {
                "url": "https://[[ cluster.name ]].example.com/",
                "status": [200, 204],
                "successCondition": "result.ok",
            }
        },
        {
            "name": "errors",
            "count": 3,
            "interval": "10s",
            "failureLimit": 1,
            "prometheus": {"address": "http://prometheus", "query": "up", "successCondition": "result >= 0.95"},
        },
        {"tasks": "smoke.yml", "timeout": "5m"},
        {"playbook": "smoke-play.yml"},
    ],
    "onFailure": "pause",
}


@pytest.mark.parametrize(
    "rollout",
    [
        {},
        FULL,
        {"strategy": "all", "canary": "10%"},
        {"waves": {"byField": "region", "order": ["eu"]}},
        {"waves": {"byLabel": "ring"}},
        {"progressDeadline": "None", "maxFailures": "0%"},
        {"strategy": None, "waves": None},
    ],
)
def test_what_the_guide_shows_is_accepted(rollout: dict[str, Any]) -> None:
    assert validate_rollout(rollout) == []


@pytest.mark.parametrize(
    ("rollout", "path", "words"),
    [
        ("waves", "rollout", "dictionary"),
        ({"maxFailure": 1}, "rollout.maxFailure", "maxFailures"),
        ({"strategy": "wave"}, "rollout.strategy", "waves"),
        ({"onFailure": "revert"}, "rollout.onFailure", "pause, rollback"),
        ({"maxFailures": "a third"}, "rollout.maxFailures", "percentage"),
        ({"maxFailures": True}, "rollout.maxFailures", "percentage"),
        ({"maxConcurrency": 0}, "rollout.maxConcurrency", "from 1"),
        ({"canary": "100%"}, "rollout.canary", "99%"),
        ({"minSuccessTime": "5 minutes"}, "rollout.minSuccessTime", "duration"),
        ({"progressDeadline": "never"}, "rollout.progressDeadline", "duration"),
        ({"waves": [{"clusters": 1}]}, "rollout.waves[0].name", "required"),
        ({"waves": [{"name": "a", "clusters": {"clusterName": ["x"]}}]}, "rollout.waves[0].clusters.clusterName", "unknown"),
        ({"waves": [{"name": "a", "mandatory": "yes"}]}, "rollout.waves[0].mandatory", "true or false"),
        ({"waves": "all"}, "rollout.waves", "byField"),
        ({"waves": {"byField": "cluster"}}, "rollout.waves.byField", "region"),
        ({"waves": {"byField": "region", "byLabel": "x"}}, "rollout.waves", "one of"),
        ({"strategy": "waves"}, "rollout.waves", "required"),
        ({"strategy": "all", "waves": [{"name": "a"}]}, "rollout.waves", "no waves"),
        ({"waves": [{"name": "a", "clusters": 1}, {"name": "a"}]}, "rollout.waves[1].name", "another wave"),
        ({"waves": [{"name": "a"}, {"name": "b", "clusters": 1}]}, "rollout.waves[0].clusters", "last"),
        ({"checks": [{}]}, "rollout.checks[0]", "exactly one"),
        ({"checks": [{"http": {"url": "http://x"}, "tasks": "a"}]}, "rollout.checks[0]", "exactly one"),
        ({"checks": [{"http": {"url": "ftp://x"}}]}, "rollout.checks[0].http.url", "https"),
        ({"checks": [{"http": {"url": "http://x", "status": [20]}}]}, "rollout.checks[0].http.status[0]", "HTTP status"),
        ({"checks": [{"http": {"url": "http://x", "successCondition": "{{ a }}"}}]}, "rollout.checks[0].http.successCondition", "without brackets"),
        ({"checks": [{"prometheus": {"query": "up"}}]}, "rollout.checks[0].prometheus.address", "required"),
        ({"checks": [{"tasks": "a", "count": 2}]}, "rollout.checks[0].count", "http and prometheus"),
        ({"checks": [{"http": {"url": "http://x"}, "failureLimit": 1}]}, "rollout.checks[0].failureLimit", "can't fail"),
        ({"checks": [{"http": {"url": "http://x"}, "timeout": 3}]}, "rollout.checks[0].timeout", "inside http"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_where_it_stands(rollout: object, path: str, words: str) -> None:
    problems = validate_rollout(rollout)
    found = [str(problem) for problem in problems if problem.path == path]
    assert found, [str(problem) for problem in problems]
    assert words in found[0]


def test_all_mistakes_are_named_at_once() -> None:
    found = validate_rollout({"maxFailure": 1, "canary": 0, "waves": [{"nam": "x"}], "checks": [{"count": 0}]})
    assert {problem.path for problem in found} == {
        "rollout.maxFailure", "rollout.canary", "rollout.waves[0].nam", "rollout.waves[0].name", "rollout.checks[0].count",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90s", 90), ("1m30s", 90), ("1h", 3600), ("0.5s", 0.5), (0, 0)]
)
def test_durations_are_read_in_the_forms_that_are_accepted(text: object, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("value", "percent"), [("25%", 25), ("100%", 100), (25, None), ("25", None), ("1000%", None)])
def test_a_percentage_is_told_from_a_number(value: object, percent: int | None) -> None:
    assert percent_of(value) == percent
