# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._registry.access import (
    JoinProfile,
    hub_roles,
    member_access,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.definitions import (
    owned_definitions,
    shared_definitions,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.objects import (
    Action,
    Step,
    covers,
    difference,
    plan_removal,
)


@pytest.mark.parametrize(
    ("found", "wanted", "answer"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": {}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": [{"x": 1, "default": 2}]}, {"a": [{"x": 1}]}, True),
        (None, {"a": 1}, False),
        ({"a": False}, {"a": None}, True),
    ],
)
def test_fields_that_others_set_are_no_difference(found: Any, wanted: Any, answer: bool) -> None:
    assert covers(found, wanted) is answer


def test_a_diff_shows_no_secret() -> None:
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "data": {"k": "geheim"},
    }  # fmt: skip
    steps = [Step(Action.CREATE, secret), Step(Action.UPDATE, secret, secret), Step(Action.DELETE, secret, secret)]
    assert "geheim" not in str(difference(steps))
    assert steps[0].to_dict() == {"action": "create", "object": "Secret n/s"}


def test_what_is_on_its_way_out_is_not_deleted_again() -> None:
    going = {"kind": "Namespace", "metadata": {"name": "n", "deletionTimestamp": "now"}}
    assert plan_removal([going, None]) == []


def test_the_deployer_may_not_escalate() -> None:
    (role, _binding) = member_access(JoinProfile.DEPLOYER, ())
    verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
    assert verbs == {"create", "delete", "get", "list", "patch", "update", "watch"}


def test_the_namespaced_profile_writes_only_inside_its_namespaces() -> None:
    objects = member_access(JoinProfile.NAMESPACED, ("shop",))
    bound = {obj["metadata"]["namespace"] for obj in objects if obj["kind"] == "RoleBinding"}
    wide = next(obj for obj in objects if obj["kind"] == "ClusterRoleBinding")["roleRef"]["name"]
    rules = next(obj for obj in objects if obj["kind"] == "ClusterRole" and obj["metadata"]["name"] == wide)["rules"]
    unbounded = [rule for rule in rules if {"create", "update", "patch", "delete"} & set(rule["verbs"])]
    assert bound == {"shop", "navarch-system"}
    assert all(rule.get("resourceNames") for rule in unbounded)


def test_roles_of_a_hub_and_of_a_member_differ_by_name() -> None:
    ours = {(obj["kind"], obj["metadata"]["name"]) for obj in hub_roles("navarch-system")}
    for profile in JoinProfile:
        assert not ours & {(obj["kind"], obj["metadata"]["name"]) for obj in member_access(profile, ())}


def test_viewers_and_deployers_read_no_credential_of_a_member() -> None:
    for role in hub_roles("navarch-system"):
        if role["metadata"]["name"] == "navarch-viewer":
            assert all("secrets" not in rule["resources"] for rule in role["rules"])


@pytest.mark.parametrize("definition", [*owned_definitions(), *shared_definitions()])
def test_definitions_are_structural(definition: dict[str, Any]) -> None:
    version = definition["spec"]["versions"][0]
    assert definition["metadata"]["name"] == f"{definition['spec']['names']['plural']}.{definition['spec']['group']}"
    assert not list(untyped(version["schema"]["openAPIV3Schema"], "root"))


def untyped(schema: dict[str, Any], path: str) -> Any:
    if "type" not in schema:
        yield path
    for name, inner in (schema.get("properties") or {}).items():
        yield from untyped(inner, f"{path}.{name}")
    if "items" in schema:
        yield from untyped(schema["items"], f"{path}[]")
