# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory of hosts as clusters, and everything that is wrong with it at once. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

GROUPS = ("load_balancer", "etcd", "control_plane", "worker")
_NODES = frozenset({"control_plane", "worker"})
_COUNTED = _NODES | {"etcd"}
"""Who is known to a cluster by name."""
_FOLLOWED = frozenset({"control_plane", "etcd"})
"""Whose coming and going concerns others."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_VERSION = re.compile(r"v1\.\d+\.\d+")
_OLDEST = 31
"""Minor version of Kubernetes that brought kubeadm's v1beta4 configuration."""
_API_PORT = 6443
_PER_HOST = frozenset(
    {
        "cluster_node_name",
        "cluster_node_address",
        "cluster_node_second_address",
        "cluster_zone",
        "cluster_node_labels",
        "cluster_node_taints",
        "cluster_host_group",
    }
)
"""Variables that may differ between hosts of one cluster."""

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"


@dataclass(frozen=True, slots=True)
class Host:
    """A host as the inventory describes it."""

    name: str
    groups: frozenset[str]
    """Out of `GROUPS`."""
    address: str
    settings: Mapping[str, Any]
    """All variables `cluster_*`, with their defaults."""

    @property
    def cluster(self) -> str:
        return str(self.settings.get("cluster_name") or "")

    @property
    def node_name(self) -> str:
        return str(self.settings.get("cluster_node_name") or self.name)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as the inventory describes it."""

    name: str
    hosts: tuple[Host, ...]
    endpoint: str
    """Where its API is reached: host and port."""

    def members(self, group: str) -> list[Host]:
        return [host for host in self.hosts if group in host.groups]

    def setting(self, name: str) -> Any:
        return self.hosts[0].settings.get(name)

    def to_dict(self) -> dict[str, Any]:
        """What roles need to know of their cluster; it does not grow with the number of workers."""
        return {
            "name": self.name,
            "endpoint": self.endpoint,
            "kubernetes_version": str(self.setting("cluster_kubernetes_version")),
            "names_external_etcd": _names_external_etcd(self),
            **{group: [_card(host) for host in self.members(group)] for group in GROUPS if group != "worker"},
        }


def clusters_of(hosts: Iterable[Host]) -> dict[str, Cluster]:
    """Hosts by the cluster that they belong to."""
    by_name: dict[str, list[Host]] = {}
    for host in hosts:
        by_name.setdefault(host.cluster, []).append(host)
    return {name: Cluster(name, tuple(group), _endpoint(group)) for name, group in by_name.items() if name}


def findings(hosts: Sequence[Host]) -> list[str]:
    """Everything that is wrong, each as a sentence that begins with the cluster or the host."""
    clusters = clusters_of(hosts)
    found = [f"{host.name}: it belongs to no cluster; give it cluster_name." for host in hosts if not host.cluster]
    for cluster in clusters.values():
        found += [f"{cluster.name}: {text}" for text in _of_cluster(cluster)]
        found += [f"{host.name}: {text}" for host in cluster.hosts for text in _of_host(host)]
    found += _shared(hosts)
    found += _overlaps(clusters.values())
    return found


def newcomers(clusters: Iterable[Cluster], nodes: Mapping[str, Collection[str]], leaving: Collection[str]) -> list[str]:
    """Hosts that a change of their cluster's size concerns.

    Args:
        clusters: without the hosts that leave.
        nodes: names of the Nodes and of the members of an etcd on hosts of its own, by cluster; a cluster that is not named is not there yet.
        leaving: names of clusters that a control plane or a host of etcd leaves.

    Returns:
        Those that are none of them yet. Where control planes or hosts of etcd come or go, all of the cluster: balancers, routes and API servers
        follow them.
    """
    found = []
    for cluster in clusters:
        known = nodes.get(cluster.name, ())
        new = [host for host in cluster.hosts if host.groups & _COUNTED and host.node_name not in known]
        moves = any(host.groups & _FOLLOWED for host in new) or cluster.name in leaving
        found += [host.name for host in (cluster.hosts if moves else new)]
    return found


def _of_cluster(cluster: Cluster) -> Iterator[str]:
    if not _NAME.fullmatch(cluster.name):
        yield "a cluster's name has at most 63 lower case letters, digits and dashes."
    control_planes = cluster.members("control_plane")
    if not control_planes:
        yield "no host of it is in the group control_plane."
    if control_planes and len(control_planes) % 2 == 0:
        yield f"it has {len(control_planes)} control planes; an even number survives no more losses than one less, so take 1, 3 or 5."
    if len(control_planes) > 1 and not cluster.setting("cluster_endpoint") and not cluster.members("load_balancer"):
        yield "several control planes need an address in common: a host in the group load_balancer, or cluster_endpoint."
    yield from _etcd(cluster)
    if len(cluster.members("load_balancer")) > 1 and not cluster.setting("cluster_endpoint"):
        yield "several load balancers share a virtual address: name it, with a port, in cluster_endpoint."
    yield from _version(str(cluster.setting("cluster_kubernetes_version")))
    yield from _endpoint_form(cluster.endpoint)
    yield from _ranges(cluster)
    yield from _differences(cluster)


def _etcd(cluster: Cluster) -> Iterator[str]:
    members = cluster.members("etcd")
    if members and len(members) % 2 == 0:
        yield f"it has {len(members)} hosts of etcd; an even number survives no more losses than one less, so take 1, 3 or 5."
    if members and _names_external_etcd(cluster):
        yield "it has hosts in the group etcd, and cluster_kubeadm names another one (ClusterConfiguration.etcd.external); take one of the two away."


def _names_external_etcd(cluster: Cluster) -> bool:
    """Whether the user's own configuration of kubeadm names an etcd that somebody else looks after."""
    place: Any = cluster.setting("cluster_kubeadm")
    for key in ("ClusterConfiguration", "etcd", "external"):
        place = place.get(key) if isinstance(place, Mapping) else None
    return bool(place)


def _of_host(host: Host) -> Iterator[str]:
    if not _NODE_NAME.fullmatch(host.node_name) or len(host.node_name) > 63:
        yield f"{host.node_name!r} can't be the name of a Node (at most 63 lower case letters, digits, dashes and dots); set cluster_node_name."
    if _address(host.address) is None:
        yield f"{host.address!r} is no IP address; set cluster_node_address to the one that the other hosts reach it at."
    yield from _second_address(host)
    if {"control_plane", "worker"} <= host.groups:
        yield "it is in both groups control_plane and worker; a control plane that takes pods has cluster_node_taints: []."
    if {"control_plane", "load_balancer"} <= host.groups:
        yield "it is in both groups control_plane and load_balancer, where both listen on the port of the API."
    if "etcd" in host.groups and len(host.groups) > 1:
        others = ", ".join(sorted(host.groups - {"etcd"}))
        yield f"it is in the group etcd and in {others}; a host of etcd is nothing else. Leave the group etcd empty to have etcd on the control planes."
    if not host.groups & set(GROUPS):
        yield f"it is in none of the groups {', '.join(GROUPS)}."


def _second_address(host: Host) -> Iterator[str]:
    given = str(host.settings.get("cluster_node_second_address") or "")
    first, second = _address(host.address), _address(given)
    if given and (second is None or (first is not None and first.version == second.version)):
        yield f"cluster_node_second_address is {given!r}; it is an address of the other IP family than {host.address}."
    two = len(_networks(host.settings.get("cluster_pod_cidrs"))[0]) > 1
    if two and not given and host.groups & _NODES and host.settings.get("cluster_network") == "built_in":
        yield "the cluster has two IP families, but the host has one address; set cluster_node_second_address."


def _version(version: str) -> Iterator[str]:
    if not _VERSION.fullmatch(version):
        yield f"cluster_kubernetes_version is {version!r}; it looks like v1.37.2."
    elif int(version.split(".")[1]) < _OLDEST:
        yield f"Kubernetes {version} is too old: kubeadm's v1beta4 configuration came with v1.{_OLDEST}."


def _endpoint_form(endpoint: str) -> Iterator[str]:
    host, _sign, port = endpoint.rpartition(":")
    if endpoint and (not host or not port.isdigit() or not 0 < int(port) < 65536):
        yield f"cluster_endpoint is {endpoint!r}; it is host:port."


def _ranges(cluster: Cluster) -> Iterator[str]:
    pods, bad_pods = _networks(cluster.setting("cluster_pod_cidrs"))
    services, bad_services = _networks(cluster.setting("cluster_service_cidrs"))
    for name, bad in (("cluster_pod_cidrs", bad_pods), ("cluster_service_cidrs", bad_services)):
        yield from (f"{name} has {text!r}, which is no network." for text in bad)
    if not bad_pods and not bad_services and [net.version for net in pods] != [net.version for net in services]:
        yield "cluster_pod_cidrs and cluster_service_cidrs have to have the same IP families in the same order."
    for pod in pods:
        yield from (
            f"the pods' range {pod} and the services' range {net} overlap." for net in services if _overlap(pod, net)
        )
    for host in cluster.hosts:
        address = _address(host.address)
        for net in (*pods, *services):
            if address is not None and address in net:
                yield f"the address {address} of {host.name} lies in the range {net}."


def _differences(cluster: Cluster) -> Iterator[str]:
    names = {name for host in cluster.hosts for name in host.settings} - _PER_HOST
    for name in sorted(names):
        values = {repr(host.settings.get(name)): host.name for host in cluster.hosts}
        if len(values) > 1:
            (one, first), (other, second), *_others = values.items()
            yield f"{name} is a variable of the whole cluster, but it is {one} on {first} and {other} on {second}."


def _shared(hosts: Sequence[Host]) -> Iterator[str]:
    """Addresses and Node names that are given twice."""
    addresses: dict[str, str] = {}
    nodes: dict[tuple[str, str], str] = {}
    for host in hosts:
        if host.address in addresses:
            yield f"{host.name}: it has the same address {host.address} as {addresses[host.address]}."
        addresses.setdefault(host.address, host.name)
        key = (host.cluster, host.node_name)
        if key in nodes:
            yield f"{host.name}: its Node has the same name {host.node_name} as that of {nodes[key]}."
        nodes.setdefault(key, host.name)


def _overlaps(clusters: Iterable[Cluster]) -> Iterator[str]:
    """Ranges of different clusters that overlap, so that the clusters can't be connected later."""
    ranges = [
        (cluster.name, net)
        for cluster in clusters
        for name in ("cluster_pod_cidrs", "cluster_service_cidrs")
        for net in _networks(cluster.setting(name))[0]
        if not cluster.setting("cluster_ranges_may_overlap")
    ]
    for index, (name, net) in enumerate(ranges):
        for other_name, other in ranges[index + 1 :]:
            if name != other_name and _overlap(net, other):
                yield (
                    f"{other_name}: its range {other} overlaps {net} of {name}; the two could not be connected later "
                    "(cluster_ranges_may_overlap: true if they never will be)."
                )


def _endpoint(hosts: Sequence[Host]) -> str:
    given = hosts[0].settings.get("cluster_endpoint")
    if given:
        return str(given)
    behind = [host for host in hosts if "load_balancer" in host.groups]
    first = behind or [host for host in hosts if "control_plane" in host.groups]
    if not first:
        return ""
    address = f"[{first[0].address}]" if ":" in first[0].address else first[0].address
    return f"{address}:{_API_PORT}"


def _card(host: Host) -> dict[str, str]:
    return {"name": host.name, "node": host.node_name, "address": host.address}


def _networks(given: Any) -> tuple[list[Network], list[str]]:
    networks, bad = [], []
    for text in given if isinstance(given, list) else [given]:
        try:
            networks.append(ipaddress.ip_network(str(text)))
        except ValueError:
            bad.append(str(text))
    return networks, bad


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
