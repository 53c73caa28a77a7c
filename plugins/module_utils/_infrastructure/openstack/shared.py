# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the machine sets of a cluster share, read from what is there: a set that comes later need not repeat it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .cloud import Kind
from .desired import Desired, Key, Network
from .observe import Item, Snapshot


def as_there(desired: Desired, seen: Snapshot, given: Collection[str]) -> Desired:
    """Fill in network, pod ranges and key of the cluster.

    Args:
        given: names of options that somebody has given; they stay as they are.
    """
    ports = [item for item in seen.of_kind(Kind.PORT) if item.key.count("/") == 2]
    if "network" not in given:
        desired = replace(desired, network=_network(desired.network, seen.items.get("subnet"), ports))
    if "pod_cidrs" not in given:
        desired = replace(desired, pod_cidrs=_ranges(ports) or desired.pod_cidrs)
    if "key" not in given and "keypair" not in seen.items:
        names = sorted(
            {str(server.data["key_name"]) for server in seen.of_kind(Kind.SERVER) if server.data["key_name"]}
        )
        desired = replace(desired, key=Key(name=names[0]) if names else desired.key)
    return desired


def _network(otherwise: Network, subnet: Item | None, ports: Collection[Item]) -> Network:
    if subnet is not None:
        return Network(cidr=str(subnet.data["cidr"]), gateway=str(subnet.data["gateway_ip"] or ""))
    elsewhere = sorted({str(port.data["network_id"]) for port in ports})
    return Network(existing=elsewhere[0]) if elsewhere else otherwise


def _ranges(ports: Collection[Item]) -> tuple[str, ...]:
    """Single addresses among the pairs are those that load balancers pass between them."""
    pairs = {str(pair["ip_address"]) for port in ports for pair in port.data["allowed_address_pairs"] or ()}
    return tuple(sorted(pair for pair in pairs if "/" in pair))
