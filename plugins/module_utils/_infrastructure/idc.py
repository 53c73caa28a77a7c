# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts of the data centre as a provider of machines: a pool that a set takes hosts from and gives them back to.

Nothing is made and nothing is bought. A host is in use when the hub has recorded it for the set; the others of the list
are spare. A host that does not answer is passed over, so that a dead one does not hold up those that work.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InfrastructureError
from .naming import surplus
from .provider import Description, Joins, Machine, MachineSet, Phase, Plan, Result, Room

if TYPE_CHECKING:
    from typing import Any

_SSH = 22
_PATIENCE = 5.0
"""Seconds for a host to accept a connection."""
_SECONDS = 120
"""Until a host is a node, where nobody says otherwise."""


class IdcProvider:
    """Spare hosts. Settings of a set: ``hosts`` (``name``, ``address``, ``port``, ``zone``) and ``capacity`` of one."""

    name = "idc"

    def describe(self, machine_set: MachineSet) -> Description:
        capacity = machine_set.settings.get("capacity")
        if not isinstance(capacity, Mapping) or not capacity:
            raise _wrong(
                machine_set, "settings.capacity does not say what a host has", "Give cpu and memory of a host."
            )
        _hosts(machine_set)
        cost, seconds = machine_set.settings.get("cost_per_hour"), machine_set.settings.get("seconds_to_create")
        return Description(
            capacity={str(name): str(amount) for name, amount in capacity.items()},
            cost_per_hour=0.0 if cost is None else float(cost),
            seconds_to_create=_SECONDS if seconds is None else int(seconds),
            joins=Joins.BY_PLAY,
            outlives_its_node=True,
        )

    def machines(self, machine_set: MachineSet) -> tuple[Machine, ...]:
        return tuple(host.machine for host in _hosts(machine_set) if host.name in machine_set.recorded)

    def room(self, machine_set: MachineSet, wanted: int) -> Room:
        hosts = _hosts(machine_set)
        spare = sum(host.name not in machine_set.recorded for host in hosts)
        limit = "" if wanted <= spare else f"{len(hosts) - spare} of {len(hosts)} hosts are in use"
        return Room(min(wanted, spare), limit)

    def plan(self, machine_set: MachineSet, replicas: int, remove: Sequence[str] = ()) -> Plan:
        machines = self.machines(machine_set)
        going = surplus(machine_set, machines, replicas, remove)
        missing = max(replicas - (len(machines) - len(going)), 0)
        spare = [host for host in _hosts(machine_set) if host.name not in machine_set.recorded]
        return Plan(machine_set, replicas, tuple(host.name for host in spare[:missing]), going)

    def apply(self, plan: Plan) -> Result:
        hosts = {host.name: host for host in _hosts(plan.machine_set)}
        kept = [name for name in plan.machine_set.recorded if name in hosts and name not in plan.remove]
        new = [hosts[name] for name in plan.create]
        with ThreadPoolExecutor(max_workers=16) as pool:
            faults = dict(zip(plan.create, pool.map(_fault, new), strict=True))
        errors = [
            InfrastructureError(
                f"host {name} does not answer: {fault}.",
                cluster=plan.machine_set.cluster,
                next_step="Start it, or take it out of settings.hosts.",
            )
            for name, fault in faults.items()
            if fault
        ]
        there = [*kept, *(name for name in plan.create if not faults[name] and name not in kept)]
        return Result(tuple(hosts[name].machine for name in hosts if name in there), tuple(errors))


@dataclass(frozen=True, slots=True)
class _Host:
    name: str
    address: str
    port: int
    zone: str

    @property
    def machine(self) -> Machine:
        return Machine(self.name, Phase.RUNNING, address=self.address, zone=self.zone, provider_id=f"idc://{self.name}")


def _hosts(machine_set: MachineSet) -> list[_Host]:
    """The pool, in the order in which it is used; hosts of the set's zones in turn, where it has zones."""
    entries = machine_set.settings.get("hosts")
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise _wrong(machine_set, "settings.hosts is no list of hosts", "List the hosts that it may use.")
    hosts = [_host(machine_set, entry) for entry in entries]
    if len({host.name for host in hosts}) < len(hosts):
        raise _wrong(machine_set, "settings.hosts names a host twice", "Name each host once.")
    if not machine_set.zones:
        return hosts
    turns = {zone: [host for host in hosts if host.zone == zone] for zone in machine_set.zones}
    longest = max(map(len, turns.values()), default=0)
    return [of_zone[turn] for turn in range(longest) for of_zone in turns.values() if turn < len(of_zone)]


def _host(machine_set: MachineSet, entry: Any) -> _Host:
    data = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(data, Mapping) or not data.get("name"):
        raise _wrong(machine_set, f"settings.hosts has {str(entry)[:60]!r}, which has no name", "Give it a name.")
    name = str(data["name"])
    return _Host(name, str(data.get("address") or name), int(data.get("port") or _SSH), str(data.get("zone") or ""))


def _fault(host: _Host) -> str:
    try:
        with socket.create_connection((host.address, host.port), timeout=_PATIENCE):
            return ""
    except OSError as error:
        return f"{host.address} port {host.port}: {error.strerror or error}"


def _wrong(machine_set: MachineSet, message: str, next_step: str) -> InfrastructureError:
    return InfrastructureError(
        f"machine set {machine_set.name}: {message}.", cluster=machine_set.cluster, next_step=next_step
    )
