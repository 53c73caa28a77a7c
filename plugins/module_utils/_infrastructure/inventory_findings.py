# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole inventory looked at before anything is contacted: clusters, their ranges and ends, and what hosts are given. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from . import ranges, variables
from .hosts import Cluster, Host, Network, clusters_of
from .variables import Said

_NEWEST = 37
"""Minor version of Kubernetes that this collection is tested with."""
_SKEW = 3
"""Minor versions that a kubelet may be behind its API server."""
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MINOR = re.compile(r"v1\.(\d+)\.\d+")
_LABELS = ("cluster_zone", "cluster_region", "cluster_host_group")


def look(hosts: Sequence[Host], measures: Collection[str]) -> Said:
    """Everything beyond names and membership, for all clusters at once.

    Args:
        measures: names of the measures that `cluster_security` switches.
    """
    clusters = clusters_of(hosts)
    findings = [text for cluster in clusters.values() for text in _of_cluster(cluster, measures)]
    findings += [f"{host.name}: {text}" for host in hosts for text in _of_host(host)]
    findings += _shared_endpoints(clusters.values())
    warnings = [f"{cluster.name}: {text}" for cluster in clusters.values() for text in _worth_a_look(cluster)]
    return Said(tuple(findings), tuple(warnings))


def without_group(
    given: Mapping[str, Mapping[str, object]], known: Collection[str], groups: Sequence[str]
) -> list[str]:
    """Hosts that name a cluster and that no group makes anything of.

    Args:
        given: variables by host, of the whole inventory.
        known: hosts that are in one of the groups.
    """
    return [
        f"{host}: it names the cluster {said['cluster_name']}, but is in none of the groups {', '.join(groups)}, so nothing is done with it."
        for host, said in given.items()
        if host not in known and said.get("cluster_name")
    ]


def _of_cluster(cluster: Cluster, measures: Collection[str]) -> Iterator[str]:
    texts = [
        *variables.kubeadm(cluster.setting("cluster_kubeadm")),
        *variables.measures(cluster.setting("cluster_security"), measures),
        *_ranges(cluster),
        *_skew(cluster),
        *_domain(str(cluster.setting("cluster_domain") or "")),
        *_endpoint(cluster),
    ]
    yield from (f"{cluster.name}: {text}" for text in texts)


def _of_host(host: Host) -> Iterator[str]:
    yield from variables.labels(host.settings.get("cluster_node_labels") or {})
    yield from variables.taints(host.settings.get("cluster_node_taints") or [])
    for name in _LABELS:
        yield from variables.label_value(name, host.settings.get(name))


def _ranges(cluster: Cluster) -> Iterator[str]:
    pods = networks(cluster.setting("cluster_pod_cidrs"))
    services = networks(cluster.setting("cluster_service_cidrs"))
    addresses = [
        host.address
        for host in cluster.hosts
        if host.groups & {"control_plane", "worker"} and _is_address(host.address)
    ]
    nodes = sum(bool(host.groups & {"control_plane", "worker"}) for host in cluster.hosts)
    given = cluster.setting("cluster_kubeadm")
    yield from ranges.findings(pods, services, nodes, addresses, given if isinstance(given, Mapping) else {})


def _skew(cluster: Cluster) -> Iterator[str]:
    """Versions of single hosts against those of the control planes."""
    minors = {host.name: minor for host in cluster.hosts if (minor := _minor(host)) is not None}
    control_planes = [minors[host.name] for host in cluster.members("control_plane") if host.name in minors]
    if not control_planes:
        return
    for host in cluster.members("worker"):
        minor = minors.get(host.name)
        if minor is None:
            continue
        if minor > min(control_planes):
            yield f"{host.name} is to run v1.{minor}, newer than its control plane (v1.{min(control_planes)}); upgrade that first (navarch.fleet.upgrade)."
        elif minor < max(control_planes) - _SKEW:
            yield f"{host.name} is to run v1.{minor}, more than {_SKEW} minor versions behind the control plane's v1.{max(control_planes)}."


def _domain(domain: str) -> Iterator[str]:
    if domain and not _DOMAIN.fullmatch(domain):
        yield f"cluster_domain is {domain!r}; it is a DNS domain such as cluster.local."


def _endpoint(cluster: Cluster) -> Iterator[str]:
    host = cluster.endpoint.rpartition(":")[0].strip("[]")
    for net in (*networks(cluster.setting("cluster_pod_cidrs")), *networks(cluster.setting("cluster_service_cidrs"))):
        if _is_address(host) and ipaddress.ip_address(host) in net:
            yield f"cluster_endpoint {cluster.endpoint} lies in the range {net} of pods or services."
    workers = [each.name for each in cluster.members("worker") if each.address == host]
    if workers:
        yield f"cluster_endpoint {cluster.endpoint} is the address of the worker {workers[0]}; it is that of a control plane or a load balancer."


def _shared_endpoints(clusters: Iterable[Cluster]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for cluster in clusters:
        if cluster.endpoint and cluster.endpoint in seen:
            yield f"{cluster.name}: it has the same endpoint {cluster.endpoint} as {seen[cluster.endpoint]}."
        seen.setdefault(cluster.endpoint, cluster.name)


def _worth_a_look(cluster: Cluster) -> Iterator[str]:
    version = str(cluster.setting("cluster_kubernetes_version"))
    match = _MINOR.fullmatch(version)
    if match and int(match[1]) > _NEWEST:
        yield f"Kubernetes {version} is newer than what this collection is tested with (v1.{_NEWEST})."
    if cluster.setting("cluster_kube_proxy") == "none" and cluster.setting("cluster_network") in (
        "built_in",
        "flannel",
    ):
        yield (
            f"without kube-proxy (cluster_kube_proxy: none) nobody serves addresses of services: the network {cluster.setting('cluster_network')} "
            "does not. Cilium and Calico do."
        )
    for net in (*networks(cluster.setting("cluster_pod_cidrs")), *networks(cluster.setting("cluster_service_cidrs"))):
        if net.is_global:
            yield f"the range {net} is one of the Internet's; addresses there will not be reached from this cluster."
    if len(cluster.members("control_plane")) > 7:
        yield f"it has {len(cluster.members('control_plane'))} control planes; every write waits for most of them, so more than 5 make it slower."


def networks(given: object) -> list[Network]:
    """Ranges of those that are some."""
    found = []
    for text in given if isinstance(given, list) else [given]:
        try:
            found.append(ipaddress.ip_network(str(text)))
        except ValueError:
            continue
    return found


def _minor(host: Host) -> int | None:
    match = _MINOR.fullmatch(str(host.settings.get("cluster_kubernetes_version")))
    return int(match[1]) if match else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
