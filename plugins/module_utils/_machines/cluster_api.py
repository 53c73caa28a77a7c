# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MachineDeployments of Cluster API as a provider of machines: where a management cluster exists, it makes them.

Only the number of replicas is ours, and which machine goes; everything else of a MachineDeployment is left as it is. Cluster
API names its machines itself and drains their nodes once more when it deletes them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .._infrastructure.errors import InfrastructureError
from .._infrastructure.naming import surplus
from .._infrastructure.provider import Description, Joins, Machine, MachineSet, Phase, Plan, Result, Room
from .._kube.discovery import Resource
from .._kube.errors import FleetError
from .._kube.session import Session
from .cluster_api_objects import CORE, conditions_that_fail

if TYPE_CHECKING:
    from typing import Any

_VERBS = frozenset({"get", "list", "patch", "delete"})
DEPLOYMENTS = Resource(*CORE, "MachineDeployment", "machinedeployments", True, _VERBS)
MACHINES = Resource(*CORE, "Machine", "machines", True, _VERBS)
_DEPLOYMENT_LABEL = "cluster.x-k8s.io/deployment-name"
_DELETE = "cluster.x-k8s.io/delete-machine"
_CAPACITY = "capacity.cluster-autoscaler.kubernetes.io/"
_SECONDS = 300
_PATIENCE = 1200.0
_PAUSE = 1.0
_GOING = ("Deleting", "Deleted")


class ClusterApiProvider:
    """One MachineDeployment per set. Settings: ``machine_deployment``, ``namespace``, and ``capacity`` where it says none.

    :param session: the management cluster.
    """

    name = "cluster_api"

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(self, machine_set: MachineSet) -> Description:
        deployment = self._deployment(machine_set)
        settings = machine_set.settings
        capacity = {
            **_announced(deployment),
            **{name: str(each) for name, each in (settings.get("capacity") or {}).items()},
        }
        if not {"cpu", "memory"} <= set(capacity):
            raise InfrastructureError(
                f"MachineDeployment {_where(machine_set)} does not say what a machine has.",
                cluster=self._session.cluster,
                next_step=f"Annotate it with {_CAPACITY}cpu and {_CAPACITY}memory, or give settings.capacity.",
            )
        cost, seconds = settings.get("cost_per_hour"), settings.get("seconds_to_create")
        return Description(
            capacity=capacity,
            cost_per_hour=None if cost is None else float(cost),
            seconds_to_create=_SECONDS if seconds is None else int(seconds),
            joins=Joins.BY_ITSELF,
        )

    def machines(self, machine_set: MachineSet) -> tuple[Machine, ...]:
        namespace, name = _place(machine_set)
        found = self._asked(
            lambda: self._session.list(MACHINES, namespace, label_selector=f"{_DEPLOYMENT_LABEL}={name}"), machine_set
        )
        return tuple(sorted(map(_machine, found), key=lambda machine: machine.name))

    def room(self, machine_set: MachineSet, wanted: int) -> Room:
        """A management cluster tells no quota: what can't be made fails when it is made."""
        most = machine_set.settings.get("quota")
        if most is None:
            return Room(wanted, "" if wanted < 10_000 else "its management cluster tells no limit")
        used = len(self.machines(machine_set))
        left = max(int(most) - used, 0)
        return Room(min(wanted, left), "" if wanted <= left else f"quota: {used} of {most} machines used")

    def plan(self, machine_set: MachineSet, replicas: int, remove: Sequence[str] = ()) -> Plan:
        machines = [machine for machine in self.machines(machine_set) if machine.phase is not Phase.DELETING]
        going = surplus(machine_set, machines, replicas, remove)
        asked = int((self._deployment(machine_set).get("spec") or {}).get("replicas") or 0)
        # Machines that were asked for and are no objects yet are on their way: they count.
        coming = max(asked - len(machines), 0)
        missing = max(replicas - (len(machines) + coming - len(going)), 0)
        return Plan(
            machine_set, replicas, tuple(f"{machine_set.name}+{number}" for number in range(1, missing + 1)), going
        )

    def apply(self, plan: Plan) -> Result:
        machine_set = plan.machine_set
        for victim in plan.remove:
            self._mark(machine_set, victim)
        self._scale(machine_set, plan)
        until = time.monotonic() + float(machine_set.settings.get("timeout") or _PATIENCE)
        while True:
            machines = self.machines(machine_set)
            there = [machine for machine in machines if machine.phase is not Phase.DELETING]
            left = sorted({machine.name for machine in machines} & set(plan.remove))
            failed = [machine for machine in there if machine.phase is Phase.FAILED]
            if len(there) == plan.replicas:
                # Fewer replicas take the marked ones; where the number stays as it is, nobody but we take them.
                self._delete(machine_set, [machine.name for machine in there if machine.name in left])
            if len(there) == plan.replicas and not left:
                return Result(machines, tuple(_fault(machine_set, machine) for machine in failed))
            if time.monotonic() >= until:
                return Result(machines, (self._late(machine_set, plan, len(there), left),))
            time.sleep(_PAUSE)

    def _mark(self, machine_set: MachineSet, machine: str) -> None:
        body = {"metadata": {"annotations": {_DELETE: "yes"}}}
        self._asked(lambda: self._session.patch(MACHINES, machine, body, _place(machine_set)[0]), machine_set)

    def _delete(self, machine_set: MachineSet, machines: Sequence[str]) -> None:
        for machine in machines:
            self._asked(partial(self._session.delete, MACHINES, machine, _place(machine_set)[0]), machine_set)

    def _scale(self, machine_set: MachineSet, plan: Plan) -> None:
        namespace, name = _place(machine_set)
        deployment = self._deployment(machine_set)
        if (deployment.get("spec") or {}).get("replicas") != plan.replicas:
            body = {"spec": {"replicas": plan.replicas}}
            self._asked(lambda: self._session.patch(DEPLOYMENTS, name, body, namespace), machine_set)

    def _deployment(self, machine_set: MachineSet) -> dict[str, Any]:
        namespace, name = _place(machine_set)
        found = self._asked(lambda: self._session.get(DEPLOYMENTS, name, namespace), machine_set)
        if found is None:
            raise InfrastructureError(
                f"there is no MachineDeployment {_where(machine_set)}.",
                cluster=self._session.cluster,
                next_step="Make it with module cluster_api, or correct settings.machine_deployment and namespace.",
            )
        return found

    def _asked(self, ask: Any, machine_set: MachineSet) -> Any:
        try:
            return ask()
        except FleetError as error:
            raise InfrastructureError(
                f"MachineDeployment {_where(machine_set)}: {error.message}.",
                cluster=self._session.cluster,
                next_step=error.next_step,
            ) from error

    def _late(self, machine_set: MachineSet, plan: Plan, there: int, left: Sequence[str]) -> InfrastructureError:
        what = f"; {', '.join(left)} did not go" if left else ""
        reasons = conditions_that_fail(self._deployment(machine_set))
        return InfrastructureError(
            f"MachineDeployment {_where(machine_set)} has {there} of {plan.replicas} machines after its time{what}"
            f"{': ' + '; '.join(reasons) if reasons else ''}.",
            cluster=self._session.cluster,
            next_step="Look at its conditions and at the controllers of the management cluster.",
        )


def _place(machine_set: MachineSet) -> tuple[str, str]:
    settings = machine_set.settings
    return str(settings.get("namespace") or "default"), str(settings.get("machine_deployment") or machine_set.name)


def _where(machine_set: MachineSet) -> str:
    return "/".join(_place(machine_set))


def _announced(deployment: Mapping[str, Any]) -> dict[str, str]:
    """What the annotations say that users of the cluster autoscaler write for scaling from zero."""
    annotations = (deployment.get("metadata") or {}).get("annotations") or {}
    known = {"cpu": "cpu", "memory": "memory", "maxPods": "pods", "ephemeral-disk": "ephemeral-storage"}
    return {
        name: str(annotations[_CAPACITY + word]) for word, name in known.items() if annotations.get(_CAPACITY + word)
    }


def _machine(obj: Mapping[str, Any]) -> Machine:
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    addresses = status.get("addresses") or ()
    address = next((each["address"] for each in addresses if each.get("type") == "InternalIP"), "")
    return Machine(
        name=metadata["name"],
        phase=_phase(metadata, status),
        node=str((status.get("nodeRef") or {}).get("name") or metadata["name"]),
        address=address,
        zone=str(status.get("failureDomain") or spec.get("failureDomain") or ""),
        created=str(metadata.get("creationTimestamp") or ""),
        fault="; ".join(conditions_that_fail(obj)) if status.get("phase") == "Failed" else "",
        provider_id=str(spec.get("providerID") or ""),
    )


def _phase(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> Phase:
    if metadata.get("deletionTimestamp") or status.get("phase") in _GOING:
        return Phase.DELETING
    if status.get("phase") == "Failed":
        return Phase.FAILED
    return Phase.RUNNING if status.get("phase") == "Running" else Phase.CREATING


def _fault(machine_set: MachineSet, machine: Machine) -> InfrastructureError:
    return InfrastructureError(
        f"machine {machine.name} failed: {machine.fault or 'its conditions do not say why'}.",
        cluster=machine_set.cluster,
    )
