# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import kubectl, spread
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.spread import Deployment, Found

DNS = Deployment("kube-system", "coredns")
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def test_replicas_on_one_node_are_parted() -> None:
    (step,) = spread.plan(DNS, Found({"dns-a": "n1", "dns-b": "n1"}, ("n1", "n2")))
    assert (step.action, step.subject) == ("move", "kube-system/dns-b")


@pytest.mark.parametrize(
    "found",
    [
        Found({"dns-a": "n1", "dns-b": "n1"}, ("n1",)),
        Found({"dns-a": "n1", "dns-b": "n2"}, ("n1", "n2", "n3")),
        Found({"dns-a": "n1"}, ("n1", "n2")),
        # One is on its way already.
        Found({"dns-a": "n1", "dns-b": ""}, ("n1", "n2")),
        Found({}, ()),
    ],
)
def test_nothing_moves_without_need(found: Found) -> None:
    assert spread.plan(DNS, found) == []


def answers(nodes: list[dict[str, Any]], placed: list[str]) -> Any:
    deployment = {
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "kube-dns"}},
            "template": {"spec": {"tolerations": [CONTROL_PLANE | {"operator": "Exists"}]}},
        }
    }
    pods = [{"metadata": {"name": f"dns-{index}"}, "spec": {"nodeName": name}} for index, name in enumerate(placed)]

    def kubectl_says(words: list[str], **_options: Any) -> str:
        if words[1] == "deployment":
            return json.dumps(deployment)
        return json.dumps({"items": nodes if words[1] == "nodes" else pods})

    return kubectl_says


def node(name: str, ready: str = "True", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_only_nodes_that_take_its_pods_count(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        node("n1", taints=[CONTROL_PLANE]),
        node("n2", ready="Unknown"),
        node("n3", unschedulable=True),
        node("n4", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
        node("n5", taints=[{"key": "spot", "effect": "PreferNoSchedule"}]),
    ]
    monkeypatch.setattr(kubectl, "kubectl", answers(nodes, ["n1", "n1"]))
    assert spread.observe(DNS).nodes == ("n1", "n5")


def test_pods_that_stay_together_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubectl, "kubectl", answers([node("n1"), node("n2")], ["n1", "n1"]))
    with pytest.raises(NodeError, match="still on one Node"):
        spread.verify(DNS, 0)
