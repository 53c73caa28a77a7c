# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole inventories with something wrong in them; each finding names the cluster or the host, what, and the next step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts import GROUPS, Host, findings
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.inventory_findings import (
    look,
    without_group,
)

MEASURES = {"audit_log", "encryption"}
DEFAULTS: dict[str, Any] = {
    "cluster_kubernetes_version": "v1.37.2",
    "cluster_pod_cidrs": ["10.244.0.0/16"],
    "cluster_service_cidrs": ["10.96.0.0/16"],
    "cluster_domain": "cluster.local",
    "cluster_kubeadm": {},
    "cluster_security": {},
}


def host(name: str, *groups: str, cluster: str = "north", address: str = "", **settings: Any) -> Host:
    own = address or f"10.0.0.{name[1:]}"
    return Host(name, frozenset(groups), own, {**DEFAULTS, "cluster_name": cluster, **settings})


def cluster(**settings: Any) -> list[Host]:
    return [host("n1", "control_plane", **settings), host("n2", "worker", **settings)]


def test_an_ordinary_inventory_has_no_findings() -> None:
    said = look(cluster(), MEASURES)
    assert (said.findings, said.warnings) == ((), ())


@pytest.mark.parametrize(
    ("hosts", "text"),
    [
        (cluster(cluster_domain="Cluster_Local"), "north: cluster_domain is 'Cluster_Local'"),
        (cluster(cluster_endpoint="10.244.0.5:6443"), "lies in the range 10.244.0.0/16"),
        (cluster(cluster_endpoint="10.0.0.2:6443"), "the address of the worker n2"),
        (cluster(cluster_kubeadm={"Kubelet": {}}), "kubeadm does not know"),
        (cluster(cluster_security={"audit_logs": False}), "audit_log is meant"),
        (cluster(cluster_pod_cidrs=["10.244.0.0/24"]), "for 1 nodes, and there are 2"),
        (cluster(cluster_zone="zone a"), "n1: cluster_zone is 'zone a'; it becomes a label"),
        (cluster(cluster_node_labels={"node-role.kubernetes.io/x": ""}), "n2: with the label"),
        (
            [host("n1", "control_plane", cluster_kubernetes_version="v1.36.3"), host("n2", "worker")],
            "n2 is to run v1.37, newer than its control plane (v1.36)",
        ),
        (
            [host("n1", "control_plane"), host("n2", "worker", cluster_kubernetes_version="v1.33.1")],
            "more than 3 minor versions behind",
        ),
        (
            [
                *cluster(cluster_endpoint="10.0.0.9:6443"),
                host("n3", "control_plane", cluster="south", cluster_endpoint="10.0.0.9:6443"),
            ],
            "south: it has the same endpoint 10.0.0.9:6443 as north",
        ),
    ],
)
def test_what_is_wrong_is_said(hosts: list[Host], text: str) -> None:
    said = look(hosts, MEASURES).findings
    assert any(text in each for each in said), said


@pytest.mark.parametrize(
    ("hosts", "text"),
    [
        (cluster(cluster_kubernetes_version="v1.39.0"), "newer than what this collection is tested with"),
        (cluster(cluster_pod_cidrs=["8.8.0.0/16"]), "one of the Internet's"),
        (cluster(cluster_kube_proxy="none", cluster_network="built_in"), "nobody serves addresses of services"),
        ([host(f"n{number}", "control_plane") for number in range(1, 10)], "every write waits for most of them"),
    ],
)
def test_what_is_worth_a_look_is_told_and_stops_nothing(hosts: list[Host], text: str) -> None:
    said = look(hosts, MEASURES)
    assert any(text in each for each in said.warnings), said.warnings


def test_a_host_that_no_group_makes_anything_of_is_told() -> None:
    given = {"n1": {"cluster_name": "north"}, "n9": {"cluster_name": "north"}, "web": {}}
    (text,) = without_group(given, {"n1"}, GROUPS)
    assert text.startswith("n9: it names the cluster north")


values = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.text(max_size=8)
    | some.lists(some.text(max_size=4), max_size=2)
)
drawn_settings = some.dictionaries(
    some.sampled_from(
        sorted(
            [
                *DEFAULTS,
                "cluster_endpoint",
                "cluster_zone",
                "cluster_node_labels",
                "cluster_node_taints",
                "cluster_node_name",
            ]
        )
    ),
    values | some.dictionaries(some.text(max_size=4), values, max_size=2),
    max_size=5,
)
inventories = some.lists(
    some.tuples(
        some.text(max_size=10), some.frozensets(some.sampled_from(GROUPS)), some.text(max_size=12), drawn_settings
    ),
    max_size=4,
)


@settings(deadline=None, database=None, max_examples=60)
@given(inventories)
def test_whatever_an_inventory_says_it_is_looked_at_to_its_end(
    drawn: list[tuple[str, frozenset[str], str, dict[str, Any]]],
) -> None:
    """Findings are sentences; nothing that a user writes makes the check itself fail."""
    hosts = [
        Host(name, groups, address, {**DEFAULTS, "cluster_name": "north", **own})
        for name, groups, address, own in drawn
    ]
    said = [*findings(hosts), *look(hosts, MEASURES).findings, *look(hosts, MEASURES).warnings]
    assert all(isinstance(text, str) and text.endswith(".") for text in said), said
