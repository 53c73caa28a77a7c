# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of a member in a few lines, whatever their number: what decides whether a single pod fits. Pure.

Nodes that look the same are one entry with a count. Busy nodes all differ by a little: where they would be too many
entries, those with similar room are told by their average. A label that tells nodes apart rather than kinds of nodes is
left out, and it is said that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from .quantity import add, format_amounts

if TYPE_CHECKING:
    from typing import Any

MOST_ENTRIES = 64
"""Of a member's record, together under a few kilobytes."""

MOST_VALUES = 16
"""A label with more different values than that names nodes, not kinds of nodes."""

MOST_LABELS = 48
"""Of one node; what a member says is bounded."""

_NAMES_A_NODE = "kubernetes.io/hostname"
_OBEYED = ("NoSchedule", "NoExecute")
Labels = tuple[tuple[str, str], ...]
Taints = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A node that is ready."""

    name: str
    labels: Labels
    taints: Taints
    """Those that keep pods away; a cordoned node has the one that says so."""
    allocatable: Mapping[str, Decimal]

    @classmethod
    def from_object(cls, node: Mapping[str, Any], allocatable: Mapping[str, Decimal]) -> NodeFacts:
        """Read a Node; what it says is cut to what Kubernetes allows."""
        metadata, spec = node.get("metadata") or {}, node.get("spec") or {}
        labels = sorted((str(key)[:317], str(value)[:63]) for key, value in (metadata.get("labels") or {}).items())
        taints = {
            (str(taint.get("key"))[:317], str(taint.get("value") or "")[:63], str(taint.get("effect")))
            for taint in spec.get("taints") or ()
            if taint.get("effect") in _OBEYED
        }
        if spec.get("unschedulable"):
            taints.add(("node.kubernetes.io/unschedulable", "", "NoSchedule"))
        return cls(str(metadata.get("name")), tuple(labels), tuple(sorted(taints)), allocatable)


def summarise(nodes: Sequence[NodeFacts], used: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Any]:
    """The field ``nodes`` of ``Cluster.status``, and the labels that it leaves out; no entries when it can't be short.

    :param used: what the pods of each node ask for.
    """
    left_out = _labels_that_name(nodes)
    kinds: dict[_Kind, list[_Size]] = {}
    for node in nodes:
        kind = (_without(node.labels, left_out), node.taints)
        kinds.setdefault(kind, []).append(_free(node, used.get(node.name) or {}))
    entries = {kind: _counted(sizes) for kind, sizes in kinds.items()}
    if sum(map(len, entries.values())) > MOST_ENTRIES:
        # Nodes with and without a resource have no average.
        alike = [(kind, same) for kind, sizes in kinds.items() for same in _by_resources(sizes)]
        if len(alike) > MOST_ENTRIES:
            return {"nodes": [], "nodeLabelsLeftOut": []}
        entries = {}
        for bunch in _split(alike):
            counts = entries.setdefault(bunch.kind, {})
            counts[bunch.average] = counts.get(bunch.average, 0) + len(bunch.sizes)
    return {"nodes": _written(entries), "nodeLabelsLeftOut": sorted(left_out)}


def _labels_that_name(nodes: Sequence[NodeFacts]) -> frozenset[str]:
    values: dict[str, set[str]] = {}
    for node in nodes:
        for key, value in node.labels:
            values.setdefault(key, set()).add(value)
    many = {key for key, known in values.items() if len(known) > MOST_VALUES}
    surplus = {key for node in nodes if len(node.labels) > MOST_LABELS for key, _value in node.labels[MOST_LABELS:]}
    return frozenset(many | surplus | ({_NAMES_A_NODE} & values.keys()))


def _without(labels: Labels, left_out: frozenset[str]) -> Labels:
    return tuple((key, value) for key, value in labels if key not in left_out)


_Kind = tuple[Labels, Taints]
_Size = tuple[tuple[str, Decimal], ...]
"""What is free of each resource."""


def _free(node: NodeFacts, used: Mapping[str, Decimal]) -> _Size:
    there = ((name, amount) for name, amount in node.allocatable.items() if amount > 0 or name == "pods")
    return tuple((name, max(amount - used.get(name, Decimal(0)), Decimal(0))) for name, amount in sorted(there))


def _counted(sizes: Iterable[_Size]) -> dict[_Size, int]:
    counts: dict[_Size, int] = {}
    for size in sizes:
        counts[size] = counts.get(size, 0) + 1
    return counts


def _by_resources(sizes: Iterable[_Size]) -> list[list[_Size]]:
    found: dict[tuple[str, ...], list[_Size]] = {}
    for size in sizes:
        found.setdefault(tuple(name for name, _amount in size), []).append(size)
    return [found[names] for names in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Bunch:
    """Nodes of one kind that are told by their average."""

    kind: _Kind
    sizes: Sequence[_Size]
    widest: int
    """The resource in which they differ most."""
    error: float
    """How much of it they have beyond the least of them, as a share of what all nodes have."""

    @classmethod
    def of(cls, kind: _Kind, sizes: Sequence[_Size], totals: Mapping[str, Decimal]) -> _Bunch:
        errors = [0.0]
        for position, (name, _amount) in enumerate(sizes[0]):
            amounts = [size[position][1] for size in sizes]
            beyond = sum(amounts) - len(amounts) * min(amounts)
            errors.insert(position, float(beyond / totals[name]) if totals[name] else 0.0)
        widest = max(range(len(errors)), key=errors.__getitem__)
        return cls(kind, sizes, widest, errors[widest])

    def halves(self, totals: Mapping[str, Decimal]) -> list[_Bunch]:
        ordered = sorted(self.sizes, key=lambda size: (size[self.widest][1], size))
        middle = len(ordered) // 2
        return [_Bunch.of(self.kind, half, totals) for half in (ordered[:middle], ordered[middle:])]

    @property
    def average(self) -> _Size:
        count = len(self.sizes)
        return tuple(
            (name, sum((size[position][1] for size in self.sizes), Decimal(0)) / count)
            for position, (name, _amount) in enumerate(self.sizes[0])
        )


def _split(groups: Iterable[tuple[_Kind, Sequence[_Size]]]) -> list[_Bunch]:
    """Halve the bunch that its average describes worst, until there are as many as may be."""
    known = list(groups)
    totals: dict[str, Decimal] = {}
    for _kind, sizes in known:
        for size in sizes:
            add(totals, dict(size))
    bunches = [_Bunch.of(kind, sizes, totals) for kind, sizes in known]
    while len(bunches) < MOST_ENTRIES:
        worst = max(bunches, key=lambda bunch: bunch.error)
        if worst.error == 0:
            break
        bunches.remove(worst)
        bunches += worst.halves(totals)
    return bunches


def _written(entries: Mapping[_Kind, Mapping[_Size, int]]) -> list[dict[str, Any]]:
    """Labels and taints once for all sizes of nodes that share them; the same nodes give the same text."""
    return [
        {
            "labels": dict(labels),
            "taints": [_taint(*taint) for taint in taints],
            "sizes": [{"count": count, "free": _amounts(size)} for size, count in sorted(sizes.items())],
        }
        for (labels, taints), sizes in sorted(entries.items(), key=lambda entry: entry[0])
    ]


def _amounts(size: _Size) -> dict[str, str]:
    """Down to what each resource is counted in: thousandths of a core, else whole."""
    finest = {"cpu": Decimal("0.001")}
    return format_amounts(
        {name: amount.quantize(finest.get(name, Decimal(1)), rounding=ROUND_FLOOR) for name, amount in size}
    )


def _taint(key: str, value: str, effect: str) -> dict[str, str]:
    return {"key": key, **({"value": value} if value else {}), "effect": effect}


def node_entries(status: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The recorded nodes in the form that scheduling asks for."""
    unknown = list(status.get("nodeLabelsLeftOut") or ())
    for kind in status.get("nodes") or ():
        for size in kind.get("sizes") or ():
            yield {
                "allocatable": dict(size.get("free") or {}),
                "labels": dict(kind.get("labels") or {}),
                "taints": [dict(taint) for taint in kind.get("taints") or ()],
                "count": int(size.get("count") or 1),
                "unknownLabels": unknown,
            }
