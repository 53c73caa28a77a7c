# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._registry.facts import (
    PodFacts,
    node_facts,
    pod_request,
    status_facts,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.quantity import format_amounts


def node(name: str, *, ready: str = "True", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        },
    }


def pod(node_name: str | None, cpu: str, phase: str = "Running") -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"resources": {"requests": {"cpu": cpu}}}]}
    if node_name:
        spec["nodeName"] = node_name
    return {"spec": spec, "status": {"phase": phase}}


def test_capacity_is_that_of_nodes_that_take_pods() -> None:
    nodes = [
        node("works"),
        node("broken", ready="False"),
        node("cordoned", unschedulable=True),
        node("control", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]),
    ]
    found = node_facts(nodes)
    assert (found.total, found.ready, found.usable) == (4, 3, frozenset({"works"}))
    assert format_amounts(found.allocatable)["cpu"] == "4"


def test_pods_count_where_they_are() -> None:
    nodes = node_facts([node("works"), node("broken", ready="False")])
    pods = PodFacts.on(nodes)
    pods.count([pod("works", "500m"), pod("works", "250m"), pod("broken", "1"), pod("works", "1", "Succeeded")])
    pods.count([pod(None, "2")])
    summary = status_facts(nodes, pods)["resourceSummary"]
    assert summary["allocated"] == {"cpu": "750m", "pods": "2"}
    assert summary["allocating"] == {"cpu": "2", "pods": "1"}


def test_zones_region_and_provider_come_from_the_nodes() -> None:
    labels = {"topology.kubernetes.io/region": "north"}
    nodes = [
        node("a", labels={**labels, "topology.kubernetes.io/zone": "n2"}, providerID="openstack:///x"),
        node("b", labels={**labels, "failure-domain.beta.kubernetes.io/zone": "n1"}, providerID="openstack:///y"),
        node("c", labels={"topology.kubernetes.io/region": "south"}, providerID="kind://z"),
    ]
    found = node_facts(nodes)
    assert (found.zones, found.region, found.provider) == (("n1", "n2"), "north", "openstack")


def test_a_member_without_nodes_has_nothing() -> None:
    found = status_facts(node_facts([]), PodFacts.on(node_facts([])))
    assert found["resourceSummary"] == {"allocatable": {}, "allocated": {}, "allocating": {}}
    assert found["region"] == found["provider"] == ""


def test_a_pod_asks_for_its_peak() -> None:
    def container(cpu: str, **more: str) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {
        "initContainers": [container("100m", restartPolicy="Always"), container("3"), container("1")],
        "containers": [container("1"), container("500m")],
        "overhead": {"cpu": "50m"},
    }
    # The init container beside its sidecar (3.1) is more than containers and sidecar together (1.6).
    assert format_amounts(pod_request(spec)) == {"cpu": "3150m"}


def test_a_request_of_the_pod_itself_goes_first() -> None:
    spec = {
        "resources": {"requests": {"cpu": "2"}},
        "containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}],
    }
    assert format_amounts(pod_request(spec)) == {"cpu": "2", "memory": "1073741824"}
