# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ranges of addresses are fit for a cluster of this size, or it is said why not."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.ranges import findings


def said(
    pods: list[str], services: list[str], nodes: int = 3, addresses: tuple[str, ...] = ("10.0.0.1",), **kubeadm: Any
) -> list[str]:
    networks = [[ipaddress.ip_network(text) for text in texts] for texts in (pods, services)]
    return list(findings(networks[0], networks[1], nodes, addresses, kubeadm))


def mask(size: int) -> dict[str, Any]:
    return {"controllerManager": {"extraArgs": [{"name": "node-cidr-mask-size", "value": str(size)}]}}


def test_ordinary_ranges_are_fit() -> None:
    assert said(["10.244.0.0/16"], ["10.96.0.0/16"]) == []
    assert said(["10.244.0.0/16", "fd00:1::/56"], ["10.96.0.0/16", "fd00:2::/112"]) == []


@pytest.mark.parametrize(
    ("pods", "services", "nodes", "text"),
    [
        (["10.244.0.0/22"], ["10.96.0.0/16"], 5, "parts (/24) for 4 nodes, and there are 5"),
        (["10.244.0.0/25"], ["10.96.0.0/16"], 1, "smaller than a single node's part"),
        (["fd00::/40"], ["fd01::/112"], 1, "16 bits wider"),
        (["10.244.0.0/16"], ["10.96.0.0/8"], 1, "larger than Kubernetes takes"),
        (["10.244.0.0/16"], ["10.96.0.0/29"], 1, "16 are needed"),
        (["10.244.0.0/16", "10.245.0.0/16"], ["10.96.0.0/16"], 1, "not more than one per IP family"),
        ([], ["10.96.0.0/16"], 1, "cluster_pod_cidrs is empty"),
        (["169.254.0.0/16"], ["10.96.0.0/16"], 1, "link-local"),
        (["127.0.0.0/16"], ["10.96.0.0/16"], 1, "loopback"),
    ],
)
def test_what_is_unfit_is_said(pods: list[str], services: list[str], nodes: int, text: str) -> None:
    services = [each if each != "10.96.0.0/8" else "10.0.0.0/8" for each in services]
    assert any(text in each for each in said(pods, services, nodes)), said(pods, services, nodes)


def test_a_mask_of_the_users_counts() -> None:
    assert said(["10.244.0.0/22"], ["10.96.0.0/16"], 5, ClusterConfiguration=mask(26)) == []


def test_the_first_range_has_the_family_of_the_hosts() -> None:
    assert "first range of pods is IPv6" in said(["fd00:1::/56"], ["fd00:2::/112"])[0]
    assert said(["fd00:1::/56"], ["fd00:2::/112"], addresses=("fd00::1",)) == []
    assert "some hosts have IPv4" in said(["10.244.0.0/16"], ["10.96.0.0/16"], addresses=("10.0.0.1", "fd00::1"))[0]


@settings(deadline=None, database=None, max_examples=60)
@given(some.integers(8, 24), some.integers(1, 70000))
def test_room_for_nodes_is_counted_exactly(prefix: int, nodes: int) -> None:
    network = ipaddress.ip_network(f"10.0.0.0/{prefix}", strict=False)
    parts = sum(1 for _each in network.subnets(new_prefix=24)) if prefix > 7 else 0
    told = [text for text in said([str(network)], ["172.20.0.0/16"], nodes) if "parts (/24)" in text]
    assert bool(told) == (parts < nodes)
