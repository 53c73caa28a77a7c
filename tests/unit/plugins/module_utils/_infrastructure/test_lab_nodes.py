# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated machines of a lab."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_nodes import (
    Member,
    drifted,
    nodes,
    quantity,
)

CLOUD = Member("cloud-east", "openstack", "south", ("south-2", "south-3"), 3, "4", "16Gi", 60)


def test_nodes_are_dealt_to_the_zones_in_turn():
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes(CLOUD, "v1.37.2")]
    assert zones == ["south-2", "south-3", "south-2"]


def test_nodes_of_a_cloud_have_its_form_of_provider_id():
    ids = [node["spec"]["providerID"] for node in nodes(CLOUD, "v1.37.2")]
    assert len(set(ids)) == 3
    assert all(id.startswith("openstack:///") and len(id) == len("openstack:///") + 36 for id in ids)


def test_other_nodes_say_where_they_stand():
    member = Member("idc-north", zones=("north-1",), nodes=1)
    assert nodes(member, "v1.37.2")[0]["spec"]["providerID"] == "idc://north-1/idc-north-01"


def test_a_place_that_was_not_named_has_no_label():
    labels = nodes(Member("m1", nodes=1), "v1.37.2")[0]["metadata"]["labels"]
    assert not any(key.startswith("topology.") for key in labels)


def test_the_system_keeps_its_share():
    assert nodes(CLOUD, "v1.37.2")[0]["status"]["allocatable"] == {
        "cpu": "3800m",
        "memory": str(15 << 30),
        "pods": "60",
    }


def test_the_same_description_gives_the_same_nodes():
    assert nodes(CLOUD, "v1.37.2") == nodes(CLOUD, "v1.37.2")
    assert drifted(nodes(CLOUD, "v1.37.2"), nodes(CLOUD, "v1.37.2")) == ([], [], [])


def test_what_the_server_writes_otherwise_is_no_drift():
    found = copy.deepcopy(nodes(CLOUD, "v1.37.2"))
    found[0]["status"]["capacity"]["cpu"] = "4000m"
    found[0]["metadata"]["labels"]["somebody/else"] = "yes"
    found[0]["status"]["capacity"]["ephemeral-storage"] = "1Ti"
    assert drifted(nodes(CLOUD, "v1.37.2"), found) == ([], [], [])


def test_drift_is_told_apart():
    wanted = nodes(CLOUD, "v1.37.2")
    found = copy.deepcopy(wanted[1:])
    found[0]["status"]["allocatable"]["memory"] = "1Gi"
    found.append({"metadata": {"name": "foreign"}})
    assert drifted(wanted, found) == (["cloud-east-01"], ["cloud-east-02"], ["foreign"])


@pytest.mark.parametrize(
    ("text", "number"), [("2", 2), ("500m", Decimal("0.5")), ("64Gi", 64 << 30), ("1k", 1000), ("1.5", Decimal("1.5"))]
)
def test_quantities_are_numbers(text, number):
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "much", "1X", "Gi"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(InfrastructureError, match="is not a quantity"):
        quantity(text)


def test_a_node_too_small_for_its_system_is_refused():
    with pytest.raises(InfrastructureError, match="too small"):
        nodes(Member("m1", memory="512Mi"), "v1.37.2")
