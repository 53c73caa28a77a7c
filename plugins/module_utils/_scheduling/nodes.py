# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of a cluster: a pod that fits no single one of them does not fit, however much they have together.

Nodes that look the same may be told as one with a `count`, so that a cluster of thousands stays a short list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .forms import JSON, amounts, count, listed, mapping, object_of
from .labels import Match, label_rule, label_selector
from .quantity import UNIT, format_quantity, parse_quantity
from .taints import OBEYED_EFFECTS, Taint, Toleration

UNSCHEDULABLE = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")


@dataclass(frozen=True, slots=True)
class Node:
    """A node, or several that look the same."""

    name: str
    free: Mapping[str, int]
    """What is left of each allocatable resource, in billionths; pods too, where they are limited."""
    labels: Mapping[str, str]
    taints: tuple[Taint, ...] = ()
    count: int = 1
    unknown_labels: frozenset[str] = frozenset()
    """Labels that it has and whose values nobody recorded: what asks for one of them may fit."""

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "nodes") -> Node | None:
        """Read a node; None when it is not ready, and so has room for nothing."""
        many = count(data, "count", path)
        free = amounts(mapping(data, "allocatable", path), f"{path}.allocatable")
        for name, used in amounts(mapping(data, "allocated", path), f"{path}.allocated").items():
            if name in free:
                free[name] -= used
        taints = tuple(map(Taint.from_dict, listed(data, "taints", path)))
        if data.get("unschedulable") and not any(taint.key == UNSCHEDULABLE.key for taint in taints):
            taints = (*taints, UNSCHEDULABLE)
        if data.get("ready", True) is False or many == 0:
            return None
        return cls(
            name=str(data.get("name") or ""),
            free=free,
            labels=mapping(data, "labels", path),
            taints=taints,
            count=1 if many is None else many,
            unknown_labels=frozenset(listed(data, "unknownLabels", path)),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "allocatable": {name: format_quantity(amount) for name, amount in self.free.items()},
            "labels": dict(self.labels),
            "taints": [taint.to_dict() for taint in self.taints],
            "count": self.count,
            "unknownLabels": sorted(self.unknown_labels),
        }


@dataclass(frozen=True, slots=True)
class NodeClaim:
    """What a pod wants of the node that it runs on."""

    text: str
    """As it was written, for comparing."""
    source: JSON = field(compare=False)
    tolerations: tuple[Toleration, ...] = field(compare=False)
    selector: tuple[Match, ...] = field(compare=False)
    terms: tuple[Callable[[Node], bool], ...] | None = field(compare=False)
    """Of these one has to match; None when there is no such rule."""
    keys: frozenset[str] = field(compare=False)
    """The labels that it asks for."""

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "workload.nodeClaim") -> NodeClaim:
        """Read the form of Karmada's `nodeClaim`, or `affinity` as a pod has it."""
        required = _required_affinity(data, path)
        selector = mapping(data, "nodeSelector", path)
        terms = None if required is None else tuple(listed(required, "nodeSelectorTerms", path))
        rules = [rule for term in terms or () for rule in (term or {}).get("matchExpressions") or ()]
        return cls(
            text=json.dumps(data, sort_keys=True, default=str),
            source=data,
            tolerations=tuple(map(Toleration.from_dict, listed(data, "tolerations", path))),
            selector=label_selector({"matchLabels": selector}),
            terms=None if terms is None else tuple(_term(term or {}) for term in terms),
            keys=frozenset({*selector, *(rule.get("key") or "" for rule in rules)}),
        )

    def accepts(self, node: Node) -> bool:
        """Whether a pod with this claim may run on the node."""
        for taint in node.taints:
            if taint.effect in OBEYED_EFFECTS and not any(
                toleration.tolerates(taint.key, taint.value, taint.effect) for toleration in self.tolerations
            ):
                return False
        if not self.keys.isdisjoint(node.unknown_labels):
            return True
        if not all(match(node.labels) for match in self.selector):
            return False
        return self.terms is None or any(term(node) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Part:
    """What one of several workloads wants of the nodes."""

    asked: Mapping[str, int]
    """By one replica, in billionths."""
    claim: NodeClaim
    replicas: int


NO_CLAIM = NodeClaim("{}", {}, (), (), None, frozenset())


def parse_nodes(nodes: Iterable[object], *, path: str) -> tuple[Node, ...]:
    """The nodes that can run pods, in an order that does not hang on that of the input."""
    found = (
        Node.from_dict(object_of(node, f"{path}[{index}]"), path=f"{path}[{index}]") for index, node in enumerate(nodes)
    )
    return tuple(sorted((node for node in found if node is not None), key=_order))


def replicas_that_fit(nodes: Sequence[Node], asked: Mapping[str, int], claim: NodeClaim) -> int:
    """How many replicas that ask for so much (in billionths) the nodes have room for, each on one node."""
    return sum(node.count * fits_on(node, asked) for node in nodes if claim.accepts(node))


def fits_on(node: Node, asked: Mapping[str, int]) -> int:
    """How many replicas one such node has room for, its taints and labels aside."""
    free = node.free
    pods = free.get("pods")
    # A replica that asks for nothing is limited by the number of pods alone; who gives none means no limit.
    fits = max(pods // UNIT, 0) if pods is not None else None
    for name, amount in asked.items():
        if amount > 0:
            share = max(free.get(name, 0), 0) // amount
            fits = share if fits is None or share < fits else fits
    return _UNLIMITED if fits is None else fits


_UNLIMITED = 10**6


def take(
    nodes: Sequence[Node], asked: Mapping[str, int], claim: NodeClaim, replicas: int
) -> tuple[tuple[Node, ...], int]:
    """The nodes after so many replicas came, and how many of these found no node.

    They go to the nodes with least room for them first, so that large nodes stay free for large pods.
    """
    sized = [(fits_on(node, asked) if claim.accepts(node) else 0, position) for position, node in enumerate(nodes)]
    after: list[Node] = [node for node, (fits, _position) in zip(nodes, sized, strict=True) if fits == 0]
    for fits, position in sorted(each for each in sized if each[0] > 0):
        node = nodes[position]
        here = min(replicas, fits * node.count)
        replicas -= here
        full, rest = divmod(here, fits)
        untouched = node.count - full - (1 if rest else 0)
        for taken, many in ((fits, full), (rest, 1 if rest else 0), (0, untouched)):
            if many:
                after.append(
                    replace(node, free=_less(node.free, asked, taken), count=many)
                    if taken
                    else replace(node, count=many)
                )
    return tuple(sorted(after, key=_order)), replicas


def joint_room(nodes: Sequence[Node], parts: Sequence[Part], missing: int) -> int:
    """How many of the missing joint replicas fit: the largest share of each workload that finds nodes, all of them there.

    :param missing: joint replicas, of which each workload's replicas are a fixed share.
    """
    low, high = 0, missing
    while low < high:
        middle = (low + high + 1) // 2
        if _hold(nodes, [(part, -(-part.replicas * middle // missing)) for part in parts]):
            low = middle
        else:
            high = middle - 1
    return low


def _hold(nodes: Sequence[Node], wanted: Iterable[tuple[Part, int]]) -> bool:
    for part, replicas in wanted:
        nodes, left = take(nodes, part.asked, part.claim, replicas)
        if left:
            return False
    return True


def asked_amounts(request: Mapping[str, Any] | None) -> dict[str, int]:
    """What one replica asks for, in billionths."""
    return {name: parse_quantity(value) for name, value in (request or {}).items()}


def _less(free: Mapping[str, int], asked: Mapping[str, int], replicas: int) -> dict[str, int]:
    left = {name: amount - asked.get(name, 0) * replicas for name, amount in free.items()}
    if "pods" in left:
        left["pods"] = free["pods"] - replicas * UNIT
    return left


def _order(node: Node) -> tuple[str, str, str, int]:
    return (
        node.name,
        repr(sorted(node.free.items())),
        repr((sorted(node.labels.items()), [str(taint) for taint in node.taints])),
        node.count,
    )


def _required_affinity(data: JSON, path: str) -> JSON | None:
    hard = data.get("hardNodeAffinity")
    if hard is None:
        node_affinity = mapping(mapping(data, "affinity", path), "nodeAffinity", f"{path}.affinity")
        hard = node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return hard


def _term(term: JSON) -> Callable[[Node], bool]:
    """A term without any rule matches no node, as in Kubernetes."""
    labels = tuple(label_rule(rule) for rule in term.get("matchExpressions") or ())
    fields = tuple(label_rule(rule) for rule in term.get("matchFields") or ())
    if not labels and not fields:
        return lambda node: False
    return lambda node: (
        all(match(node.labels) for match in labels) and all(match({"metadata.name": node.name}) for match in fields)
    )
