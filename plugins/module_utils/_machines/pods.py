# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod as somebody sees it who looks for a node for it. Pure: an object of the API server in, its wishes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from .._registry.facts import pod_request
from .._registry.member import parse_time
from .._scheduling.labels import Match, label_selector
from .._scheduling.nodes import NodeClaim
from .._scheduling.quantity import UNIT

if TYPE_CHECKING:
    from typing import Any

MIRROR = "kubernetes.io/config.mirror"
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
EXPENDABLE = -10
"""Pods of a lower priority get no machine and hold none, as with the cluster autoscaler."""


@dataclass(frozen=True, slots=True)
class Term:
    """Pods that have to be near, or may not be."""

    topology: str
    """The label of nodes that says what near is."""
    selector: tuple[Match, ...]
    namespaces: frozenset[str] | None
    """None for all."""

    def matches(self, pod: Pod) -> bool:
        """Whether the pod is one of those meant."""
        inside = self.namespaces is None or pod.namespace in self.namespaces
        return inside and all(match(pod.labels) for match in self.selector)


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly pods have to be spread."""

    term: Term
    most_skew: int
    least_domains: int


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod."""

    namespace: str
    name: str
    request: Mapping[str, int]
    """In billionths, the pod itself among them."""
    claim: NodeClaim
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """Kind of its controller."""
    owner_uid: str = ""
    priority: int = 0
    node: str = ""
    unschedulable_since: datetime | None = None
    """Since when its scheduler finds no node for it; None when it has one, or was not looked at."""
    near: tuple[Term, ...] = ()
    away: tuple[Term, ...] = ()
    spread: tuple[Spread, ...] = ()
    local_volumes: tuple[str, ...] = ()
    """Volumes that are lost with the node."""
    going: bool = False
    """It is being deleted."""

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> Pod:
        """Read a Pod of an API server."""
        metadata, spec = obj.get("metadata") or {}, obj.get("spec") or {}
        namespace = str(metadata.get("namespace") or "")
        affinity = spec.get("affinity") or {}
        owners = [each for each in metadata.get("ownerReferences") or () if each.get("controller")]
        owner: Mapping[str, Any] = owners[0] if owners else {}
        amounts = {name: int(amount * UNIT) for name, amount in pod_request(spec).items()}
        return cls(
            namespace=namespace,
            name=str(metadata.get("name") or ""),
            request={**amounts, "pods": UNIT},
            claim=NodeClaim.from_dict(spec, path="spec"),
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
            owner=str(owner.get("kind") or ""),
            owner_uid=str(owner.get("uid") or ""),
            priority=int(spec.get("priority") or 0),
            node=str(spec.get("nodeName") or ""),
            unschedulable_since=_unschedulable_since(obj),
            near=_terms(affinity.get("podAffinity"), namespace),
            away=_terms(affinity.get("podAntiAffinity"), namespace),
            spread=tuple(_spreads(spec, namespace)),
            local_volumes=tuple(str(volume.get("name")) for volume in spec.get("volumes") or () if _is_local(volume)),
            going=bool(metadata.get("deletionTimestamp")),
        )

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def stays_with_its_node(self) -> bool:
        """Whether the node itself brought it, so that it neither needs another nor holds this one."""
        return self.owner in ("DaemonSet", "Node") or MIRROR in self.annotations

    @property
    def likeness(self) -> tuple[str, str, str]:
        """Equal for pods of one controller, which want the same."""
        return (self.owner_uid or self.key, self.claim.text, repr(sorted(self.request.items())))


def _is_local(volume: Mapping[str, Any]) -> bool:
    if volume.get("emptyDir") is not None:
        return volume["emptyDir"].get("medium") != "Memory"
    return volume.get("hostPath") is not None


def _unschedulable_since(obj: Mapping[str, Any]) -> datetime | None:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if spec.get("nodeName") or status.get("nominatedNodeName") or (obj.get("metadata") or {}).get("deletionTimestamp"):
        return None
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            if condition.get("reason") != "Unschedulable":
                return None
            return parse_time(condition.get("lastTransitionTime"))
    return None


def _terms(affinity: Mapping[str, Any] | None, namespace: str) -> tuple[Term, ...]:
    required = (affinity or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(_term(term, namespace) for term in required)


def _term(term: Mapping[str, Any], namespace: str) -> Term:
    named: Iterable[str] = term.get("namespaces") or ()
    # Which namespaces a selector means is not looked up: all of them is the careful reading.
    everywhere = term.get("namespaceSelector") is not None
    return Term(
        topology=str(term.get("topologyKey") or ""),
        # Without a selector no pod is meant; an empty one means all of them.
        selector=(_nothing,) if term.get("labelSelector") is None else label_selector(term["labelSelector"]),
        namespaces=None if everywhere else frozenset(named) or frozenset({namespace}),
    )


def _nothing(labels: Mapping[str, str]) -> bool:
    return False


def _spreads(spec: Mapping[str, Any], namespace: str) -> Iterable[Spread]:
    for rule in spec.get("topologySpreadConstraints") or ():
        if rule.get("whenUnsatisfiable") == "DoNotSchedule":
            yield Spread(_term(rule, namespace), int(rule.get("maxSkew") or 1), int(rule.get("minDomains") or 1))
