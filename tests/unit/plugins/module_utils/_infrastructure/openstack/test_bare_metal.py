# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of bare metal: from any state of Ironic's to the one that is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.bare_metal import (
    Node,
    Power,
    Wanted,
    plan,
)


def found(state: str, power: str = "power on") -> dict[str, Any]:
    return {"provision_state": state, "power_state": power}


def verbs(node: Node, there: dict[str, Any] | None) -> list[str]:
    return [step.verb for step in plan(node, there)]


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        (Wanted.DEPLOYED, None, ["create", "manage", "provide", "active"]),
        (Wanted.AVAILABLE, None, ["create", "manage", "provide"]),
        (Wanted.ENROLLED, found("enroll"), ["manage"]),
        (Wanted.DEPLOYED, found("available"), ["active"]),
        (Wanted.DEPLOYED, found("active"), []),
        (Wanted.AVAILABLE, found("active"), ["deleted"]),
        (Wanted.ENROLLED, found("active"), ["deleted", "manage"]),
        (Wanted.ABSENT, found("active"), ["deleted", "delete"]),
        (Wanted.ABSENT, found("enroll"), ["delete"]),
        (Wanted.ABSENT, None, []),
        (Wanted.DEPLOYED, found("deploy failed"), ["active"]),
        (Wanted.DEPLOYED, found("deploying"), ["wait"]),
    ],
)
def test_a_node_is_led_through_the_states_between(
    wanted: Wanted, there: dict[str, Any] | None, expected: list[str]
) -> None:
    assert verbs(Node("n1", wanted), there) == expected


def test_power_is_switched_only_where_it_is_not_as_wanted() -> None:
    assert verbs(Node("n1", Wanted.DEPLOYED, Power.OFF), found("active")) == ["power off"]
    assert verbs(Node("n1", Wanted.DEPLOYED, Power.OFF), found("active", "power off")) == []
    assert verbs(Node("n1", Wanted.DEPLOYED, Power.CYCLED), found("active")) == ["rebooting"]
