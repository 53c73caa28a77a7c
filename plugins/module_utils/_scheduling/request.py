# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question put to the scheduler: one workload, its placement, the clusters, and what runs where now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import RequestError
from .quantity import counted_in, parse_quantity, whole

JSON = Mapping[str, Any]

NAVARCH = "navarch"
KARMADA = "karmada"
ESTIMATE_AVAILABLE = "available"
ESTIMATE_SUMMARY = "resourceSummary"
RESCHEDULE = "reschedule"
CLUSTER_FIELDS = (
    "name",
    "labels",
    "provider",
    "region",
    "zones",
    "taints",
    "ready",
    "deleting",
    "apiEnablements",
    "available",
    "resourceSummary",
    "nodes",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Taint:
    """A mark on a cluster that keeps away workloads which do not tolerate it."""

    key: str
    value: str
    effect: str
    time_added: str | None = None

    @classmethod
    def from_dict(cls, data: JSON) -> Taint:
        return cls(data.get("key") or "", data.get("value") or "", data.get("effect") or "", data.get("timeAdded"))

    def to_dict(self) -> dict[str, Any]:
        return {"key": self.key, "value": self.value, "effect": self.effect, "timeAdded": self.time_added}

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class ResourceSummary:
    """What a cluster has, what is used, and what is about to be used."""

    allocatable: JSON
    allocated: JSON
    allocating: JSON
    free: Mapping[str, int] = field(compare=False, repr=False)
    """What is left of each allocatable resource, in billionths; negative when overcommitted."""
    countable: Mapping[str, int] = field(compare=False, repr=False)
    """The same in the unit each resource is counted in."""
    free_pods: int = field(compare=False, repr=False)

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "resourceSummary") -> ResourceSummary:
        parts = {name: _mapping(data, name, path) for name in ("allocatable", "allocated", "allocating")}
        amounts = {name: _amounts(part, f"{path}.{name}") for name, part in parts.items()}
        pods, used_pods, coming_pods = (whole(part.get("pods", 0)) for part in amounts.values())
        free = dict(amounts["allocatable"])
        for used in (amounts["allocated"], amounts["allocating"]):
            for name, amount in used.items():
                if name in free:
                    free[name] -= amount
        return cls(
            allocatable=parts["allocatable"],
            allocated=parts["allocated"],
            allocating=parts["allocating"],
            free=free,
            countable={name: counted_in(name, amount) for name, amount in free.items()},
            free_pods=pods - used_pods - coming_pods,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "allocatable": dict(self.allocatable),
            "allocated": dict(self.allocated),
            "allocating": dict(self.allocating),
        }


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the scheduler knows of one member."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    taints: tuple[Taint, ...] = ()
    ready: bool = True
    deleting: bool = False
    api_enablements: frozenset[tuple[str, str]] | None = None
    """(groupVersion, kind) that the cluster serves; None when nobody asked, which counts as all."""
    available: int | None = None
    """Replicas that fit, if somebody already counted."""
    resource_summary: ResourceSummary | None = None
    nodes: tuple[JSON, ...] | None = None
    cost: float | None = None

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "cluster") -> Cluster:
        name = data.get("name")
        if not name or not isinstance(name, str):
            raise RequestError(f"{path}.name", "a cluster needs a name")
        summary = data.get("resourceSummary")
        served = data.get("apiEnablements")
        nodes = data.get("nodes")
        return cls(
            name=name,
            labels=_mapping(data, "labels", path),
            provider=data.get("provider") or "",
            region=data.get("region") or "",
            zones=tuple(_list(data, "zones", path)),
            taints=tuple(map(Taint.from_dict, _list(data, "taints", path))),
            ready=data.get("ready", True) is not False,
            deleting=bool(data.get("deleting")),
            api_enablements=None if served is None else frozenset(_served(served)),
            available=_count(data, "available", path),
            resource_summary=None
            if summary is None
            else ResourceSummary.from_dict(summary, path=f"{path}.resourceSummary"),
            nodes=None if nodes is None else tuple(nodes),
            cost=data.get("cost"),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "provider": self.provider,
            "region": self.region,
            "zones": list(self.zones),
            "taints": [taint.to_dict() for taint in self.taints],
            "ready": self.ready,
            "deleting": self.deleting,
            "apiEnablements": None if self.api_enablements is None else _enablements(self.api_enablements),
            "available": self.available,
            "resourceSummary": None if self.resource_summary is None else self.resource_summary.to_dict(),
            "nodes": None if self.nodes is None else [dict(node) for node in self.nodes],
            "cost": self.cost,
        }


@dataclass(frozen=True, slots=True)
class Target:
    """So many replicas in that cluster."""

    name: str
    replicas: int = 0

    @classmethod
    def from_dict(cls, data: JSON) -> Target:
        return cls(data["name"], data.get("replicas") or 0)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "replicas": self.replicas}


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be placed."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    """Breaks ties only."""
    replicas: int | None = None
    """None for an object without replicas, such as a ConfigMap."""
    resource_request: Mapping[str, Any] | None = None
    """What one replica asks for."""

    @property
    def key(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @classmethod
    def from_dict(cls, data: JSON) -> Workload:
        request = data.get("resourceRequest")
        if request is not None:
            _amounts(request, "workload.resourceRequest")
        return cls(
            api_version=data.get("apiVersion") or "",
            kind=data.get("kind") or "",
            namespace=data.get("namespace") or "",
            name=data.get("name") or "",
            uid=data.get("uid") or "",
            replicas=_count(data, "replicas", "workload"),
            resource_request=request,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "replicas": self.replicas,
            "resourceRequest": None if self.resource_request is None else dict(self.resource_request),
        }


@dataclass(frozen=True, slots=True)
class Request:
    """One question; the same for a real run, a preview and a what-if."""

    clusters: tuple[Cluster, ...]
    workload: Workload
    placement: JSON = field(default_factory=dict)
    current: tuple[Target, ...] = ()
    evicting: tuple[str, ...] = ()
    observed_affinity: str | None = None
    trigger: str | None = None
    estimator: str = ESTIMATE_SUMMARY
    now: str | None = None
    compatibility: str = NAVARCH

    @classmethod
    def from_dict(cls, data: JSON) -> Request:
        compatibility = data.get("compatibility") or NAVARCH
        if compatibility not in (NAVARCH, KARMADA):
            raise RequestError("compatibility", f"{compatibility!r} is neither {NAVARCH!r} nor {KARMADA!r}")
        estimator = data.get("estimator") or ESTIMATE_SUMMARY
        if estimator not in (ESTIMATE_AVAILABLE, ESTIMATE_SUMMARY):
            raise RequestError("estimator", f"{estimator!r} is neither {ESTIMATE_AVAILABLE!r} nor {ESTIMATE_SUMMARY!r}")
        return cls(
            clusters=parse_clusters(data.get("clusters") or ()),
            workload=Workload.from_dict(data.get("workload") or {}),
            placement=data.get("placement") or {},
            current=tuple(map(Target.from_dict, data.get("current") or ())),
            evicting=tuple(data.get("evicting") or ()),
            observed_affinity=data.get("observedAffinity"),
            trigger=data.get("trigger"),
            estimator=estimator,
            now=data.get("now"),
            compatibility=compatibility,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "clusters": [cluster.to_dict() for cluster in self.clusters],
            "workload": self.workload.to_dict(),
            "placement": dict(self.placement),
            "current": [target.to_dict() for target in self.current],
            "evicting": list(self.evicting),
            "observedAffinity": self.observed_affinity,
            "trigger": self.trigger,
            "estimator": self.estimator,
            "now": self.now,
            "compatibility": self.compatibility,
        }


def parse_clusters(clusters: Iterable[JSON | Cluster], *, path: str = "clusters") -> tuple[Cluster, ...]:
    """The clusters, parsed once so that many requests can share them; RequestError for a name given twice."""
    parsed = tuple(
        item
        if isinstance(item, Cluster)
        else Cluster.from_dict(_object(item, f"{path}[{index}]"), path=f"{path}[{index}]")
        for index, item in enumerate(clusters)
    )
    seen: set[str] = set()
    for index, cluster in enumerate(parsed):
        if cluster.name in seen:
            raise RequestError(f"{path}[{index}].name", f"cluster {cluster.name} is given twice")
        seen.add(cluster.name)
    return parsed


def _served(enablements: Iterable[JSON]) -> Iterable[tuple[str, str]]:
    for group in enablements:
        for resource in group.get("resources") or ():
            yield group.get("groupVersion") or "", resource.get("kind") or ""


def _enablements(served: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for group_version, kind in sorted(served):
        groups.setdefault(group_version, []).append({"kind": kind})
    return [{"groupVersion": name, "resources": resources} for name, resources in groups.items()]


def _object(value: object, path: str) -> JSON:
    if not isinstance(value, Mapping):
        raise RequestError(path, f"expected a dictionary, not {value!r}")
    return value


def _mapping(data: JSON, name: str, path: str) -> JSON:
    value = data.get(name)
    return {} if value is None else _object(value, f"{path}.{name}")


def _list(data: JSON, name: str, path: str) -> Iterable[Any]:
    value = data.get(name)
    if value is None:
        return ()
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise RequestError(f"{path}.{name}", f"expected a list, not {value!r}")
    return value


def _count(data: JSON, name: str, path: str) -> int | None:
    value = data.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise RequestError(f"{path}.{name}", f"expected a whole number from 0, not {value!r}")


def _amounts(quantities: JSON, path: str) -> dict[str, int]:
    amounts = {}
    for name, quantity in quantities.items():
        try:
            amounts[name] = parse_quantity(quantity)
        except (TypeError, ValueError) as error:
            raise RequestError(f"{path}.{name}", str(error)) from error
    return amounts
