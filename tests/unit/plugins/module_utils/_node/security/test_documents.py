# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures become kubeadm's configuration; what the user writes himself counts, and is told where it undoes a measure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._node.security.documents import merged, secured, undone
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.measures import MEASURES
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.settings import Settings


def settings(version: str = "v1.37.2", **switches: bool) -> Settings:
    return Settings.from_dict({"cluster_kubernetes_version": version, "cluster_security": switches})


def arguments(documents: dict[str, Any], part: str = "apiServer") -> dict[str, str]:
    return {each["name"]: each["value"] for each in documents["ClusterConfiguration"][part]["extraArgs"]}


def test_measures_are_on_unless_somebody_says_otherwise() -> None:
    said = arguments(secured(settings()))
    assert said["profiling"] == "false"
    assert said["encryption-provider-config"] == "/etc/kubernetes/navarch/encryption.json"
    assert said["enable-admission-plugins"] == "NodeRestriction,DenyServiceExternalIPs"


@pytest.mark.parametrize("measure", [measure.name for measure in MEASURES if measure.on])
def test_a_measure_that_is_off_leaves_nothing_of_itself(measure: str) -> None:
    """It takes fields away, and changes no other but the list of admission plugins."""
    on, off = dict(leaves(secured(settings()))), dict(leaves(secured(settings(**{measure: False}))))
    assert set(off) <= set(on)
    assert {key for key in off if off[key] != on[key]} <= {
        "ClusterConfiguration.apiServer.extraArgs.enable-admission-plugins"
    }


def test_options_are_off_unless_asked_for() -> None:
    said = arguments(secured(settings(admission_event_limit=True, admission_always_pull=True)))
    assert said["enable-admission-plugins"].endswith("DenyServiceExternalIPs,AlwaysPullImages,EventRateLimit")


def test_an_old_api_server_is_not_told_of_paths() -> None:
    assert "authentication-config" not in arguments(secured(settings("v1.31.4")))
    assert "authentication-config" in arguments(secured(settings("v1.32.0")))


def test_arguments_are_merged_by_name_and_the_users_counts() -> None:
    user = {"ClusterConfiguration": {"apiServer": {"extraArgs": [{"name": "profiling", "value": "true"}]}}}
    both = merged(secured(settings()), user)
    assert arguments(both)["profiling"] == "true"
    assert arguments(both)["audit-log-maxage"] == "30"
    assert [each["name"] for each in both["ClusterConfiguration"]["apiServer"]["extraArgs"]].count("profiling") == 1


def test_an_external_etcd_has_no_local_one() -> None:
    user = {"ClusterConfiguration": {"etcd": {"external": {"endpoints": ["https://e1:2379"]}}}}
    assert "local" not in merged(secured(settings()), user)["ClusterConfiguration"]["etcd"]


def test_what_undoes_a_measure_is_told() -> None:
    user = {
        "ClusterConfiguration": {"apiServer": {"extraArgs": [{"name": "profiling", "value": "true"}]}},
        "KubeletConfiguration": {"readOnlyPort": 10255, "maxPods": 50},
    }
    told = undone(settings(), user)
    assert len(told) == 2
    assert any("readOnlyPort: 10255" in text for text in told)
    assert undone(settings(profiling=False), {"ClusterConfiguration": user["ClusterConfiguration"]}) == []


names = some.sampled_from(["profiling", "v", "audit-log-maxage"])
lists = some.lists(
    some.fixed_dictionaries({"name": names, "value": some.text("ab", max_size=2)}),
    max_size=3,
    unique_by=lambda each: each["name"],
)
documents = some.fixed_dictionaries(
    {"ClusterConfiguration": some.fixed_dictionaries({"apiServer": some.fixed_dictionaries({"extraArgs": lists})})}
)


@limits(deadline=None, database=None, max_examples=60)
@given(documents, documents)
def test_the_later_layer_counts_and_nothing_is_lost(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert arguments(merged(first, second)) == {**arguments(first), **arguments(second)}
    assert merged(first, first) == first


def leaves(value: Any, place: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{place}.{key}".strip("."))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [(f"{place}.{each['name']}", each) for each in value]
    return [(place, value)] if value not in ({}, []) else []
