# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member looks like to somebody who decides about its machines: nodes, pods, budgets of disruption, DaemonSets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.discovery import Resource
from .._kube.session import Session
from .._registry.names import NODES, PODS
from .._scheduling.labels import label_selector
from .._scheduling.nodes import Node, NodeClaim
from .._scheduling.quantity import parse_quantity
from .fit import Board, Place
from .pods import EXPENDABLE, Pod
from .shrink import DisruptionBudget

if TYPE_CHECKING:
    from typing import Any

_READ = frozenset({"get", "list"})
BUDGETS = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", True, _READ)
DAEMON_SETS = Resource("apps", "v1", "DaemonSet", "daemonsets", True, _READ)
_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"
_STARTING = "node.kubernetes.io/"
"""Taints of nodes that start or ail; a node that is ready keeps none of them, so what has one is no place for a pod."""


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """One node."""

    name: str
    ready: bool
    open: bool
    """New pods may come."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    allocatable: Mapping[str, str]
    provider_id: str = ""

    @classmethod
    def from_object(cls, obj: Mapping[str, Any]) -> NodeSeen:
        """Read a Node of an API server."""
        metadata, spec, status = obj.get("metadata") or {}, obj.get("spec") or {}, obj.get("status") or {}
        conditions = status.get("conditions") or ()
        return cls(
            name=str(metadata.get("name") or ""),
            ready=any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions),
            open=not spec.get("unschedulable") and not metadata.get("deletionTimestamp"),
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
            taints=tuple(spec.get("taints") or ()),
            allocatable=status.get("allocatable") or {},
            provider_id=str(spec.get("providerID") or ""),
        )

    @property
    def amounts(self) -> dict[str, int]:
        """What is allocatable, in billionths."""
        return {name: parse_quantity(text) for name, text in self.allocatable.items()}

    def as_place(self, pods: Iterable[Pod]) -> Place:
        """The node with these pods on it."""
        document = {"name": self.name, "allocatable": self.allocatable, "labels": self.labels, "taints": self.taints}
        place = Place(node_of(document))
        for pod in pods:
            place = place.with_pod(pod)
        return place


@dataclass(frozen=True, slots=True)
class Daemon:
    """What a DaemonSet takes of each node that it runs on."""

    claim: NodeClaim
    request: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class View:
    """One member."""

    nodes: Mapping[str, NodeSeen]
    pods: Sequence[Pod]
    budgets: Sequence[DisruptionBudget]
    daemons: Sequence[Daemon]

    @property
    def board(self) -> Board:
        """Nodes that new pods may go to, with what runs there."""
        by_node: dict[str, list[Pod]] = {}
        for pod in self.pods:
            if pod.node:
                by_node.setdefault(pod.node, []).append(pod)
        return Board(
            node.as_place(by_node.get(name, ())) for name, node in self.nodes.items() if node.ready and node.open
        )

    @property
    def unschedulable(self) -> list[Pod]:
        """Pods that their scheduler finds no node for."""
        return [
            pod
            for pod in self.pods
            if pod.unschedulable_since is not None and pod.priority >= EXPENDABLE and not pod.stays_with_its_node
        ]


def look(session: Session) -> View:
    """Read one member."""
    nodes = {node.name: node for node in map(NodeSeen.from_object, session.list(NODES))}
    pods = [Pod.from_object(obj) for page in session.pages(PODS, field_selector=_RUNNING) for obj in page]
    budgets = [_budget(obj) for obj in session.list(BUDGETS)]
    daemons = [_daemon(obj) for obj in session.list(DAEMON_SETS)]
    return View(dict(sorted(nodes.items())), pods, budgets, daemons)


def node_of(document: Mapping[str, Any]) -> Node:
    """A node in the form that placing works with."""
    node = Node.from_dict(document)
    if node is None:
        raise AssertionError("it was not said to be out of order")
    return node


def _budget(obj: Mapping[str, Any]) -> DisruptionBudget:
    metadata, status = obj.get("metadata") or {}, obj.get("status") or {}
    selector = (obj.get("spec") or {}).get("selector")
    fresh = int(status.get("observedGeneration") or 0) >= int(metadata.get("generation") or 0)
    return DisruptionBudget(
        key=f"{metadata.get('namespace')}/{metadata.get('name')}",
        namespace=str(metadata.get("namespace") or ""),
        selector=label_selector(selector),
        # While nobody has counted, nobody may leave.
        allowed=int(status.get("disruptionsAllowed") or 0) if fresh else 0,
    )


def _daemon(obj: Mapping[str, Any]) -> Daemon:
    pod = Pod.from_object((obj.get("spec") or {}).get("template") or {})
    return Daemon(pod.claim, pod.request)
