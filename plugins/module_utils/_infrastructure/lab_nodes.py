# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated machines of a lab: what a member's description becomes, and what has drifted from it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .errors import InfrastructureError

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
}
# What kubelet and system keep of a machine, so that allocatable is less than capacity, as on real ones.
_RESERVED = {"cpu": Decimal("0.2"), "memory": Decimal(2) ** 30}
_CLOUDS = ("openstack",)


@dataclass(frozen=True, slots=True)
class Member:
    """One cluster of a lab, as the user describes it."""

    name: str
    provider: str = "idc"
    region: str = ""
    zones: tuple[str, ...] = ()
    """Nodes are dealt to the zones in turn."""
    nodes: int = 2
    cpu: str = "8"
    """Capacity of each node, as Kubernetes writes quantities; so are memory and pods."""
    memory: str = "32Gi"
    pods: int = 110
    labels: Mapping[str, str] | None = None
    """Labels of the cluster in the registry; not of its nodes."""


def nodes(member: Member, version: str) -> list[dict[str, object]]:
    """The Node objects of a member; the same description always gives the same ones."""
    return [_node(member, index, version) for index in range(member.nodes)]


def drifted(
    wanted: Sequence[Mapping[str, object]], found: Sequence[Mapping[str, object]]
) -> tuple[list[str], list[str], list[str]]:
    """Names to create, to correct and to delete, so that `found` becomes `wanted`."""
    by_name = {node_name(node): node for node in found}
    create = [node_name(node) for node in wanted if node_name(node) not in by_name]
    correct = [
        node_name(node) for node in wanted if node_name(node) in by_name and not _fits(node, by_name[node_name(node)])
    ]
    delete = sorted(by_name.keys() - {node_name(node) for node in wanted})
    return create, correct, delete


def quantity(text: str) -> Decimal:
    """A Kubernetes quantity as a number."""
    digits = text.rstrip("numkMGTPi")
    try:
        return Decimal(digits) * _SUFFIXES[text[len(digits) :]]
    except (InvalidOperation, KeyError):
        raise InfrastructureError(f"{text!r} is not a quantity such as 500m, 16 or 64Gi.") from None


def node_name(node: Mapping[str, object]) -> str:
    """The name in a Node object."""
    return str(_part(node, "metadata").get("name"))


def _node(member: Member, index: int, version: str) -> dict[str, object]:
    name = f"{member.name}-{index + 1:02d}"
    zone = member.zones[index % len(member.zones)] if member.zones else ""
    capacity = {"cpu": member.cpu, "memory": member.memory, "pods": str(member.pods)}
    place = {"topology.kubernetes.io/region": member.region, "topology.kubernetes.io/zone": zone}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                **{key: value for key, value in place.items() if value},
            },
        },
        "spec": {"providerID": _provider_id(member, zone, name)},
        "status": {
            "addresses": [
                {
                    "type": "InternalIP",
                    "address": f"10.{uuid.uuid5(uuid.NAMESPACE_DNS, member.name).bytes[0]}.0.{index % 250 + 1}",
                },
                {"type": "Hostname", "address": name},
            ],
            "capacity": capacity,
            "allocatable": {key: _allocatable(key, value) for key, value in capacity.items()},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "kwok",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": version,
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "simulated",
                "systemUUID": "",
            },
        },
    }


def _provider_id(member: Member, zone: str, name: str) -> str:
    if member.provider in _CLOUDS:
        return f"{member.provider}:///{uuid.uuid5(uuid.NAMESPACE_DNS, name)}"
    return f"{member.provider}://{zone or member.region or 'lab'}/{name}"


def _allocatable(resource: str, capacity: str) -> str:
    left = quantity(capacity) - _RESERVED.get(resource, Decimal(0))
    if left <= 0:
        raise InfrastructureError(
            f"A node with {capacity} of {resource} is too small: the system itself keeps {_RESERVED[resource]}."
        )
    return f"{int(left * 1000)}m" if resource == "cpu" else str(int(left))


def _fits(wanted: Mapping[str, object], found: Mapping[str, object]) -> bool:
    labels = _labels(wanted)
    return (
        labels.items() <= _labels(found).items()
        and _part(wanted, "spec").get("providerID") == _part(found, "spec").get("providerID")
        and all(_amounts(wanted, key) == _amounts(found, key) for key in ("capacity", "allocatable"))
    )


def _amounts(node: Mapping[str, object], key: str) -> dict[str, Decimal]:
    amounts = _part(node, "status").get(key)
    if not isinstance(amounts, Mapping):
        return {}
    return {name: quantity(str(amounts[name])) for name in ("cpu", "memory", "pods") if name in amounts}


def _labels(node: Mapping[str, object]) -> Mapping[str, object]:
    labels = _part(node, "metadata").get("labels")
    return labels if isinstance(labels, Mapping) else {}


def _part(node: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = node.get(key)
    return part if isinstance(part, Mapping) else {}
