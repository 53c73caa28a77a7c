# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenStack as a provider of machine sets: one set at a time, the others of the cluster stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..errors import InfrastructureError
from ..provider import Description, Joins, Machine, MachineSet, Phase, Plan, Result, Room
from .checks import check, costs
from .cloud import Access, Cloud, Kind, connect
from .desired import Desired, Keeper, ServerSet, read_desired
from .errors import CloudError
from .execute import Limits
from .machines import ensure
from .observe import Item, Quota, Snapshot, observe
from .ownership import machine_name
from .plan import plan as plan_machines
from .plan_machines import indexes_of
from .shared import as_there
from .steps import Act, Step
from .steps import Plan as MachinesPlan

SECONDS_TO_CREATE = 240
"""Until a new machine is a node, where nobody measured."""
LOCK_TIMEOUT = 600.0
# What of a set's settings is said of the set, and what is said of its cluster; the rest the provider itself knows.
OF_SET = {each.name for each in fields(ServerSet)} - {"name", "count", "zones", "remove", "replace", "keeper"}
OF_CLUSTER = {each.name for each in fields(Desired)} - {"cluster", "sets"}
OF_ACCESS = ("auth", "auth_type", "region_name", "interface", "verify", "cacert")


class OpenStackProvider:
    """Machine sets on OpenStack; `settings` of a set are the options of module openstack_machines.

    Settings: cloud (or auth ...), flavor, image, role, spread, floating, volumes; network, key, sources, pod_cidrs as
    for the cluster, and by default as its machines have them already; cost_per_hour and seconds_to_create as far as somebody knows them.
    """

    name = "openstack"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._clouds: dict[str, Cloud] = {}

    def describe(self, machine_set: MachineSet) -> Description:
        """What a machine would be; raises InfrastructureError for a flavor, image or zone that there is not."""
        desired, seen = self._look(machine_set, 0)
        findings = check(desired, seen, ())
        if findings:
            raise CloudError(
                "; ".join(f"{each.subject}: {each.message}" for each in findings) + ".",
                cluster=machine_set.cluster,
                next_step="; ".join(f"{each.next_step}" for each in findings) + ".",
            )
        flavor = seen.catalogue.flavor(desired.sets[-1].flavor) or {}
        capacity = {
            "cpu": str(flavor["vcpus"]),
            "memory": f"{flavor['ram']}Mi",
            "ephemeral-storage": f"{flavor['disk']}Gi",
        }
        settings = machine_set.settings
        return Description(
            capacity=capacity,
            cost_per_hour=settings.get("cost_per_hour"),
            seconds_to_create=int(settings.get("seconds_to_create") or SECONDS_TO_CREATE),
            joins=Joins.BY_PLAY,
        )

    def machines(self, machine_set: MachineSet) -> tuple[Machine, ...]:
        """All machines of this set, half made and failed ones too."""
        _desired, seen = self._look(machine_set, 0)
        return _machines(machine_set, seen)

    def room(self, machine_set: MachineSet, wanted: int) -> Room:
        """How many more machines the quota allows."""
        there = len(self.machines(machine_set))
        desired, seen = self._look(machine_set, there + wanted)
        steps = _plan_of_set(desired, seen).steps
        one = _of_one_machine(desired, seen)
        room, limit = wanted, ""
        for name, needed in one.items():
            quota = seen.catalogue.quotas.get(name, Quota(-1, 0))
            fits = wanted if quota.left is None else quota.left // needed
            if fits < room:
                room, limit = fits, f"quota: {quota.used} of {quota.limit} {name} used, a machine takes {needed}"
        addresses = [each for each in check(desired, seen, steps) if each.subject.startswith("network ")]
        return Room(0, str(addresses[0])) if addresses and room else Room(room, limit)

    def plan(self, machine_set: MachineSet, replicas: int, remove: Sequence[str] = ()) -> Plan:
        """What is missing for a set of that size, and what is too many."""
        known = {machine.name for machine in self.machines(machine_set)}
        strangers = sorted(set(remove) - known)
        if strangers:
            raise CloudError(
                f"{', '.join(strangers)}: no machine of set {machine_set.name}.",
                cluster=machine_set.cluster,
                next_step=f"There are {', '.join(sorted(known)) or 'none'}.",
            )
        desired, seen = self._look(machine_set, replicas, remove)
        planned = _plan_of_set(desired, seen)
        steps = [step for step in planned.steps if _is_server_of(step, machine_set.name)]
        return Plan(
            machine_set=machine_set,
            replicas=replicas,
            create=tuple(sorted(step.name for step in steps if step.act in (Act.CREATE, Act.REPLACE))),
            remove=tuple(sorted(step.name for step in steps if step.act is Act.DELETE)),
            quota={name: cost.needs for name, cost in costs(desired, seen, planned.steps).items()},
        )

    def apply(self, plan: Plan) -> Result:
        """Bring the set to the size of the plan; what is there already stays."""
        machine_set = plan.machine_set
        desired, _seen = self._look(machine_set, plan.replicas, plan.remove)
        report = ensure(self._cloud(machine_set), desired, self._limits, LOCK_TIMEOUT, _plan_of_set)
        errors = tuple(InfrastructureError(str(failure.error)) for failure in report.failures)
        return Result(_machines(machine_set, report.seen), errors)

    def _look(self, machine_set: MachineSet, count: int, remove: Sequence[str] = ()) -> tuple[Desired, Snapshot]:
        given, cloud = _desired(machine_set, count, remove), self._cloud(machine_set)
        seen = observe(cloud, given)
        desired = as_there(given, seen, machine_set.settings)
        # What a network of somebody else has is looked for by its name.
        return desired, seen if desired.network.existing == given.network.existing else observe(cloud, desired)

    def _cloud(self, machine_set: MachineSet) -> Cloud:
        settings = machine_set.settings
        key = str(settings.get("cloud") or "")
        if key not in self._clouds:
            given = {name: settings[name] for name in OF_ACCESS if settings.get(name) is not None}
            self._clouds[key] = connect(Access(key, given))
        return self._clouds[key]


def _desired(machine_set: MachineSet, count: int, remove: Sequence[str]) -> Desired:
    settings = machine_set.settings
    of_set: dict[str, Any] = {name: settings[name] for name in OF_SET if name in settings}
    of_set |= {"keeper": Keeper.MACHINE_SET}
    of_set |= {"name": machine_set.name, "count": count, "zones": list(machine_set.zones), "remove": list(remove)}
    document: Mapping[str, Any] = {name: settings[name] for name in OF_CLUSTER if name in settings}
    try:
        return read_desired({**document, "cluster": machine_set.cluster, "sets": [of_set]})
    except (ValueError, KeyError) as error:
        raise CloudError(f"machine set {machine_set.name}: {error}", cluster=machine_set.cluster) from error


def _plan_of_set(desired: Desired, seen: Snapshot) -> MachinesPlan:
    """The steps that this one set needs: of what all sets share, only what is missing."""
    (mine,) = desired.sets
    planned = plan_machines(desired, seen)
    steps = tuple(step for step in planned.steps if _is_of(step, mine) or _is_missing(step))
    return MachinesPlan(steps, planned.machines, planned.known)


def _is_of(step: Step, mine: ServerSet) -> bool:
    return mine.name in step.key.split("/")[1:2]


def _is_missing(step: Step) -> bool:
    """A shared object that is to be made, or rules that are to be added: never one that is to be changed or removed."""
    if step.kind is Kind.SECURITY_GROUP_RULE:
        return not step.attributes["stale"]
    return step.act is Act.CREATE and step.kind is not Kind.LOAD_BALANCER


def _machines(machine_set: MachineSet, seen: Snapshot) -> tuple[Machine, ...]:
    found = indexes_of(seen, machine_set.name)
    return tuple(_machine(machine_set, seen, index, found[index]) for index in sorted(found))


def _machine(machine_set: MachineSet, seen: Snapshot, index: int, item: Item) -> Machine:
    server = seen.items.get(f"server/{machine_set.name}/{index}")
    port = seen.items.get(f"port/{machine_set.name}/{index}")
    addresses = port.data["fixed_ips"] or [] if port else []
    data = server.data if server else {}
    return Machine(
        name=machine_name(machine_set.cluster, machine_set.name, index),
        phase=_phase(data),
        address=str(addresses[0]["ip_address"]) if addresses else "",
        zone=str(data.get("availability_zone") or ""),
        created=_rfc3339(str(item.data.get("created_at") or "")),
        fault=str((data.get("fault") or {}).get("message", "")),
        provider_id=f"openstack:///{server.id}" if server else "",
    )


def _phase(server: Mapping[str, Any]) -> Phase:
    if server.get("task_state") == "deleting":
        return Phase.DELETING
    return {"ACTIVE": Phase.RUNNING, "ERROR": Phase.FAILED, "SHUTOFF": Phase.FAILED}.get(
        str(server.get("status")), Phase.CREATING
    )


def _rfc3339(text: str) -> str:
    return text if re.search(r"(Z|[+-]\d\d:\d\d)$", text) or not text else f"{text}Z"


def _is_server_of(step: Step, machine_set: str) -> bool:
    return step.key.startswith(f"server/{machine_set}/") and step.act in (Act.CREATE, Act.REPLACE, Act.DELETE)


def _of_one_machine(desired: Desired, seen: Snapshot) -> dict[str, int]:
    flavor = seen.catalogue.flavor(desired.sets[-1].flavor)
    if flavor is None:
        raise CloudError(f"there is no flavor {desired.sets[-1].flavor}.", cluster=desired.cluster)
    needs = {"instances": 1, "port": 1, "cores": int(flavor["vcpus"]), "ram": int(flavor["ram"])}
    return needs | ({"floatingip": 1} if desired.sets[-1].floating else {})
