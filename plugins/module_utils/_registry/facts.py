# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member's nodes and pods add up to. Pure: lists in, status fields out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from .nodes import NodeFacts, summarise
from .quantity import add, format_amounts, parse_amounts

if TYPE_CHECKING:
    from typing import Any

    Amounts = dict[str, Decimal]

_ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_PROVIDERS = {"gce": "gcp", "aws": "aws", "azure": "azure", "openstack": "openstack", "vsphere": "vsphere"}
_LONGEST = 253
"""What a member says is cut to this length."""


@dataclass(frozen=True, slots=True)
class NodesFacts:
    """What the nodes of a cluster say together."""

    total: int
    ready: int
    usable: frozenset[str]
    """Names of nodes that new pods may go to: ready, not cordoned, no control plane."""
    allocatable: Mapping[str, Decimal]
    zones: tuple[str, ...]
    region: str
    provider: str
    each: tuple[NodeFacts, ...]
    """Those that are ready, one by one."""


def node_facts(nodes: Iterable[Mapping[str, Any]]) -> NodesFacts:
    """Add up nodes."""
    total = ready = 0
    usable: set[str] = set()
    allocatable: Amounts = {}
    zones: set[str] = set()
    regions: dict[str, int] = {}
    providers: dict[str, int] = {}
    each: list[NodeFacts] = []
    for node in nodes:
        metadata, spec, status = node.get("metadata") or {}, node.get("spec") or {}, node.get("status") or {}
        labels = metadata.get("labels") or {}
        total += 1
        zone, region = _first(labels, _ZONE_LABELS), _first(labels, _REGION_LABELS)
        if zone:
            zones.add(zone)
        if region:
            regions[region] = regions.get(region, 0) + 1
        provider = _provider(str(spec.get("providerID") or ""))
        if provider:
            providers[provider] = providers.get(provider, 0) + 1
        if not _is_ready(status):
            continue
        ready += 1
        own = parse_amounts(status.get("allocatable"))
        each.append(NodeFacts.from_object(node, own))
        if _takes_pods(spec):
            usable.add(str(metadata.get("name")))
            add(allocatable, own)
    return NodesFacts(
        total, ready, frozenset(usable), allocatable, tuple(sorted(zones)), _most(regions), _most(providers), tuple(each)
    )  # fmt: skip


@dataclass(slots=True)
class PodFacts:
    """Requests of pods, added up page by page so that no cluster's pods need to fit in memory."""

    usable: frozenset[str]
    by_node: dict[str, Amounts]
    """What the pods of each ready node ask for."""
    allocating: Amounts

    @classmethod
    def on(cls, nodes: NodesFacts) -> PodFacts:
        """Begin; pods on nodes that are not ready don't count, as these nodes' capacity doesn't."""
        return cls(nodes.usable, {node.name: {} for node in nodes.each}, {})

    @property
    def allocated(self) -> Amounts:
        """What the pods on all usable nodes ask for."""
        total: Amounts = {}
        for name in self.usable:
            add(total, self.by_node[name])
        return total

    def count(self, pods: Iterable[Mapping[str, Any]]) -> None:
        """Add one page."""
        for pod in pods:
            spec, status = pod.get("spec") or {}, pod.get("status") or {}
            if status.get("phase") in ("Succeeded", "Failed"):
                continue
            node = spec.get("nodeName")
            if node and node not in self.by_node:
                continue
            request = pod_request(spec)
            request["pods"] = Decimal(1)
            add(self.by_node[node] if node else self.allocating, request)


def pod_request(spec: Mapping[str, Any]) -> Amounts:
    """What a pod asks for, as the scheduler counts it.

    Containers and sidecars run together; each init container runs beside the sidecars that started before it.
    """
    containers: Amounts = {}
    for container in spec.get("containers") or ():
        add(containers, _requests(container))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        request = _requests(container)
        if container.get("restartPolicy") == "Always":
            add(sidecars, request)
            request = {}
        moment = dict(sidecars)
        add(moment, request)
        peak = _greatest(peak, moment)
    add(containers, sidecars)
    total = _greatest(containers, peak)
    # A request of the pod itself stands in for the sum of its containers.
    total.update(_requests(spec))
    add(total, parse_amounts(spec.get("overhead")))
    return total


def status_facts(nodes: NodesFacts, pods: PodFacts) -> dict[str, Any]:
    """The fields of ``Cluster.status`` that come from nodes and pods."""
    found: dict[str, Any] = {
        "nodeSummary": {"totalNum": nodes.total, "readyNum": nodes.ready},
        "resourceSummary": {
            "allocatable": format_amounts(nodes.allocatable),
            "allocated": format_amounts(pods.allocated),
            "allocating": format_amounts(pods.allocating),
        },
        "zones": list(nodes.zones),
        "region": nodes.region,
        "provider": nodes.provider,
        **summarise(nodes.each, pods.by_node),
    }
    return found


def _requests(part: Mapping[str, Any]) -> Amounts:
    return parse_amounts((part.get("resources") or {}).get("requests"))


def _greatest(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in {*one, *other}}


def _is_ready(status: Mapping[str, Any]) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def _takes_pods(spec: Mapping[str, Any]) -> bool:
    if spec.get("unschedulable"):
        return False
    return not any(taint.get("key") in _CONTROL_PLANE for taint in spec.get("taints") or ())


def _provider(provider_id: str) -> str:
    scheme, separator, _rest = provider_id.partition("://")
    return _PROVIDERS.get(scheme, scheme)[:_LONGEST] if separator else ""


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((str(labels[name])[:_LONGEST] for name in names if labels.get(name)), "")


def _most(counts: Mapping[str, int]) -> str:
    """The most frequent one; the first by name among equals."""
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""
