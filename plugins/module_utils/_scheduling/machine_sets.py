# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machine sets of a cluster: what room there would be if machines were added to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .errors import RequestError
from .forms import JSON, amounts, count, listed, mapping, object_of
from .nodes import Node
from .quantity import UNIT, format_quantity, parse_quantity
from .taints import Taint

if TYPE_CHECKING:
    from .request import Cluster

_ZONE = "topology.kubernetes.io/zone"
_POD_LIMIT = 110
"""Pods of a node whose kubelet was told no other number."""


@dataclass(frozen=True, slots=True)
class MachineSet:
    """Machines that look alike and that a cluster could have more of."""

    name: str
    allocatable: Mapping[str, int]
    """What pods can have of one, in billionths."""
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    zones: tuple[str, ...]
    existing: int
    """There, or on their way."""
    upcoming: int
    """Of these, the ones that are no nodes yet."""
    addable: int
    limit: str
    """What allows no more."""
    cost_per_hour: float | None
    seconds_to_create: int | None

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "machineSets") -> MachineSet:
        """Read an entry of `machineSets`."""
        name = data.get("name")
        if not name or not isinstance(name, str):
            raise RequestError(f"{path}.name", "a machine set needs a name")
        allocatable = amounts(mapping(data, "allocatable", path), f"{path}.allocatable")
        cost, seconds = data.get("costPerHour"), data.get("secondsToCreate")
        return cls(
            name=name,
            allocatable={"pods": _POD_LIMIT * UNIT, **allocatable},
            labels=mapping(data, "labels", path),
            taints=tuple(map(Taint.from_dict, listed(data, "taints", path))),
            zones=tuple(map(str, listed(data, "zones", path))),
            existing=count(data, "existing", path) or 0,
            upcoming=count(data, "upcoming", path) or 0,
            addable=count(data, "addable", path) or 0,
            limit=str(data.get("limit") or ""),
            cost_per_hour=None if cost is None else float(cost),
            seconds_to_create=None if seconds is None else int(seconds),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "allocatable": {name: format_quantity(amount) for name, amount in self.allocatable.items()},
            "labels": dict(self.labels),
            "taints": [taint.to_dict() for taint in self.taints],
            "zones": list(self.zones),
            "existing": self.existing,
            "upcoming": self.upcoming,
            "addable": self.addable,
            "limit": self.limit,
            "costPerHour": self.cost_per_hour,
            "secondsToCreate": self.seconds_to_create,
        }

    def nodes(self, added: int) -> tuple[Node, ...]:
        """The nodes that would come: those on their way, and so many more."""
        first, last = self.existing - self.upcoming, self.existing + added
        counts: dict[str, int] = {}
        for number in range(first, last):
            zone = self.zones[number % len(self.zones)] if self.zones else ""
            counts[zone] = counts.get(zone, 0) + 1
        return tuple(
            Node(
                name=f"{self.name}+{zone}",
                free=self.allocatable,
                labels={**self.labels, **({_ZONE: zone} if zone else {})},
                taints=self.taints,
                count=many,
            )
            for zone, many in counts.items()
        )


def parse_machine_sets(entries: Iterable[object], *, path: str) -> tuple[MachineSet, ...]:
    """The machine sets of a cluster."""
    return tuple(
        MachineSet.from_dict(object_of(entry, f"{path}[{index}]"), path=f"{path}[{index}]")
        for index, entry in enumerate(entries)
    )


def grown(cluster: Cluster, added: Mapping[str, int]) -> Cluster:
    """The cluster with machines on their way in place, and so many more of each set."""
    new = [(each, added.get(each.name, 0)) for each in cluster.machine_sets if each.upcoming or added.get(each.name)]
    if not new:
        return cluster
    nodes = tuple(node for each, more in new for node in each.nodes(more))
    summary = cluster.resource_summary
    if summary is not None:
        # A node that only some pods tolerate is not part of a cluster's sum, but then it is no room for the others
        # either; the nodes, where they are known, tell them apart.
        allocatable = {name: parse_quantity(text) for name, text in summary.allocatable.items()}
        for node in nodes:
            for name, amount in node.free.items():
                allocatable[name] = allocatable.get(name, 0) + amount * node.count
        summary = type(summary).from_dict(
            {
                "allocatable": {name: format_quantity(amount) for name, amount in allocatable.items()},
                "allocated": summary.allocated,
                "allocating": summary.allocating,
            }
        )
    known = _nodes_are_known(cluster)
    return replace(cluster, resource_summary=summary, nodes=(*(cluster.nodes or ()), *nodes) if known else None)


def _nodes_are_known(cluster: Cluster) -> bool:
    """A cluster of no node has none to tell of; one of too many kinds of nodes is counted by its sum."""
    if cluster.nodes is not None:
        return True
    summary = cluster.resource_summary
    return summary is None or not any(parse_quantity(text) for text in summary.allocatable.values())
