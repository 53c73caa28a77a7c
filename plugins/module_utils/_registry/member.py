# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member as the hub records it: the custom resource Cluster, typed.

Pure, and free of the Kubernetes client, so that the inventory can read thousands of records with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .names import IS_HUB_ANNOTATION, READY, TAINT_UNSCHEDULABLE

if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True)
class Taint:
    """Keeps replicas away, as a node's taint does."""

    key: str
    effect: str
    value: str = ""
    time_added: str | None = None
    """RFC 3339; set for ``NoExecute``, whose tolerations count from it."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Taint:
        """Read the form that Kubernetes uses."""
        return cls(
            key=str(document["key"]),
            effect=str(document["effect"]),
            value=str(document.get("value") or ""),
            time_added=document.get("timeAdded"),
        )

    def to_dict(self) -> dict[str, str]:
        """The form that Kubernetes uses."""
        found = {"key": self.key, "effect": self.effect}
        if self.value:
            found["value"] = self.value
        if self.time_added:
            found["timeAdded"] = self.time_added
        return found


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is known about a member, since when and why."""

    type: str
    status: str
    """``True``, ``False`` or ``Unknown``."""
    reason: str
    message: str = ""
    last_transition_time: str = ""
    """When ``status`` became what it is."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Condition:
        """Read the form that Kubernetes uses."""
        return cls(
            type=str(document.get("type") or ""),
            status=str(document.get("status") or "Unknown"),
            reason=str(document.get("reason") or ""),
            message=str(document.get("message") or ""),
            last_transition_time=str(document.get("lastTransitionTime") or ""),
        )

    def to_dict(self) -> dict[str, str]:
        """The form that Kubernetes uses."""
        return {
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "lastTransitionTime": self.last_transition_time,
        }


@dataclass(frozen=True, slots=True)
class Observer:
    """What the member looked like from one place."""

    name: str
    observed_at: str
    ready: str
    reason: str = ""
    failures: int = 0
    """Failed looks in a row."""
    failing_since: str | None = None

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Observer:
        """Read the form of ``status.observers``."""
        return cls(
            name=str(document.get("name") or ""),
            observed_at=str(document.get("observedAt") or ""),
            ready=str(document.get("ready") or "Unknown"),
            reason=str(document.get("reason") or ""),
            failures=int(document.get("failures") or 0),
            failing_since=document.get("failingSince"),
        )

    def to_dict(self) -> dict[str, Any]:
        """The form of ``status.observers``."""
        found: dict[str, Any] = {
            "name": self.name, "observedAt": self.observed_at, "ready": self.ready, "reason": self.reason,
            "failures": self.failures,
        }  # fmt: skip
        if self.failing_since:
            found["failingSince"] = self.failing_since
        return found


@dataclass(frozen=True, slots=True)
class Member:
    """A cluster of the fleet. ``provider``, ``region`` and ``zones`` are what was given, else what its nodes tell."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    taints: tuple[Taint, ...] = ()
    api_endpoint: str = ""
    cost: float | None = None
    join_profile: str = ""
    infrastructure: Mapping[str, Any] = field(default_factory=dict)
    maintenance_windows: tuple[Mapping[str, Any], ...] = ()
    resource_version: str = ""
    deleting: bool = False
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As it stands in the hub."""
    status: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As it stands in the hub."""

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> Member:
        """Read a Cluster object."""
        metadata, spec, status = obj.get("metadata") or {}, obj.get("spec") or {}, obj.get("status") or {}
        return cls(
            name=str(metadata.get("name") or ""),
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
            provider=str(spec.get("provider") or status.get("provider") or ""),
            region=str(spec.get("region") or status.get("region") or ""),
            zones=tuple(spec.get("zones") or status.get("zones") or ()),
            taints=tuple(Taint.from_dict(taint) for taint in spec.get("taints") or ()),
            api_endpoint=str(spec.get("apiEndpoint") or ""),
            cost=spec.get("cost"),
            join_profile=str(spec.get("joinProfile") or ""),
            infrastructure=spec.get("infrastructure") or {},
            maintenance_windows=tuple(spec.get("maintenanceWindows") or ()),
            resource_version=str(metadata.get("resourceVersion") or ""),
            deleting=bool(metadata.get("deletionTimestamp")),
            spec=spec,
            status=status,
        )

    @property
    def conditions(self) -> dict[str, Condition]:
        """By type."""
        found = (Condition.from_dict(condition) for condition in self.status.get("conditions") or ())
        return {condition.type: condition for condition in found}

    @property
    def ready(self) -> bool:
        """Whether the last look found it working."""
        return any(
            condition.get("type") == READY and condition.get("status") == "True"
            for condition in self.status.get("conditions") or ()
        )

    @property
    def observers(self) -> tuple[Observer, ...]:
        """From where it was looked at, and what was seen."""
        return tuple(Observer.from_dict(observer) for observer in self.status.get("observers") or ())

    @property
    def observed_at(self) -> str | None:
        """When its facts were taken."""
        return self.status.get("observedAt")

    @property
    def system_uid(self) -> str:
        """UID of its namespace kube-system; empty while it was never reached."""
        return str(self.status.get("systemUID") or "")

    @property
    def kubernetes_version(self) -> str:
        """``v1.37.2``."""
        return str(self.status.get("kubernetesVersion") or "")

    @property
    def cordoned(self) -> bool:
        """Whether an operator keeps new replicas away."""
        return any(taint.key == TAINT_UNSCHEDULABLE for taint in self.taints)

    @property
    def is_hub(self) -> bool:
        """Whether it is the hub itself."""
        return self.annotations.get(IS_HUB_ANNOTATION) == "true"

    def observed_seconds_ago(self, now: datetime) -> float:
        """Age of its facts; infinite while there are none."""
        return (now - parse_time(self.observed_at)).total_seconds() if self.observed_at else float("inf")


def member_facts(member: Member) -> dict[str, Any]:
    """What modules return of a member: plain values, never a credential."""
    status = member.status
    return {
        "name": member.name,
        "labels": dict(member.labels),
        "provider": member.provider,
        "region": member.region,
        "zones": list(member.zones),
        "taints": [taint.to_dict() for taint in member.taints],
        "cordoned": member.cordoned,
        "api_endpoint": member.api_endpoint,
        "profile": member.join_profile,
        "cost": member.cost,
        "infrastructure": dict(member.infrastructure),
        "maintenance_windows": [dict(window) for window in member.maintenance_windows],
        "kubernetes_version": member.kubernetes_version,
        "system_uid": member.system_uid,
        "ready": member.ready,
        "conditions": {name: condition.to_dict() for name, condition in member.conditions.items()},
        "nodes": dict(status.get("nodeSummary") or {}),
        "resources": {kind: dict(values) for kind, values in (status.get("resourceSummary") or {}).items()},
        "observers": [observer.to_dict() for observer in member.observers],
        "observed_at": member.observed_at,
    }


def with_conditions(known: Iterable[Mapping[str, Any]], news: Iterable[Condition], now: str) -> list[dict[str, str]]:
    """The conditions after a look: a status that changed has its transition now, one that did not keeps its time."""
    found = {str(condition.get("type")): Condition.from_dict(condition) for condition in known}
    for condition in news:
        before = found.get(condition.type)
        same = before is not None and before.status == condition.status
        since = before.last_transition_time if before is not None and same else now
        found[condition.type] = Condition(
            condition.type, condition.status, condition.reason, condition.message, since or now
        )
    return [found[name].to_dict() for name in sorted(found)]


def parse_time(text: str | None) -> datetime:
    """An RFC 3339 time; what is none counts as long ago."""
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second, as Kubernetes writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
