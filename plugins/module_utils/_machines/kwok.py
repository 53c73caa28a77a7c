# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated machines: what `kwok` makes of Node objects. For labs and tests; nothing is bought and nothing runs.

In a cluster whose nodes kwok simulates, a Node object with the right annotation *is* the machine. So this provider goes
the whole way from "three machines" to ready nodes on a real API server.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._infrastructure.errors import InfrastructureError
from .._infrastructure.naming import free_names, surplus
from .._infrastructure.provider import Description, Joins, Machine, MachineSet, Phase, Plan, Result, Room
from .._kube.errors import ConflictError, FleetError
from .._kube.session import Session
from .._registry.member import format_time
from .._registry.names import NODES
from .record import SET_LABEL

if TYPE_CHECKING:
    from typing import Any

_FAKE = "kwok.x-k8s.io/node"
_DEFAULT = {"cpu": "4", "memory": "16Gi", "pods": "110"}
_STARTUP = "startupSeconds"
"""Setting: seconds until a machine is there, for trying out how long chains take."""


class KwokProvider:
    """Nodes of one member, simulated.

    :param session: the member.
    """

    name = "kwok"

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(self, machine_set: MachineSet) -> Description:
        settings = machine_set.settings
        return Description(
            capacity={**_DEFAULT, **_texts(settings.get("capacity") or {})},
            cost_per_hour=settings.get("costPerHour"),
            seconds_to_create=int(settings.get(_STARTUP) or 1),
            joins=Joins.BY_ITSELF,
        )

    def machines(self, machine_set: MachineSet) -> tuple[Machine, ...]:
        nodes = self._session.list(NODES, label_selector=f"{SET_LABEL}={machine_set.name}")
        return tuple(sorted(map(_machine, nodes), key=lambda machine: machine.name))

    def room(self, machine_set: MachineSet, wanted: int) -> Room:
        """As much as ``settings.quota`` says; without it, anything."""
        quota = machine_set.settings.get("quota")
        if quota is None:
            return Room(wanted)
        used = len(self.machines(machine_set))
        left = max(int(quota) - used, 0)
        return Room(min(wanted, left), "" if wanted <= left else f"quota: {used} of {quota} machines used")

    def plan(self, machine_set: MachineSet, replicas: int, remove: Sequence[str] = ()) -> Plan:
        machines = self.machines(machine_set)
        going = surplus(machine_set, machines, replicas, remove)
        missing = replicas - (len(machines) - len(going))
        taken = {machine.name for machine in machines}
        return Plan(machine_set, replicas, free_names(machine_set, taken, missing), going)

    def apply(self, plan: Plan) -> Result:
        errors = []
        if plan.create:
            time.sleep(float(plan.machine_set.settings.get(_STARTUP) or 0))
        for name in plan.remove:
            errors += self._attempt(name, lambda name=name: self._session.delete(NODES, name))
        numbers = {name: number for number, name in enumerate(plan.create, start=len(self.machines(plan.machine_set)))}
        for name in plan.create:
            errors += self._attempt(name, lambda name=name: self._create(plan.machine_set, name, numbers[name]))
        return Result(self.machines(plan.machine_set), tuple(errors))

    def _create(self, machine_set: MachineSet, name: str, number: int) -> None:
        try:
            self._session.create(NODES, self._node(machine_set, name, number))
        except ConflictError:
            found = self._session.get(NODES, name) or {}
            if ((found.get("metadata") or {}).get("labels") or {}).get(SET_LABEL) != machine_set.name:
                raise

    def _node(self, machine_set: MachineSet, name: str, number: int) -> dict[str, Any]:
        capacity = dict(self.describe(machine_set).capacity)
        zones = machine_set.zones
        zone = {"topology.kubernetes.io/zone": zones[number % len(zones)]} if zones else {}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "annotations": {_FAKE: "fake"},
                "labels": {
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": name,
                    "kubernetes.io/os": "linux",
                    **machine_set.labels,
                    **zone,
                    SET_LABEL: machine_set.name,
                },
            },
            "spec": {"taints": [dict(taint) for taint in machine_set.taints], "providerID": f"kwok://{name}"},
            "status": {"capacity": capacity, "allocatable": capacity},
        }

    def _attempt(self, name: str, act: Any) -> list[InfrastructureError]:
        try:
            act()
        except FleetError as error:
            return [InfrastructureError(f"machine {name}: {error}", cluster=self._session.cluster)]
        return []


def _machine(node: Mapping[str, Any]) -> Machine:
    metadata, status = node["metadata"], node.get("status") or {}
    address = next((each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP"), "")
    return Machine(
        name=metadata["name"],
        phase=Phase.DELETING if metadata.get("deletionTimestamp") else Phase.RUNNING,
        address=address,
        zone=(metadata.get("labels") or {}).get("topology.kubernetes.io/zone", ""),
        created=str(metadata.get("creationTimestamp") or format_time(datetime.now(UTC))),
        provider_id=str((node.get("spec") or {}).get("providerID") or ""),
    )


def _texts(amounts: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(amount) for name, amount in amounts.items()}
