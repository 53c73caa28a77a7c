# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the address ranges of a cluster are fit for it: sizes, families, places. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

_NODE_MASKS = {4: 24, 6: 64}
"""Part of the pods' range that each node gets, unless the controller manager is told otherwise."""
_WIDEST_NODE_RANGE = 16
"""Bits between the pods' range and a node's, at most: the controller manager refuses more."""
_SERVICE_BITS = (4, 20)
"""A range of services has so many bits at least (the tenth address is DNS) and at most (the API server refuses more)."""
_MASK_ARGUMENTS = {
    4: ("node-cidr-mask-size-ipv4", "node-cidr-mask-size"),
    6: ("node-cidr-mask-size-ipv6", "node-cidr-mask-size"),
}


def findings(
    pods: Sequence[Network],
    services: Sequence[Network],
    nodes: int,
    addresses: Sequence[str],
    kubeadm: Mapping[str, Any],
) -> Iterator[str]:
    """What is wrong, each as a sentence.

    Args:
        nodes: how many the inventory has.
        addresses: of its hosts.
        kubeadm: the user's own configuration of kubeadm, by kind.
    """
    for name, ranges in (("cluster_pod_cidrs", pods), ("cluster_service_cidrs", services)):
        yield from _families(name, ranges)
        yield from (f"{name} has {net}, which is {_unfit(net)}; take a private range." for net in ranges if _unfit(net))
    for net in pods:
        yield from _size_of_pods(net, nodes, _node_mask(kubeadm, net.version))
    for net in services:
        yield from _size_of_services(net)
    yield from _primary_family(pods, addresses)


def _families(name: str, ranges: Sequence[Network]) -> Iterator[str]:
    versions = [net.version for net in ranges]
    if not ranges:
        yield f"{name} is empty; it has one range per IP family."
    elif len(set(versions)) != len(versions):
        yield f"{name} has {len(ranges)} ranges, but not more than one per IP family are possible: {', '.join(map(str, ranges))}."


def _size_of_pods(net: Network, nodes: int, mask: int) -> Iterator[str]:
    bits = mask - net.prefixlen
    if bits < 0:
        yield f"the pods' range {net} is smaller than a single node's part of it (/{mask}); take a larger range, or set node-cidr-mask-size."
    elif bits > _WIDEST_NODE_RANGE:
        yield (
            f"the pods' range {net} is more than {_WIDEST_NODE_RANGE} bits wider than a node's part of it (/{mask}), which Kubernetes refuses; "
            f"take a /{mask - _WIDEST_NODE_RANGE} or smaller."
        )
    elif 2**bits < nodes:
        yield f"the pods' range {net} has parts (/{mask}) for {2**bits} nodes, and there are {nodes}; take a larger range: it can't be changed later."


def _size_of_services(net: Network) -> Iterator[str]:
    bits = net.max_prefixlen - net.prefixlen
    least, most = _SERVICE_BITS
    if bits < least:
        yield f"the services' range {net} has {2**bits} addresses; {2**least} are needed at least."
    elif bits > most:
        yield f"the services' range {net} is larger than Kubernetes takes; /{net.max_prefixlen - most} is the largest."


def _primary_family(pods: Sequence[Network], addresses: Sequence[str]) -> Iterator[str]:
    """Kubernetes takes a node's first address for the family of the first range."""
    families = {ipaddress.ip_address(address).version for address in addresses}
    if pods and families and pods[0].version not in families:
        other = min(families)
        yield (
            f"the hosts have IPv{other} addresses, and the first range of pods is IPv{pods[0].version}; "
            f"put the IPv{other} range first, or give the hosts' IPv{pods[0].version} addresses in cluster_node_address."
        )
    if len(families) > 1:
        yield "some hosts have IPv4 addresses and others IPv6; give all of them one family in cluster_node_address."


def _unfit(net: Network) -> str:
    if net.is_loopback:
        return "the range of loopback"
    if net.is_link_local:
        return "link-local"
    if net.is_multicast:
        return "for multicast"
    if net.prefixlen == 0:
        return "the whole Internet"
    return ""


def _node_mask(kubeadm: Mapping[str, Any], version: int) -> int:
    manager = ((kubeadm.get("ClusterConfiguration") or {}).get("controllerManager") or {}).get("extraArgs") or []
    given = {each.get("name"): each.get("value") for each in manager if isinstance(each, Mapping)}
    for name in _MASK_ARGUMENTS[version]:
        text = str(given.get(name, ""))
        if text.isdigit():
            return int(text)
    return _NODE_MASKS[version]
