# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bare metal of the data centre through Ironic: enrol, power, deploy. Observe, plan, act.

Nodes belong to whoever enrolled them. What we enrol is told by its name, which Ironic keeps unique, so a create
whose answer was lost is found again; a node that somebody else enrolled is powered and deployed, but its driver is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from .cloud import Cloud, Found, Kind
from .errors import CloudError, RefusedError, UnavailableError

PAUSE = 1.0
MARK = {"navarch_fleet": "enrolled"}


class Wanted(Enum):
    """How far a node is to be."""

    ENROLLED = "enrolled"
    """Known to Ironic, its BMC answers: provision state manageable."""
    AVAILABLE = "available"
    DEPLOYED = "deployed"
    """An image is on its disk: provision state active."""
    ABSENT = "absent"


class Power(Enum):
    """Whether it has power; the values are Ironic's."""

    ON = "power on"
    OFF = "power off"
    CYCLED = "rebooting"


@dataclass(frozen=True, slots=True)
class Node:
    """One machine, as somebody wants it."""

    name: str
    state: Wanted = Wanted.AVAILABLE
    power: Power | None = None
    """None: left as it is."""
    driver: str = "ipmi"
    driver_info: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """How the BMC is reached; holds its password."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    resource_class: str = "baremetal"
    addresses: tuple[str, ...] = ()
    """MAC addresses."""
    instance_info: Mapping[str, Any] = field(default_factory=dict)
    config_drive: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class NodeStep:
    """One thing to do to one node; `verb` is Ironic's where it is a state."""

    node: str
    verb: str
    reason: str


@dataclass(frozen=True, slots=True)
class NodeResult:
    """A node afterwards."""

    name: str
    id: str
    provision_state: str
    power_state: str
    error: str = ""


# The verbs that lead from one resting state to the next, in the direction of a deployment and back.
_FORWARD = (
    ("enroll", "manage", "manageable"),
    ("manageable", "provide", "available"),
    ("available", "active", "active"),
)
_BACK = (("active", "deleted", "available"), ("available", "manage", "manageable"))
_GOAL = {
    Wanted.ENROLLED: "manageable",
    Wanted.AVAILABLE: "available",
    Wanted.DEPLOYED: "active",
    Wanted.ABSENT: "available",
}
_FAILED = {"deploy failed": "active", "clean failed": "manageable", "inspect failed": "manageable", "error": "active"}
_ORDER = ("enroll", "manageable", "available", "active")


def observe(cloud: Cloud, names: Sequence[str]) -> dict[str, Found | None]:
    """The nodes with these names, as far as Ironic knows them."""
    return {name: cloud.get(Kind.NODE, name) for name in names}


def plan(wanted: Node, found: Found | None) -> list[NodeStep]:
    """The steps from what is there to what is wanted: pure."""
    if wanted.state is Wanted.ABSENT and found is None:
        return []
    state = str(found["provision_state"]) if found else ""
    steps = [] if found else [NodeStep(wanted.name, "create", "Ironic does not know it")]
    steps += _towards(wanted, _FAILED.get(state, state) or "enroll", failed=state in _FAILED)
    if wanted.state is Wanted.ABSENT:
        return [*steps, NodeStep(wanted.name, "delete", "it is to be absent")]
    return [*steps, *_power(wanted, str(found["power_state"]) if found else "")]


def ensure(cloud: Cloud, wanted: Sequence[Node], timeout: float) -> tuple[list[NodeStep], list[NodeResult]]:
    """Bring all nodes where they are wanted, side by side; a failure of one hides no other."""
    seen = observe(cloud, [node.name for node in wanted])
    plans = {node.name: plan(node, seen[node.name]) for node in wanted}
    with ThreadPoolExecutor(max(1, min(16, len(wanted)))) as pool:
        results = list(pool.map(lambda node: _carry_out(cloud, node, plans[node.name], timeout), wanted))
    return [step for steps in plans.values() for step in steps], results


def result_of(node: str, found: Found | None, error: str = "") -> NodeResult:
    if found is None:
        return NodeResult(node, "", "absent", "", error)
    return NodeResult(node, found["id"], str(found["provision_state"]), str(found["power_state"] or ""), error)


def _towards(wanted: Node, state: str, *, failed: bool) -> list[NodeStep]:
    goal = _GOAL[wanted.state]
    if wanted.state is Wanted.ABSENT and state in ("enroll", "manageable"):
        # Ironic forgets it from here as well, and perhaps its BMC does not answer any more.
        return []
    if failed and state == goal:
        return [NodeStep(wanted.name, "active" if goal == "active" else "manage", "the last try failed")]
    if state not in _ORDER:
        # Somebody is at work on it: the executor waits until it rests, and then goes on from there.
        return [NodeStep(wanted.name, "wait", f"it is {state}")]
    forward = _ORDER.index(state) < _ORDER.index(goal)
    steps = []
    for begin, verb, end in _FORWARD if forward else _BACK:
        if state == begin and state != goal:
            steps.append(NodeStep(wanted.name, verb, f"from {begin} to {end}"))
            state = end
    return steps


def _power(wanted: Node, state: str) -> list[NodeStep]:
    if wanted.power is None or (wanted.power is not Power.CYCLED and state == wanted.power.value):
        return []
    return [NodeStep(wanted.name, wanted.power.value, f"its power state is {state or 'not known'}")]


def _carry_out(cloud: Cloud, node: Node, steps: Sequence[NodeStep], timeout: float) -> NodeResult:
    deadline = time.monotonic() + timeout
    error = ""
    try:
        for step in steps:
            _do(cloud, node, step, deadline)
        if any(step.verb == "wait" for step in steps):
            for step in plan(node, cloud.get(Kind.NODE, node.name)):
                _do(cloud, node, step, deadline)
    except CloudError as problem:
        error = str(problem)
    return result_of(node.name, cloud.get(Kind.NODE, node.name), error)


def _do(cloud: Cloud, node: Node, step: NodeStep, deadline: float) -> None:
    if step.verb == "create":
        _create(cloud, node)
    elif step.verb == "delete":
        cloud.delete(Kind.NODE, node.name)
    elif step.verb == "wait":
        _rest(cloud, node.name, deadline)
    elif step.verb in {power.value for power in Power}:
        _switch(cloud, node.name, step.verb, deadline)
    else:
        _lead(cloud, node, step.verb, deadline)


def _create(cloud: Cloud, node: Node) -> None:
    found = cloud.create(
        Kind.NODE,
        lambda: cloud.get(Kind.NODE, node.name),
        name=node.name,
        driver=node.driver,
        driver_info=dict(node.driver_info),
        properties=dict(node.properties),
        resource_class=node.resource_class,
        extra=MARK,
    )
    for address in node.addresses:
        cloud.create(Kind.NODE_PORT, partial(_port, cloud, address), node_id=found["id"], address=address)


def _port(cloud: Cloud, address: str) -> Found | None:
    return next(iter(cloud.listing(Kind.NODE_PORT, address=address)), None)


def _lead(cloud: Cloud, node: Node, verb: str, deadline: float) -> None:
    """Ask for a provision state and wait; a request whose answer was lost is recognised by the state."""
    body: dict[str, Any] = {"target": verb}
    if verb == "active":
        patch = [{"op": "add", "path": "/instance_info", "value": dict(node.instance_info)}]
        cloud.send("baremetal", "PATCH", f"/nodes/{node.name}", json=patch, microversion="1.58")
        if node.config_drive:
            body["configdrive"] = dict(node.config_drive)
    before = _rest(cloud, node.name, deadline)["provision_state"]
    try:
        path = f"/nodes/{node.name}/states/provision"
        cloud.send("baremetal", "PUT", path, json=body, microversion="1.58")
    except RefusedError:
        if cloud.get(Kind.NODE, node.name) is None or _rest(cloud, node.name, deadline)["provision_state"] == before:
            raise
    settled = _rest(cloud, node.name, deadline)
    if str(settled["provision_state"]) in _FAILED:
        raise CloudError(
            f"node {node.name} is {settled['provision_state']}: {settled['last_error'] or 'Ironic gives no reason'}.",
            next_step="Look at its BMC and its console; run again to try once more.",
        )


def _switch(cloud: Cloud, name: str, target: str, deadline: float) -> None:
    cloud.send("baremetal", "PUT", f"/nodes/{name}/states/power", json={"target": target}, microversion="1.58")
    expected = "power on" if target == "rebooting" else target
    while True:
        node = cloud.get(Kind.NODE, name)
        if node is not None and node["power_state"] == expected and not node["target_power_state"]:
            return
        _patience(name, f"its power state is {node['power_state'] if node else 'gone'}", deadline)


def _rest(cloud: Cloud, name: str, deadline: float) -> Found:
    """Wait until nobody works on the node."""
    while True:
        node = cloud.get(Kind.NODE, name)
        if node is None:
            raise CloudError(f"node {name} is gone.", next_step="Run again.")
        state = str(node["provision_state"])
        if state in (*_ORDER, *_FAILED) and not node["reservation"] and not node["target_provision_state"]:
            return node
        if state in _FAILED:
            return node
        _patience(name, f"it is {state}", deadline)


def _patience(name: str, why: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise UnavailableError(f"node {name} does not come to rest: {why}.", next_step="Run again when it has.")
    time.sleep(PAUSE)
