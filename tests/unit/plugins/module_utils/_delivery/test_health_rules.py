# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.health_rules import judge_by, validate_health
from ansible_collections.navarch.fleet.plugins.module_utils._kube.health import State

RULE = {
    "apiVersion": "db.example.com/v1",
    "kind": "Database",
    "healthy": "status.phase == 'Running' and status.members >= spec.members",
    "progressing": "status.phase == 'Restoring'",
    "unhealthy": "status.phase == 'Broken'",
}


def database(status: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    found = {
        "apiVersion": "db.example.com/v1", "kind": "Database", "metadata": {"name": "main"}, "spec": {"members": 3}, **changes,
    }  # fmt: skip
    return found if status is None else {**found, "status": status}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"phase": "Running", "members": 3}, State.HEALTHY),
        ({"phase": "Running", "members": 2}, State.PROGRESSING),
        ({"phase": "Restoring"}, State.PROGRESSING),
        ({"phase": "Broken"}, State.UNHEALTHY),
        ({}, State.PROGRESSING),
        (None, State.PROGRESSING),
    ],
)
def test_the_users_rule_decides_for_its_kind(status: dict[str, Any] | None, state: State) -> None:
    assert judge_by([RULE])(database(status)).state is state


def test_other_kinds_versions_and_names_are_judged_as_ever() -> None:
    judge = judge_by([{**RULE, "name": "other"}])
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert judge(database(ready)).state is State.HEALTHY
    assert judge_by([RULE])(database(ready, apiVersion="db.example.com/v2")).state is State.HEALTHY
    assert judge_by([RULE])(database(ready, kind="Backup")).state is State.HEALTHY


def test_a_rule_may_be_for_all_versions_of_a_group() -> None:
    judge = judge_by([{**RULE, "apiVersion": "db.example.com/*"}])
    assert judge(database({"phase": "Broken"}, apiVersion="db.example.com/v2")).state is State.UNHEALTHY


def test_the_message_is_the_users_or_the_rule_itself() -> None:
    told = judge_by([{**RULE, "message": "'only ' ~ status.members ~ ' members'"}])(
        database({"phase": "Running", "members": 1})
    )
    assert told.message == "only 1 members"
    assert "does not hold" in judge_by([RULE])(database({"phase": "x", "members": 3})).message


def test_a_built_in_rule_can_be_replaced() -> None:
    rule = {"apiVersion": "v1", "kind": "ConfigMap", "healthy": "object.data.ready == 'yes'"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"ready": "no"}}
    assert judge_by([rule])(config).state is State.PROGRESSING


def test_a_rule_can_do_no_harm_and_says_what_it_tried() -> None:
    rule = {"apiVersion": "v1", "kind": "ConfigMap", "healthy": "object.__class__.__mro__"}
    found = judge_by([rule])({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    assert found.state is not State.HEALTHY


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("x", "health"),
        ([{"kind": "A", "healthy": "true"}], "health[0].apiVersion"),
        ([{"apiVersion": "v1", "kind": "A"}], "health[0]"),
        ([{"apiVersion": "v1", "kind": "A", "healthy": "{{ a }}"}], "health[0].healthy"),
        ([{"apiVersion": "v1", "kind": "A", "helthy": "true"}], "health[0].helthy"),
        ([{"apiVersion": "v1", "kind": "A", "healthy": True}], "health[0].healthy"),
    ],
)
def test_a_wrong_rule_is_named_where_it_stands(rules: object, path: str) -> None:
    assert path in {problem.path for problem in validate_health(rules)}


def test_a_right_rule_is_accepted() -> None:
    assert validate_health([RULE]) == []
