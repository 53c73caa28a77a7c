# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what hub, provider and member say to the next size of a set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.provider import (
    Description,
    Joins,
    Machine,
    Phase,
    Room,
)
from ansible_collections.navarch.fleet.plugins.module_utils._machines.decide import Decision, SetSeen, decide
from ansible_collections.navarch.fleet.plugins.module_utils._machines.growth import Budget
from ansible_collections.navarch.fleet.plugins.module_utils._machines.pods import Pod
from ansible_collections.navarch.fleet.plugins.module_utils._machines.record import Known, Record, Status
from ansible_collections.navarch.fleet.plugins.module_utils._machines.view import NodeSeen, View
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._machines.machine_builders import (
    LONG_AGO,
    NOW,
    pod,
)

RECORD = Record(
    "workers", "cloud", "kwok", minimum=0, maximum=5, allocatable={"cpu": "4", "memory": "16Gi", "pods": "110"}
)
PLENTY, NO_LIMIT = Room(99), Budget()
DESCRIPTION = Description({"cpu": "4", "memory": "16Gi"}, 0.1, 60, Joins.BY_ITSELF)


def node(name: str, *, ready: bool = True, **more: Any) -> NodeSeen:
    return NodeSeen(name, ready, True, {}, {}, (), {"cpu": "4", "memory": "16Gi", "pods": "110"}, **more)


def machine(name: str, phase: Phase = Phase.RUNNING, created: str = LONG_AGO, **more: Any) -> Machine:
    return Machine(name, phase, created=created, **more)


def run(
    record: Record = RECORD, *, pods: tuple[Pod, ...] = (), nodes: tuple[NodeSeen, ...] = (),
    machines: tuple[Machine, ...] = (), room: Room = PLENTY, budget: Budget = NO_LIMIT, description: Description = DESCRIPTION,
) -> Decision:  # fmt: skip
    view = View({each.name: each for each in nodes}, pods, (), ())
    return decide("cloud", view, [SetSeen(record, description, machines, room)], budget, NOW)


def waiting(count: int) -> tuple[Pod, ...]:
    return tuple(pod(f"web-{number}", cpu="4") for number in range(count))


def test_pods_without_a_node_get_machines() -> None:
    change = run(pods=waiting(3)).sets["workers"]
    assert (change.add, change.desired) == (3, 3)
    assert change.reasons == ("3 more for 3 pods without a node (shop/web-0, shop/web-1, shop/web-2)",)


def test_a_pod_that_was_refused_a_moment_ago_waits() -> None:
    decision = run(pods=(pod("web", since=(NOW - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")),))
    assert decision.sets["workers"].add == 0
    assert decision.pods == {"shop/web": "unschedulable for 5 s; 30 s are waited"}


def test_what_was_asked_for_and_is_not_there_counts() -> None:
    record = replace(RECORD, status=Status(desired=3))
    change = run(record, pods=waiting(3)).sets["workers"]
    assert (change.add, change.desired) == (0, 3)


def test_a_quota_limits_and_is_named() -> None:
    decision = run(pods=waiting(3), room=Room(1, "quota: cores 18 of 20 used"))
    assert decision.sets["workers"].add == 1
    assert all("quota: cores 18 of 20 used" in decision.pods[key] for key in decision.stuck)


def test_a_set_is_brought_to_its_minimum_without_any_pod() -> None:
    change = run(replace(RECORD, minimum=2)).sets["workers"]
    assert (change.add, change.desired) == (2, 2)


def test_a_failed_machine_is_given_up_and_the_set_left_alone() -> None:
    record = replace(RECORD, status=Status(desired=2))
    decision = run(
        record,
        pods=waiting(2),
        machines=(machine("a", Phase.FAILED, fault="no valid host"), machine("b")),
        nodes=(node("b"),),
    )
    change = decision.sets["workers"]
    assert change.give_up == ("a",)
    assert change.add == 0
    assert "a failed: no valid host" in change.reasons
    assert "its last machines did not come" in " ".join(decision.pods.values())


def test_a_machine_that_never_becomes_a_node_is_given_up() -> None:
    record = replace(RECORD, status=Status(desired=1))
    assert run(record, machines=(machine("a"),)).sets["workers"].give_up == ("a",)
    fresh = machine("a", created=(NOW - timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert run(record, machines=(fresh,)).sets["workers"].give_up == ()


def test_a_node_that_does_not_answer_is_neither_removed_nor_replaced() -> None:
    record = replace(RECORD, status=Status(desired=1))
    decision = run(record, machines=(machine("a"),), nodes=(node("a", ready=False),))
    change = decision.sets["workers"]
    assert (change.add, change.remove, change.give_up) == (0, (), ())


def test_where_much_of_a_cluster_ails_nothing_is_done() -> None:
    nodes = tuple(node(f"n{number}", ready=number > 4) for number in range(9))
    decision = run(pods=waiting(3), nodes=nodes)
    assert decision.sets["workers"].add == 0
    assert decision.sets["workers"].reasons == ("5 of 9 nodes are not ready, so nothing is added or removed",)


def test_an_idle_machine_goes_and_the_size_follows() -> None:
    known = (Known("a", "a", "Running", LONG_AGO, LONG_AGO),)
    record = replace(RECORD, status=Status(desired=1, machines=known))
    change = run(record, machines=(machine("a"),), nodes=(node("a"),)).sets["workers"]
    assert (change.remove, change.desired) == (("a",), 0)


def test_a_removal_that_was_begun_is_finished() -> None:
    record = replace(RECORD, status=Status(desired=1, removing=("a",)))
    change = run(record, machines=(machine("a"), machine("b")), nodes=(node("a"), node("b"))).sets["workers"]
    assert (change.remove, change.desired) == (("a",), 1)


def test_nothing_is_removed_in_a_run_that_adds() -> None:
    known = (Known("a", "a", "Running", LONG_AGO, LONG_AGO),)
    record = replace(RECORD, status=Status(desired=1, machines=known))
    far = pod("gpu", spec={"nodeSelector": {"fleet.navarch.dev/machine-set": "workers"}})
    change = run(record, pods=(far,), machines=(machine("a"),), nodes=(node("a"),)).sets["workers"]
    assert (change.add, change.remove) == (1, ())


def test_machines_that_somebody_else_added_are_taken_as_they_are() -> None:
    record = replace(RECORD, status=Status(desired=1))
    change = run(record, machines=(machine("a"), machine("b")), nodes=(node("a"), node("b"))).sets["workers"]
    assert change.desired == 2
