# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom each host of a cluster has to reach: a few others, however many there are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .hosts import Cluster, Host

_MOST_CONTROL_PLANES = 3
_NEIGHBOURS = 2
_API, _KUBELET, _ROUTES = 6443, 10250, 179
_ETCD = (2379, 2380)


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to reach."""

    address: str
    port: int
    purpose: str


def targets(cluster: Cluster) -> dict[str, list[dict[str, Any]]]:
    """By host of the cluster, whom it has to reach."""
    return {host.name: [asdict(target) for target in dict.fromkeys(_of_host(host, cluster))] for host in cluster.hosts}


def _of_host(host: Host, cluster: Cluster) -> Iterator[Target]:
    for other in _members_of_etcd(host, cluster):
        yield from (Target(other.address, port, f"etcd on {other.name}") for port in _ETCD)
    if host.groups == {"etcd"}:
        return
    control_planes = _others(host, cluster.members("control_plane"))[:_MOST_CONTROL_PLANES]
    for other in control_planes:
        yield Target(other.address, _API, f"API server of {other.name}")
        if cluster.setting("cluster_network") == "built_in":
            yield Target(other.address, _ROUTES, f"routes from {other.name}")
    if not cluster.members("load_balancer"):
        yield from _balancer(host, cluster)
    nodes = [each for each in cluster.hosts if each.groups & {"control_plane", "worker"}]
    for other in _neighbours(host, nodes):
        yield Target(other.address, _KUBELET, f"kubelet of {other.name}")


def _members_of_etcd(host: Host, cluster: Cluster) -> list[Host]:
    """Whoever runs etcd reaches all others that do; an API server reaches all external ones."""
    external = cluster.members("etcd")
    if not external:
        return _others(host, cluster.members("control_plane")) if "control_plane" in host.groups else []
    return _others(host, external) if host.groups & {"etcd", "control_plane"} else []


def _balancer(host: Host, cluster: Cluster) -> Iterator[Target]:
    """A balancer of the user's own: it is there already."""
    address, _sign, port = cluster.endpoint.rpartition(":")
    address = address.strip("[]")
    if port.isdigit() and address not in {each.address for each in cluster.hosts}:
        yield Target(address, int(port), "cluster_endpoint")


def _neighbours(host: Host, nodes: list[Host]) -> list[Host]:
    """The next ones in the inventory, around the end: each node is tried by as many as it tries."""
    if host not in nodes:
        return []
    place = nodes.index(host)
    around = nodes[place + 1 :] + nodes[:place]
    return around[:_NEIGHBOURS]


def _others(host: Host, hosts: list[Host]) -> list[Host]:
    return [other for other in hosts if other.address != host.address]
