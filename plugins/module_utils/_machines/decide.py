# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what a hub, a provider and a member say to the next size of each machine set, with reasons. Pure.

The order is fixed: what failed or came too late is given up first, then what was begun is finished, then sets are
brought to their minimum, then machines are added for pods, and only in a cluster that needs none are any removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .._infrastructure.provider import Description, Machine, Phase, Room
from .._registry.member import parse_time
from .._scheduling.quantity import parse_quantity
from .fit import Place
from .growth import Budget, Candidate, Growth, Template, grow
from .record import SET_LABEL, Known, Record
from .shrink import Group, Resident, Shrinking, shrink
from .view import NodeSeen, View, node_of

BACKOFF = timedelta(minutes=5)
LONGEST_BACKOFF = timedelta(minutes=30)
FEW_UNREADY = 3
MOST_UNREADY = 0.45
"""A cluster with more nodes that are not ready, and more than a few, is left alone; figures of the cluster autoscaler."""
_ZONE = "topology.kubernetes.io/zone"
_KEPT_OF_MEMORY = 0.93
"""What a kernel, an operating system and a kubelet leave of a flavor's memory, until a first node tells."""


@dataclass(frozen=True, slots=True)
class SetSeen:
    """A machine set with what its provider says of it."""

    record: Record
    description: Description
    machines: tuple[Machine, ...]
    room: Room


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one set."""

    record: Record
    desired: int
    add: int = 0
    remove: tuple[str, ...] = ()
    """Machines that are drained and go."""
    give_up: tuple[str, ...] = ()
    """Machines that failed, or never became nodes: they go without ceremony."""
    reasons: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    """Its machines as they are to be recorded."""
    cost_per_hour: float | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is asked of the provider."""
        return bool(self.add or self.remove or self.give_up)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the machine sets of one cluster."""

    cluster: str
    sets: Mapping[str, Change]
    pods: Mapping[str, str]
    """What becomes of each pod that has no node."""
    stuck: tuple[str, ...] = ()
    nodes: Mapping[str, str] = field(default_factory=dict)
    """For each node of a set why it stays or goes."""
    budget: Budget = field(default_factory=Budget)
    """What is left for other clusters."""


def decide(cluster: str, view: View, sets: Sequence[SetSeen], budget: Budget, now: datetime) -> Decision:
    """What to do about the machine sets of one cluster."""
    unready = [node.name for node in view.nodes.values() if not node.ready]
    if len(unready) > max(FEW_UNREADY, MOST_UNREADY * len(view.nodes)):
        return _hands_off(cluster, view, sets, budget, unready)
    standings = {each.record.name: _standing(each, view, now) for each in sets}
    minimums = {name: _to_minimum(standing, budget) for name, standing in standings.items()}
    for name, standing in standings.items():
        budget = budget.after(minimums[name], standing.cost)
    candidates = [standing.candidate(view, minimums[name], now) for name, standing in standings.items()]
    delays = {name: standing.seen.record.scaling.scale_up_delay for name, standing in standings.items()}
    due, verdicts = _due(view, min(delays.values(), default=0.0), now)
    growth = grow(view.board, due, candidates, budget)
    verdicts |= growth.pods
    grows = any(growth.add.values()) or any(minimums.values())
    shrinking = Shrinking({}, {}, {})
    if not grows:
        shrinking = _shrinking(view, standings, growth, now)
    changes = {name: _change(standing, minimums[name], growth, shrinking, now) for name, standing in standings.items()}
    return Decision(cluster, changes, verdicts, growth.stuck, shrinking.reasons, growth.budget)


def _hands_off(cluster: str, view: View, sets: Sequence[SetSeen], budget: Budget, unready: Sequence[str]) -> Decision:
    """Too much of the cluster ails for what it says about its needs to be believed."""
    reason = f"{len(unready)} of {len(view.nodes)} nodes are not ready, so nothing is added or removed"
    changes = {
        each.record.name: Change(
            record=each.record,
            desired=len(each.machines) if each.record.status.desired is None else each.record.status.desired,
            reasons=(reason,),
            known=each.record.status.machines,
        )
        for each in sets
    }
    return Decision(cluster, changes, {pod.key: reason for pod in view.unschedulable}, budget=budget)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a set stands before anything is decided."""

    seen: SetSeen
    up: Mapping[str, NodeSeen]
    """By machine: those that are ready nodes."""
    ailing: tuple[str, ...]
    """Nodes that were there and are not ready: no reason to add or to remove a machine, for unreachable is not dead."""
    upcoming: int
    """Asked for and no node yet."""
    give_up: Mapping[str, str]
    """Machines that will not come, and why."""
    desired: int
    """Machines that are asked for, without those that are given up or on their way out."""

    @property
    def cost(self) -> float | None:
        record = self.seen.record
        return self.seen.description.cost_per_hour if record.cost_per_hour is None else record.cost_per_hour

    def backs_off(self, now: datetime) -> bool:
        until = self.seen.record.status.backoff_until
        return bool(self.give_up) or (until is not None and now < until)

    def candidate(self, view: View, minimum: int, now: datetime) -> Candidate:
        """The set as one that may grow."""
        record = self.seen.record
        existing = self.desired + minimum
        limits = [
            (max(record.maximum - existing, 0), f"the set has its maximum of {record.maximum}"),
            (max(self.seen.room.machines - minimum, 0), self.seen.room.limit or "the provider has no more"),
        ]
        if self.backs_off(now):
            limits.append((0, "its last machines did not come, so it is left alone for a while"))
        limit, reason = min(limits, key=lambda pair: pair[0])
        return Candidate(
            name=record.name,
            template=template(self.seen, view, tuple(self.up.values())),
            existing=existing,
            upcoming=min(self.upcoming + minimum, existing),
            limit=limit,
            limit_reason=reason,
            cost_per_hour=self.cost,
            priority=record.priority,
            zones=max(len(record.zones), 1),
        )


def template(seen: SetSeen, view: View, examples: Sequence[NodeSeen] = ()) -> Template:
    """What the next machines of a set will be like: as those that are there, else as its provider describes them."""
    record = seen.record
    if record.allocatable:
        allocatable = dict(record.allocatable)
    elif examples:
        allocatable = dict(examples[0].allocatable)
    else:
        allocatable = _allocatable(seen.description.capacity)
    labels = {"kubernetes.io/os": "linux", **record.labels, SET_LABEL: record.name}

    def make(number: int) -> Place:
        zone = {_ZONE: record.zones[number % len(record.zones)]} if record.zones else {}
        name = f"{record.name}+{number}"
        document = {"name": name, "allocatable": allocatable, "labels": {**labels, **zone}, "taints": record.taints}
        place = Place(node_of(document))
        free = dict(place.node.free)
        for daemon in view.daemons:
            if daemon.claim.accepts(place.node):
                free = {resource: amount - daemon.request.get(resource, 0) for resource, amount in free.items()}
        return Place(node_of({**document, "allocatable": allocatable, "allocated": _used(place.node.free, free)}))

    return make


def _used(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{before[name] - after[name]}n" for name in before}


def _allocatable(capacity: Mapping[str, str]) -> dict[str, str]:
    found = {"pods": "110", **capacity}
    if "memory" in found:
        found["memory"] = str(int(parse_quantity(found["memory"]) // 10**9 * _KEPT_OF_MEMORY))
    return found


def _standing(seen: SetSeen, view: View, now: datetime) -> _Standing:
    record = seen.record
    machines = [machine for machine in seen.machines if machine.name not in record.status.removing]
    up: dict[str, NodeSeen] = {}
    ailing: list[str] = []
    give_up: dict[str, str] = {}
    for machine in machines:
        node = view.nodes.get(machine.node or machine.name)
        late = _is_late(record, machine, now)
        if node is not None and node.ready:
            up[machine.name] = node
        elif node is not None and late:
            ailing.append(node.name)
        elif machine.phase is Phase.FAILED:
            give_up[machine.name] = f"{machine.name} failed: {machine.fault or 'its provider does not say why'}"
        elif machine.phase is not Phase.DELETING and late:
            seconds = record.scaling.max_node_provision_time
            give_up[machine.name] = f"{machine.name} is no node after {seconds:.0f} s"
    there = sum(machine.phase is not Phase.DELETING for machine in machines)
    asked = max(record.status.desired if record.status.desired is not None else there, there)
    desired = asked - len(give_up)
    upcoming = max(desired - len(up) - len(ailing), 0)
    return _Standing(seen, up, tuple(ailing), upcoming, give_up, desired)


def _is_late(record: Record, machine: Machine, now: datetime) -> bool:
    known = record.known(machine.name)
    since = machine.created or (known.since if known else "")
    return bool(since) and (now - parse_time(since)).total_seconds() > record.scaling.max_node_provision_time


def _to_minimum(standing: _Standing, budget: Budget) -> int:
    missing = max(standing.seen.record.minimum - standing.desired, 0)
    return min(missing, standing.seen.room.machines, budget.allows(standing.cost)[0])


def _due(view: View, delay: float, now: datetime) -> tuple[list, dict[str, str]]:
    due, verdicts = [], {}
    for pod in view.unschedulable:
        if pod.unschedulable_since is None:
            raise AssertionError("a pod that waits has no time since when")
        age = (now - pod.unschedulable_since).total_seconds()
        if age >= delay:
            due.append(pod)
        else:
            verdicts[pod.key] = f"unschedulable for {max(age, 0):.0f} s; {delay:.0f} s are waited"
    return due, verdicts


def _shrinking(view: View, standings: Mapping[str, _Standing], growth: Growth, now: datetime) -> Shrinking:
    groups = [
        Group(
            name=name,
            spare=max(standing.desired - standing.seen.record.minimum, 0),
            scaling=standing.seen.record.scaling,
            residents=[
                _resident(standing.seen.record, machine, node) for machine, node in standing.up.items() if node.open
            ],
            cost_per_hour=standing.cost,
            priority=standing.seen.record.priority,
        )
        for name, standing in standings.items()
    ]
    board = growth.board.copy()
    # What is no node yet is no place for a pod that has one.
    for name in [name for name in board.names if name not in view.nodes]:
        board.remove(name)
    added = [moment for each in standings.values() if (moment := each.seen.record.status.last_scale_up) is not None]
    return shrink(board, groups, view.budgets, now, last_added=max(added, default=None))


def _resident(record: Record, machine: str, node: NodeSeen) -> Resident:
    known = record.known(machine)
    since = parse_time(known.idle_since) if known and known.idle_since else None
    return Resident(machine, node.name, node.amounts, node.annotations, since)


def _change(standing: _Standing, minimum: int, growth: Growth, shrinking: Shrinking, now: datetime) -> Change:
    record = standing.seen.record
    add = minimum + growth.add.get(record.name, 0)
    remove = (*record.status.removing, *shrinking.remove.get(record.name, ()))
    reasons = list(standing.give_up.values())
    if minimum:
        reasons.append(f"{minimum} more make the minimum of {record.minimum}")
    helped = growth.helped.get(record.name, ())
    if helped:
        reasons.append(f"{growth.add[record.name]} more for {len(helped)} pods without a node ({_shown(helped)})")
    if record.status.removing:
        reasons.append(f"the removal of {', '.join(record.status.removing)} was begun")
    nodes = {machine: node.name for machine, node in standing.up.items()}
    for machine in shrinking.remove.get(record.name, ()):
        reasons.append(f"{machine}: {shrinking.reasons[nodes[machine]]}")
    return Change(
        record=record,
        desired=standing.desired + add - len(shrinking.remove.get(record.name, ())),
        add=add,
        remove=remove,
        give_up=tuple(standing.give_up),
        reasons=tuple(reasons),
        known=tuple(_known(record, machine, shrinking, now) for machine in standing.seen.machines),
        cost_per_hour=standing.cost,
    )


def _known(record: Record, machine: Machine, shrinking: Shrinking, now: datetime) -> Known:
    before = record.known(machine.name)
    node = machine.node or machine.name
    idle = shrinking.idle_since.get(node)
    return Known(
        name=machine.name,
        node=node,
        phase=machine.phase.value,
        since=machine.created or (before.since if before else "") or now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        idle_since=idle.strftime("%Y-%m-%dT%H:%M:%SZ") if idle else None,
        reason=shrinking.reasons.get(node, machine.fault),
    )


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
