# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question put to the scheduler: one workload, its placement, the clusters, and what runs where now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import RequestError
from .forms import JSON, amounts, count, listed, mapping, object_of
from .machine_sets import MachineSet, parse_machine_sets
from .maintenance import parse_moment, parse_windows
from .neighbours import NOBODY, Neighbour, parse_neighbours
from .nodes import Node, NodeClaim, parse_nodes
from .quantity import counted_in, whole
from .taints import Taint

NAVARCH = "navarch"
KARMADA = "karmada"
ESTIMATE_AVAILABLE = "available"
ESTIMATE_SUMMARY = "resourceSummary"
RESCHEDULE = "reschedule"
SUMMARY = "summary"
ROUNDS = "rounds"
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
    "holds",
    "maintenanceWindows",
    "machineSets",
)


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
        parts = {name: mapping(data, name, path) for name in ("allocatable", "allocated", "allocating")}
        read = {name: amounts(part, f"{path}.{name}") for name, part in parts.items()}
        pods, used_pods, coming_pods = (whole(part.get("pods", 0)) for part in read.values())
        free = dict(read["allocatable"])
        for used in (read["allocated"], read["allocating"]):
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
    nodes: tuple[Node, ...] | None = None
    """Those that can run pods; None when nobody told."""
    cost: float | None = None
    """Per core and hour, in no currency."""
    holds: frozenset[str] = frozenset()
    """Objects that data locality asks for and that are there, each as Kind/namespace/name."""
    machine_sets: tuple[MachineSet, ...] = ()
    """Machines that it could have more of."""

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "cluster") -> Cluster:
        name = data.get("name")
        if not name or not isinstance(name, str):
            raise RequestError(f"{path}.name", "a cluster needs a name")
        summary = data.get("resourceSummary")
        served = data.get("apiEnablements")
        nodes, windows = data.get("nodes"), data.get("maintenanceWindows")
        taints = tuple(map(Taint.from_dict, listed(data, "taints", path)))
        if windows:
            windows = listed(data, "maintenanceWindows", path)
            taints = (*taints, Taint.of_maintenance(parse_windows(windows, path=f"{path}.maintenanceWindows")))
        return cls(
            name=name,
            labels=mapping(data, "labels", path),
            provider=data.get("provider") or "",
            region=data.get("region") or "",
            zones=tuple(listed(data, "zones", path)),
            taints=taints,
            ready=data.get("ready", True) is not False,
            deleting=bool(data.get("deleting")),
            api_enablements=None if served is None else frozenset(_served(served)),
            available=count(data, "available", path),
            resource_summary=None
            if summary is None
            else ResourceSummary.from_dict(summary, path=f"{path}.resourceSummary"),
            nodes=None if nodes is None else parse_nodes(listed(data, "nodes", path), path=f"{path}.nodes"),
            cost=_cost(data, path),
            holds=frozenset(listed(data, "holds", path)),
            machine_sets=parse_machine_sets(listed(data, "machineSets", path), path=f"{path}.machineSets"),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "provider": self.provider,
            "region": self.region,
            "zones": list(self.zones),
            "taints": [taint.to_dict() for taint in self.taints if not taint.hours],
            "ready": self.ready,
            "deleting": self.deleting,
            "apiEnablements": None if self.api_enablements is None else _enablements(self.api_enablements),
            "available": self.available,
            "resourceSummary": None if self.resource_summary is None else self.resource_summary.to_dict(),
            "nodes": None if self.nodes is None else [node.to_dict() for node in self.nodes],
            "cost": self.cost,
            "holds": sorted(self.holds),
            "maintenanceWindows": [window.to_dict() for taint in self.taints for window in taint.hours],
            "machineSets": [each.to_dict() for each in self.machine_sets],
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
    node_claim: NodeClaim | None = None
    """What it wants of the node that it runs on."""

    @property
    def key(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @classmethod
    def from_dict(cls, data: JSON) -> Workload:
        request, claim = data.get("resourceRequest"), data.get("nodeClaim")
        if request is not None:
            amounts(request, "workload.resourceRequest")
        return cls(
            api_version=data.get("apiVersion") or "",
            kind=data.get("kind") or "",
            namespace=data.get("namespace") or "",
            name=data.get("name") or "",
            uid=data.get("uid") or "",
            replicas=count(data, "replicas", "workload"),
            resource_request=request,
            node_claim=None if claim is None else NodeClaim.from_dict(object_of(claim, "workload.nodeClaim")),
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
            "nodeClaim": None if self.node_claim is None else dict(self.node_claim.source),
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
    application: Neighbour = NOBODY
    """Whose workload it is, for the rules between applications."""
    neighbours: tuple[Neighbour, ...] = ()
    """The other applications, and where they stand."""
    explain: str = SUMMARY
    """With ROUNDS, every division says replica by replica where it goes."""

    @classmethod
    def from_dict(cls, data: JSON) -> Request:
        explain = data.get("explain") or SUMMARY
        if explain not in (SUMMARY, ROUNDS):
            raise RequestError("explain", f"{explain!r} is neither {SUMMARY!r} nor {ROUNDS!r}")
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
            now=_now(data),
            compatibility=compatibility,
            application=Neighbour.from_dict(mapping(data, "application", "request"), path="application"),
            neighbours=parse_neighbours(listed(data, "neighbours", "request")),
            explain=explain,
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
            "application": self.application.to_dict(),
            "neighbours": [neighbour.to_dict() for neighbour in self.neighbours],
            "explain": self.explain,
        }


def parse_clusters(clusters: Iterable[JSON | Cluster], *, path: str = "clusters") -> tuple[Cluster, ...]:
    """The clusters, parsed once so that many requests can share them; RequestError for a name given twice."""
    parsed = tuple(
        item
        if isinstance(item, Cluster)
        else Cluster.from_dict(object_of(item, f"{path}[{index}]"), path=f"{path}[{index}]")
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


def _cost(data: JSON, path: str) -> float | None:
    value = data.get("cost")
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0):
        return value
    raise RequestError(f"{path}.cost", f"expected a number from 0, not {value!r}")


def _now(data: JSON) -> str | None:
    value = data.get("now")
    if value is None:
        return None
    try:
        parse_moment(str(value))
    except ValueError:
        raise RequestError("now", f"{value!r} is no time such as 2026-11-28T22:00:00Z") from None
    return str(value)
