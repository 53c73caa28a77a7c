# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member
from ansible_collections.navarch.fleet.plugins.plugin_utils.hosts import GROUPINGS, host_groups, host_variables

RECORD = {
    "metadata": {"name": "idc-north", "labels": {"env": "prod", "fleet.navarch.dev/tier": "gold", "bare": ""}},
    "spec": {
        "provider": "idc",
        "region": "north",
        "zones": ["north-1", "north-2"],
        "cost": 0.5,
        "apiEndpoint": "https://192.0.2.1:6443",
        "taints": [{"key": "edge", "effect": "NoSchedule"}],
    },
    "status": {
        "kubernetesVersion": "v1.37.2",
        "systemUID": "uid",
        "observedAt": "2026-01-01T00:00:00Z",
        "nodeSummary": {"totalNum": 3, "readyNum": 2},
        "resourceSummary": {
            "allocatable": {"cpu": "32", "memory": "1Gi", "pods": "110"},
            "allocated": {"cpu": "1250m", "memory": "512Mi", "pods": "7"},
        },
        "conditions": [
            {"type": "Ready", "status": "False", "reason": "ClusterNotReachable", "message": "refused"},
            {"type": "CredentialExpiring", "status": "True", "reason": "Soon"},
        ],
    },
}


def variables_of(record: dict) -> dict:
    return host_variables(Member.from_object(record))


def test_a_host_has_flat_typed_variables() -> None:
    variables = variables_of(RECORD)
    assert variables["navarch_ready"] is False
    assert variables["navarch_ready_reason"] == "ClusterNotReachable"
    assert variables["navarch_zones"] == ["north-1", "north-2"]
    assert variables["navarch_allocated_cpu"] == 1.25
    assert variables["navarch_allocatable_memory"] == 2**30
    assert variables["navarch_allocatable_pods"] == 110
    assert (variables["navarch_nodes"], variables["navarch_nodes_ready"]) == (3, 2)
    assert variables["navarch_taints"] == [{"key": "edge", "value": "", "effect": "NoSchedule", "timeAdded": None}]
    assert all(name.startswith("navarch_") for name in variables)


def test_a_member_nobody_looked_at_is_a_host_too() -> None:
    variables = variables_of({"metadata": {"name": "new"}})
    assert variables["navarch_ready"] is False
    assert variables["navarch_ready_reason"] == "NotObserved"
    assert host_groups(variables, GROUPINGS) == ["condition_not_ready"]


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [
        ("provider", ["provider_idc"]),
        ("region", ["region_north"]),
        ("zone", ["zone_north_1", "zone_north_2"]),
        ("label", ["label_env_prod", "label_fleet_navarch_dev_tier_gold", "label_bare"]),
        ("condition", ["condition_not_ready", "condition_credential_expiring"]),
    ],
)
def test_each_grouping_has_its_names(grouping: str, expected: list[str]) -> None:
    assert host_groups(variables_of(RECORD), [grouping]) == expected


def test_names_that_become_the_same_are_one_group() -> None:
    record = {"metadata": {"name": "a", "labels": {"x": "a-b", "x_a": "b"}}}
    assert host_groups(variables_of(record), ["label"]) == ["label_x_a_b"]


def test_a_group_has_only_characters_that_ansible_allows() -> None:
    record = {"metadata": {"name": "a"}, "spec": {"region": "Zürich {{ 1 }}"}}
    assert host_groups(variables_of(record), ["region"]) == ["region_Z_rich____1___"]
