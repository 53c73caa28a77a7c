# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import Credential
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._registry.access import JoinProfile
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub
from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import read_inputs
from ansible_collections.navarch.fleet.plugins.module_utils._registry.record import (
    cluster_after,
    namespaces_of,
    profile_of,
)

HUB = Hub(Session("hub", Credential("https://127.0.0.1:1")), "navarch-system", "id")


def after(obj: dict[str, Any] | None, **document: Any) -> dict[str, Any]:
    (wanted,) = read_inputs([{"name": "m1", **document}])
    return cluster_after(obj, wanted, HUB, now="now", server="https://s")


def test_a_new_member_says_where_its_credential_is() -> None:
    found = after(None, provider="idc")
    assert found["spec"] == {
        "provider": "idc", "joinProfile": "deployer", "apiEndpoint": "https://s",
        "secretRef": {"namespace": "navarch-system", "name": "cluster-m1"},
    }  # fmt: skip


def test_the_same_input_again_changes_nothing() -> None:
    document = {
        "labels": {"env": "prod"}, "taints": [{"key": "k", "effect": "NoExecute"}], "cordoned": True, "cost": 1.5,
        "zones": ["a"], "profile": "namespaced", "namespaces": ["b", "a"],
    }  # fmt: skip
    first = after(None, **document)
    assert after(first, **document) == first


def test_what_the_input_leaves_out_stays() -> None:
    first = after(None, labels={"env": "prod"}, region="north", zones=["n1"])
    assert after(first) == first


def test_labels_are_replaced_as_a_whole_but_ours_stay() -> None:
    first = after(None, labels={"old": "1"})
    first["metadata"]["labels"]["fleet.navarch.dev/ours"] = "1"
    assert after(first, labels={"new": "1"})["metadata"]["labels"] == {"new": "1", "fleet.navarch.dev/ours": "1"}
    assert "labels" not in after(after(None, labels={"old": "1"}), labels={})["metadata"]


def test_taints_of_the_fleet_are_not_the_users_to_drop() -> None:
    first = after(None, taints=[{"key": "mine", "effect": "NoSchedule"}], cordoned=True)
    keys = [taint["key"] for taint in after(first, taints=[])["spec"]["taints"]]
    assert keys == ["fleet.navarch.dev/unschedulable"]
    assert after(after(first, taints=[]), cordoned=False)["spec"]["taints"] == []


def test_the_profile_is_remembered() -> None:
    first = after(None, profile="namespaced", namespaces=["b", "a"])
    (again,) = read_inputs([{"name": "m1"}])
    assert profile_of(again, first) is JoinProfile.NAMESPACED
    assert namespaces_of(again, first) == ("a", "b")
