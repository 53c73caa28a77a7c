# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory is read as clusters, and everything that is wrong with it is said at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts import (
    Host,
    clusters_of,
    findings,
    newcomers,
)

DEFAULTS: dict[str, Any] = {
    "cluster_kubernetes_version": "v1.37.2",
    "cluster_pod_cidrs": ["10.244.0.0/16"],
    "cluster_service_cidrs": ["10.96.0.0/16"],
}
DUAL = {
    "cluster_pod_cidrs": ["10.244.0.0/16", "fd00:1::/56"],
    "cluster_service_cidrs": ["10.96.0.0/16", "fd00:2::/112"],
}
ELSEWHERE = {
    "cluster_kubeadm": {"ClusterConfiguration": {"etcd": {"external": {"endpoints": ["https://10.9.9.9:2379"]}}}}
}


def host(name: str, *groups: str, address: str = "", cluster: str = "north", **settings: Any) -> Host:
    own = address or f"10.0.0.{name[1:]}"
    return Host(name, frozenset(groups), own, {**DEFAULTS, "cluster_name": cluster, **settings})


ONE = [host("n1", "control_plane"), host("n2", "worker")]


def test_an_ordinary_inventory_has_no_findings() -> None:
    assert findings(ONE) == []
    assert clusters_of(ONE)["north"].endpoint == "10.0.0.1:6443"


def test_hosts_of_etcd_have_no_findings() -> None:
    assert findings([*ONE, host("n3", "etcd")]) == []
    assert clusters_of([*ONE, host("n3", "etcd")])["north"].to_dict()["etcd"][0]["address"] == "10.0.0.3"
    assert findings([host("n1", "control_plane", **ELSEWHERE)]) == []


def test_what_roles_are_told_does_not_grow_with_workers() -> None:
    told = clusters_of(ONE)["north"].to_dict()
    assert told["control_plane"] == [{"name": "n1", "node": "n1", "address": "10.0.0.1"}]
    assert "n2" not in str(told)


def test_the_endpoint_is_the_load_balancers() -> None:
    balanced = [host(f"n{number}", "control_plane") for number in (1, 2, 3)]
    assert clusters_of([*balanced, host("n9", "load_balancer")])["north"].endpoint == "10.0.0.9:6443"
    assert clusters_of([host("n1", "control_plane", address="fd00::1")])["north"].endpoint == "[fd00::1]:6443"


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ([host("n1", "worker")], "north: no host of it is in the group control_plane"),
        ([host("n1", "control_plane", cluster="")], "n1: it belongs to no cluster"),
        ([host("n1", "control_plane", cluster="North")], "North: a cluster's name"),
        ([host("n1", "control_plane"), host("n2", "control_plane")], "an even number survives no more"),
        ([host(f"n{each}", "control_plane") for each in (1, 2, 3)], "need an address in common"),
        ([*ONE, host("n3", "worker", address="10.0.0.2")], "n3: it has the same address 10.0.0.2 as n2"),
        ([*ONE, host("n3", "worker", cluster_node_name="n2")], "n3: its Node has the same name n2 as that of n2"),
        ([*ONE, host("n3", "worker", address="north.example")], "'north.example' is no IP address"),
        ([*ONE, host("n3", "worker", cluster_node_name="N_3")], "can't be the name of a Node"),
        (
            [host("n1", "control_plane", cluster_node_second_address="10.0.0.9")],
            "an address of the other IP family than 10.0.0.1",
        ),
        (
            [host("n1", "control_plane", cluster_network="built_in", **DUAL)],
            "n1: the cluster has two IP families, but the host has one address",
        ),
        ([*ONE, host("n3", "etcd"), host("n4", "etcd")], "north: it has 2 hosts of etcd; an even number"),
        (
            [*ONE, host("n3", "etcd", "worker")],
            "n3: it is in the group etcd and in worker; a host of etcd is nothing else",
        ),
        (
            [host("n1", "control_plane", **ELSEWHERE), host("n3", "etcd", **ELSEWHERE)],
            "north: it has hosts in the group etcd, and cluster_kubeadm names another one",
        ),
        ([host("n1", "control_plane", "load_balancer")], "both listen on the port of the API"),
        ([host("n1", "control_plane", "worker")], "both groups control_plane and worker"),
        ([host("n1", "control_plane", cluster_kubernetes_version="1.37")], "looks like v1.37.2"),
        ([host("n1", "control_plane", cluster_kubernetes_version="v1.30.1")], "is too old"),
        ([host("n1", "control_plane", cluster_endpoint="api.example")], "it is host:port"),
        (
            [host("n1", "control_plane", cluster_pod_cidrs=["10.0.0.0/16"])],
            "the address 10.0.0.1 of n1 lies in the range",
        ),
        ([host("n1", "control_plane", cluster_pod_cidrs=["10.96.0.0/12"])], "overlap"),
        ([host("n1", "control_plane", cluster_pod_cidrs=["10.244.0.1/16"])], "which is no network"),
        ([host("n1", "control_plane", cluster_pod_cidrs=["10.244.0.0/16", "fd00::/56"])], "same IP families"),
        ([*ONE, host("n3", "worker", cluster_domain="x")], "cluster_domain is a variable of the whole cluster"),
        ([*ONE, host("n3", "control_plane", cluster="south")], "overlaps 10.244.0.0/16 of north"),
    ],
)
def test_what_is_wrong_is_said(hosts: list[Host], said: str) -> None:
    assert any(said in text for text in findings(hosts)), findings(hosts)


def test_all_findings_come_at_once() -> None:
    wrong = [host("n1", "control_plane", address="a.example"), host("n2", "worker", address="b.example", cluster="")]
    assert len(findings(wrong)) == 2


BALANCED = [
    host("n9", "load_balancer"),
    *(host(f"n{each}", "control_plane") for each in (1, 2, 3)),
    host("n4", "worker"),
]


@pytest.mark.parametrize(
    ("nodes", "leaving", "concerned"),
    [
        ({"north": ["n1", "n2", "n3", "n4"]}, set(), []),
        ({"north": ["n1", "n2", "n3"]}, set(), ["n4"]),
        # Balancers and routes follow control planes.
        ({"north": ["n1", "n2", "n4"]}, set(), ["n9", "n1", "n2", "n3", "n4"]),
        ({"north": ["n1", "n2", "n3", "n4"]}, {"north"}, ["n9", "n1", "n2", "n3", "n4"]),
        # A cluster that is not there yet.
        ({}, set(), ["n9", "n1", "n2", "n3", "n4"]),
    ],
)
def test_a_new_worker_concerns_nobody_else(
    nodes: dict[str, list[str]], leaving: set[str], concerned: list[str]
) -> None:
    assert newcomers(clusters_of(BALANCED).values(), nodes, leaving) == concerned


OWN_ETCD = [
    *(host(f"n{each}", "etcd") for each in (5, 6, 7)),
    host("n1", "control_plane"),
    host("n4", "worker"),
]


@pytest.mark.parametrize(
    ("known", "leaving", "concerned"),
    [
        (["n1", "n4", "n5", "n6", "n7"], set(), []),
        (["n1", "n5", "n6", "n7"], set(), ["n4"]),
        # API servers follow hosts of etcd.
        (["n1", "n4", "n5", "n6"], set(), ["n5", "n6", "n7", "n1", "n4"]),
        (["n1", "n4", "n5", "n6", "n7"], {"north"}, ["n5", "n6", "n7", "n1", "n4"]),
    ],
)
def test_a_new_host_of_etcd_concerns_its_cluster(known: list[str], leaving: set[str], concerned: list[str]) -> None:
    assert newcomers(clusters_of(OWN_ETCD).values(), {"north": known}, leaving) == concerned
