# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine set as the hub records it: the custom resource MachineSet, typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING

from .._infrastructure.provider import MachineSet
from .._registry.member import format_time, parse_time
from .._registry.names import API_VERSION, PREFIX

if TYPE_CHECKING:
    from typing import Any

SET_LABEL = f"{PREFIX}machine-set"
"""On nodes: the machine set that they come from."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """When a set grows and shrinks; names and defaults are those that users of the cluster autoscaler know. Seconds."""

    scale_up_delay: float = 30.0
    """A pod is unschedulable for so long before machines are added for it."""
    scale_down_unneeded_time: float = 600.0
    """A machine is not needed for so long before it is removed."""
    scale_down_utilization_threshold: float = 0.5
    """Share of CPU and memory asked for on a node, below which it may be removed."""
    scale_down_delay_after_add: float = 600.0
    """No machine is removed so long after one was added to the same cluster."""
    max_node_provision_time: float = 900.0
    """A machine that is no node after so long is given up."""
    drain_timeout: float = 600.0
    """Pods have so long to leave a node that is removed."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scaling:
        """Read ``spec.scaling``."""
        return cls(
            **{
                each.name: float(data[_camel(each.name)])
                for each in fields(cls)
                if data.get(_camel(each.name)) is not None
            }
        )

    def to_dict(self) -> dict[str, float]:
        """The form of ``spec.scaling``."""
        return {_camel(each.name): getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Known:
    """A machine as the last run saw it."""

    name: str
    node: str = ""
    phase: str = ""
    since: str = ""
    """When it was first seen."""
    idle_since: str | None = None
    """Since when nobody needs it."""
    reason: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Known:
        return cls(
            name=str(data.get("name") or ""),
            node=str(data.get("node") or ""),
            phase=str(data.get("phase") or ""),
            since=str(data.get("since") or ""),
            idle_since=data.get("idleSince"),
            reason=str(data.get("reason") or ""),
        )

    def to_dict(self) -> dict[str, str]:
        found = {
            "name": self.name, "node": self.node, "phase": self.phase, "since": self.since,
            "idleSince": self.idle_since, "reason": self.reason[:500],
        }  # fmt: skip
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Status:
    """What was asked of the provider, and what has come of it."""

    desired: int | None = None
    """Machines that were asked for last; None before the first time. What is asked for and not there yet counts."""
    removing: tuple[str, ...] = ()
    """Machines that are on their way out: recorded before the first pod is sent away."""
    machines: tuple[Known, ...] = ()
    last_scale_up: datetime | None = None
    last_scale_down: datetime | None = None
    failures: int = 0
    """Times in a row that machines did not come."""
    backoff_until: datetime | None = None
    message: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Status:
        desired = data.get("desired")
        return cls(
            desired=None if desired is None else int(desired),
            removing=tuple(map(str, data.get("removing") or ())),
            machines=tuple(map(Known.from_dict, data.get("machines") or ())),
            last_scale_up=_time(data.get("lastScaleUp")),
            last_scale_down=_time(data.get("lastScaleDown")),
            failures=int(data.get("failures") or 0),
            backoff_until=_time(data.get("backoffUntil")),
            message=str(data.get("message") or ""),
        )

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "desired": self.desired,
            "removing": list(self.removing),
            "machines": [machine.to_dict() for machine in self.machines],
            "failures": self.failures,
            "message": self.message[:1000],
        }
        for name, moment in (
            ("lastScaleUp", self.last_scale_up),
            ("lastScaleDown", self.last_scale_down),
            ("backoffUntil", self.backoff_until),
        ):
            if moment is not None:
                found[name] = format_time(moment)
        return {key: value for key, value in found.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Record:
    """One machine set: what it is, and how it stands."""

    name: str
    cluster: str
    provider: str
    minimum: int = 0
    maximum: int = 0
    zones: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    allocatable: Mapping[str, str] = field(default_factory=dict)
    """What pods can have of one machine, where it is not what the provider tells."""
    cost_per_hour: float | None = None
    seconds_to_create: int | None = None
    priority: int = 0
    """Sets of a higher one grow first."""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    scaling: Scaling = field(default_factory=Scaling)
    status: Status = field(default_factory=Status)

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> Record:
        """Read a MachineSet object."""
        spec = obj.get("spec") or {}
        cost, seconds = spec.get("costPerHour"), spec.get("secondsToCreate")
        return cls(
            name=str((obj.get("metadata") or {}).get("name") or ""),
            cluster=str(spec.get("cluster") or ""),
            provider=str(spec.get("provider") or ""),
            minimum=int(spec.get("minReplicas") or 0),
            maximum=int(spec.get("maxReplicas") or 0),
            zones=tuple(map(str, spec.get("zones") or ())),
            labels=spec.get("labels") or {},
            taints=tuple(spec.get("taints") or ()),
            allocatable=spec.get("allocatable") or {},
            cost_per_hour=None if cost is None else float(cost),
            seconds_to_create=None if seconds is None else int(seconds),
            priority=int(spec.get("priority") or 0),
            settings=spec.get("settings") or {},
            scaling=Scaling.from_dict(spec.get("scaling") or {}),
            status=Status.from_dict(obj.get("status") or {}),
        )

    def to_object(self) -> dict[str, Any]:
        """The MachineSet without its status; what was not given is left out."""
        spec: dict[str, Any] = {
            "cluster": self.cluster,
            "provider": self.provider,
            "minReplicas": self.minimum,
            "maxReplicas": self.maximum,
            "zones": list(self.zones),
            "labels": dict(self.labels),
            "taints": [dict(taint) for taint in self.taints],
            "allocatable": dict(self.allocatable),
            "costPerHour": self.cost_per_hour,
            "secondsToCreate": self.seconds_to_create,
            "priority": self.priority,
            "settings": dict(self.settings),
            "scaling": self.scaling.to_dict(),
        }
        spec = {key: value for key, value in spec.items() if value not in (None, [], {})}
        return {"apiVersion": API_VERSION, "kind": "MachineSet", "metadata": {"name": self.name}, "spec": spec}

    @property
    def machine_set(self) -> MachineSet:
        """The set as its provider wants to hear of it."""
        return MachineSet(
            name=self.name,
            cluster=self.cluster,
            settings=self.settings,
            zones=self.zones,
            labels={**self.labels, SET_LABEL: self.name},
            taints=self.taints,
            recorded=tuple(machine.name for machine in self.status.machines),
        )

    def known(self, name: str) -> Known | None:
        """What the last run saw of a machine."""
        return next((machine for machine in self.status.machines if machine.name == name), None)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None
