# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import api, etcd, predecessor
from ansible_collections.navarch.fleet.plugins.module_utils._node.commands import Completed
from ansible_collections.navarch.fleet.plugins.module_utils._node.predecessor import Found, Newcomer

NEWCOMER = Newcomer("n1", "10.0.0.11")
MEMBERS = {
    "members": [
        {"ID": 2610, "name": "n1", "peerURLs": ["https://10.0.0.11:2380"]},
        {"ID": 2611, "name": "n2", "peerURLs": ["https://10.0.0.12:2380"]},
    ]
}


def node(ready: str, address: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "n1"},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "addresses": [{"type": "InternalIP", "address": address}],
        },
    }


def test_nothing_is_left_of_a_host_that_was_never_there() -> None:
    assert predecessor.plan(NEWCOMER, Found(None)) == []


def test_etcd_forgets_a_lost_member_before_its_node_goes() -> None:
    steps = predecessor.plan(NEWCOMER, Found(node("Unknown", "10.0.0.11"), ("a32",), ("pod/etcd-n1",), ("csr-1",)))
    assert [step.action for step in steps] == ["remove etcd member", "delete pod", "delete request", "delete node"]


def test_what_was_approved_for_an_earlier_host_is_not_taken_for_the_newcomers(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [
        {"metadata": {"name": f"csr-{user}"}, "spec": {"username": f"system:node:{user}"}}
        for user in ("n1", "n2", "n11")
    ]
    monkeypatch.setattr(etcd, "stacked", lambda: False)
    monkeypatch.setattr(api, "get", lambda path: {"items": requests} if "certificatesigningrequests" in path else None)
    assert [step.subject for step in predecessor.plan(NEWCOMER, predecessor.observe(NEWCOMER))] == ["csr-n1"]


@pytest.mark.parametrize(
    ("ready", "address", "said"),
    [
        ("True", "10.0.0.99", "10.0.0.99"),
        # The host itself, begun anew before the cluster missed it.
        ("True", "10.0.0.11", ""),
        # Its successor has another address.
        ("Unknown", "10.0.0.99", ""),
    ],
)
def test_a_living_host_of_that_name_is_not_thrown_out(ready: str, address: str, said: str) -> None:
    assert predecessor.elsewhere(NEWCOMER, Found(node(ready, address))) == said


@pytest.mark.parametrize(
    ("newcomer", "members"),
    [
        (NEWCOMER, ("a32",)),
        (Newcomer("n9", "10.0.0.11"), ("a32",)),
        (Newcomer("n2", "10.0.0.13"), ("a33",)),
        (Newcomer("n9", "10.0.0.19"), ()),
    ],
)
def test_members_of_etcd_are_known_by_name_and_by_address(
    newcomer: Newcomer, members: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etcd, "flag", lambda name: "https://127.0.0.1:2379" if name == "etcd-servers" else "x")
    monkeypatch.setattr(etcd, "attempt", lambda *_words, **_options: Completed(0, json.dumps(MEMBERS), ""))
    monkeypatch.setattr(api, "get", lambda _path: None)
    assert predecessor.observe(newcomer).members == members


def test_members_of_an_external_etcd_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd, "flag", lambda name: "https://10.0.0.21:2379,https://10.0.0.22:2379")
    monkeypatch.setattr(api, "get", lambda _path: None)
    assert predecessor.observe(NEWCOMER).members == ()
