# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One machine set brought to its size: intent, drain, provider, nodes, result; in that order."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .._infrastructure.provider import Description, Joins, Machine, Phase, Plan, Provider, Result
from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.names import NODES
from .decide import BACKOFF, LONGEST_BACKOFF, Change, SetSeen
from .drain import cordon, drain, uncordon
from .record import Known, Status
from .sets import write_status
from .view import NodeSeen

_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of one set."""

    plan: Plan
    machines: tuple[Machine, ...]
    joins: Joins
    drained: Mapping[str, int] = field(default_factory=dict)
    """Nodes that were emptied, and how many pods left each."""
    joined: tuple[str, ...] = ()
    """New machines that are ready nodes by now."""
    waiting: tuple[str, ...] = ()
    """Machines that are no ready nodes yet."""
    release: tuple[str, ...] = ()
    """Machines that our roles have to clear of their nodes before they can leave the set."""
    errors: tuple[str, ...] = ()
    seconds: float = 0.0


def plan_of(provider: Provider, seen: SetSeen, change: Change, released: Collection[str]) -> Plan:
    """What the provider would do; reads only."""
    going = _present(seen.machines, (*change.remove, *change.give_up))
    held = _held_back(seen.description, going, released)
    return provider.plan(
        seen.record.machine_set, change.desired + len(held), [name for name in going if name not in held]
    )


def carry_out(
    hub: Hub,
    session: Session,
    provider: Provider,
    seen: SetSeen,
    change: Change,
    plan: Plan,
    released: Collection[str],
    timeout: float,
) -> Carried:
    """Do it, and record it.

    :param plan: as :func:`plan_of` made it, and as it was shown.
    :param timeout: seconds to wait until new machines are nodes.
    """
    begin, now = time.monotonic(), datetime.now(UTC)
    name = change.record.name
    write_status(hub, name, lambda status: _intent(status, change, now))
    drained, stuck = _drain_all(session, seen, change)
    if stuck:
        change = _without(change, stuck)
        write_status(hub, name, lambda status: _intent(status, change, now))
        plan = plan_of(provider, seen, change, released)
    result = provider.apply(plan) if plan.changes else Result(seen.machines)
    gone = set(plan.remove) - {machine.name for machine in result.machines}
    _delete_nodes(session, seen.machines, gone)
    new = [machine for machine in result.machines if machine.name not in {each.name for each in seen.machines}]
    joined: tuple[str, ...] = ()
    if seen.description.joins is Joins.BY_ITSELF:
        joined = _wait_for_nodes(session, new, timeout)
    errors = (*(str(error) for error in result.errors), *(str(error) for error in stuck.values()))
    write_status(hub, name, lambda status: _settled(status, change, plan, result, now))
    going = _present(result.machines, change.remove)
    return Carried(
        plan=plan,
        machines=result.machines,
        joins=seen.description.joins,
        drained=drained,
        joined=joined,
        waiting=_not_nodes(session, result.machines),
        release=tuple(_held_back(seen.description, going, released)),
        errors=errors,
        seconds=time.monotonic() - begin,
    )


def _intent(status: Status, change: Change, now: datetime) -> Status:
    """What is wanted, before anything is done about it."""
    return replace(
        status,
        desired=change.desired,
        removing=change.remove,
        machines=change.known,
        last_scale_up=now if change.add else status.last_scale_up,
        last_scale_down=now if set(change.remove) - set(status.removing) else status.last_scale_down,
        message="; ".join(change.reasons) or status.message,
    )


def _settled(status: Status, change: Change, plan: Plan, result: Result, now: datetime) -> Status:
    """What came of it. Machines that did not come are not asked for again before the set was left alone for a while."""
    there = [machine for machine in result.machines if machine.phase is not Phase.DELETING]
    left = [machine.name for machine in there if machine.name in status.removing]
    failed = bool(change.give_up) or bool(plan.create and len(there) < plan.replicas)
    failures = status.failures + 1 if failed else (0 if plan.create else status.failures)
    pause = min(BACKOFF * 2 ** max(failures - 1, 0), LONGEST_BACKOFF)
    until = now + pause if failed else (None if plan.create else status.backoff_until)
    known = {machine.name: machine for machine in change.known}
    return replace(
        status,
        desired=min(change.desired, len(there) - len(left)) if failed else change.desired,
        removing=tuple(left),
        machines=tuple(
            known.get(machine.name)
            or Known(machine.name, machine.node or machine.name, machine.phase.value, _when(machine, now))
            for machine in there
        ),
        failures=failures,
        backoff_until=until,
        message="; ".join(str(error) for error in result.errors) or status.message,
    )


def _when(machine: Machine, now: datetime) -> str:
    return machine.created or now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _drain_all(session: Session, seen: SetSeen, change: Change) -> tuple[dict[str, int], dict[str, FleetError]]:
    """Empty the nodes of machines that go. What can't be emptied gets its pods back, and stays."""
    nodes = {machine.name: machine.node or machine.name for machine in seen.machines if machine.name in change.remove}
    timeout = change.record.scaling.drain_timeout

    def empty(_machine: str, node: str) -> int:
        cordon(session, node)
        return drain(session, node, timeout)

    outcomes = fan_out(nodes, empty, workers=8)
    stuck = {machine: outcome.error for machine, outcome in outcomes.items() if outcome.error is not None}
    for machine in stuck:
        uncordon(session, nodes[machine])
    return {nodes[name]: outcome.get() for name, outcome in outcomes.items() if name not in stuck}, stuck


def _without(change: Change, stuck: Collection[str]) -> Change:
    remove = tuple(name for name in change.remove if name not in stuck)
    return replace(change, remove=remove, desired=change.desired + len(change.remove) - len(remove))


def _present(machines: Sequence[Machine], names: Collection[str]) -> list[str]:
    return [machine.name for machine in machines if machine.name in names]


def _held_back(description: Description, going: Sequence[str], released: Collection[str]) -> list[str]:
    return [name for name in going if name not in released] if description.outlives_its_node else []


def _delete_nodes(session: Session, machines: Sequence[Machine], gone: Collection[str]) -> None:
    for machine in machines:
        if machine.name in gone:
            session.delete(NODES, machine.node or machine.name)


def _wait_for_nodes(session: Session, machines: Sequence[Machine], timeout: float) -> tuple[str, ...]:
    until = time.monotonic() + timeout
    while True:
        waiting = set(_not_nodes(session, machines))
        if not waiting or time.monotonic() >= until:
            return tuple(machine.name for machine in machines if machine.name not in waiting)
        time.sleep(_PAUSE)


def _not_nodes(session: Session, machines: Sequence[Machine]) -> tuple[str, ...]:
    if not machines:
        return ()
    ready = {node.name for node in map(NodeSeen.from_object, session.list(NODES)) if node.ready}
    return tuple(machine.name for machine in machines if (machine.node or machine.name) not in ready)
