# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may reach what on the machines of a cluster: only what Kubernetes needs. Pure.

A security group can't tell a packet for a pod from one for its node, so pods reach every port of every node; the
API server reaches pods (webhooks, aggregated APIs), so control planes reach every TCP port. etcd guards itself by certificates.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .desired import Desired, Role
from .ownership import ANCHOR

API = (6443, 6443)


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission for incoming packets."""

    why: str
    protocol: str | None = None
    ports: tuple[int, int] | None = None
    group: str = ""
    """Key of the security group that packets come from."""
    cidr: str = ""

    def matches(self, found: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
        """Whether a rule in the cloud is this one."""
        low, high = self.ports or (None, None)
        return (
            found["direction"] == "ingress"
            and found["protocol"] == self.protocol
            and (found["port_range_min"], found["port_range_max"]) == (low, high)
            and (found["remote_group_id"] or "") == (ids.get(self.group, "unknown") if self.group else "")
            and _network(found["remote_ip_prefix"]) == _network(self.cidr)
        )


def group_key(role: Role) -> str:
    return f"security-group/{role.value}"


def group_name(cluster: str, key: str) -> str:
    return cluster if key == ANCHOR else f"{cluster}-{key.rpartition('/')[2].replace('_', '-')}"


def security(desired: Desired) -> dict[str, tuple[Rule, ...]]:
    """The rules of each security group, by the group's key. All machines are in the first one."""
    groups = {ANCHOR: tuple(_everybody(desired)), group_key(Role.CONTROL_PLANE): tuple(_control_planes(desired))}
    groups[group_key(Role.WORKER)] = tuple(_workers(desired))
    if desired.of_role(Role.LOAD_BALANCER):
        groups[group_key(Role.LOAD_BALANCER)] = tuple(_balancers(desired))
    return groups


def _everybody(desired: Desired) -> Iterator[Rule]:
    for source in desired.sources.ssh:
        yield Rule("SSH", "tcp", (22, 22), cidr=source)
    yield Rule("path MTU and reachability", "icmp", group=ANCHOR)
    yield Rule("kubelet", "tcp", (10250, 10250), group=ANCHOR)
    yield Rule("routes to pods (BGP)", "tcp", (179, 179), group=ANCHOR)
    yield Rule("API server to pods", "tcp", group=group_key(Role.CONTROL_PLANE))
    for pods in desired.pod_cidrs:
        yield Rule("pods", cidr=pods)


def _control_planes(desired: Desired) -> Iterator[Rule]:
    yield Rule("API server", "tcp", API, group=ANCHOR)
    yield Rule("etcd", "tcp", (2379, 2380), group=group_key(Role.CONTROL_PLANE))
    for source in desired.sources.api:
        yield Rule("API server", "tcp", API, cidr=source)


def _workers(desired: Desired) -> Iterator[Rule]:
    for source in desired.sources.node_ports:
        for protocol in ("tcp", "udp"):
            yield Rule("node ports", protocol, (30000, 32767), cidr=source)


def _balancers(desired: Desired) -> Iterator[Rule]:
    yield Rule("API server", "tcp", API, group=ANCHOR)
    yield Rule("the address changes hands (VRRP)", "vrrp", group=group_key(Role.LOAD_BALANCER))
    for source in desired.sources.api:
        yield Rule("API server", "tcp", API, cidr=source)


def _network(text: str | None) -> str:
    return str(ipaddress.ip_network(text)) if text else ""
