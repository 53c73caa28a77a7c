# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import nodes
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubelet import DRAINED_FOR, OWN_LABELS
from ansible_collections.navarch.fleet.plugins.module_utils._node.nodes import Found, State, Wanted


def wanted(state: State = State.PRESENT, **fields: Any) -> Wanted:
    given: dict[str, Any] = {
        "name": "n2",
        "labels": None,
        "taints": None,
        "purpose": "upgrade",
        "version": "",
        "delete_unmanaged": False,
        "deadline": 1.0,
    }
    return Wanted(state=state, **{**given, **fields})


def node(ready: str = "True", **metadata: Any) -> dict[str, Any]:
    spec = metadata.pop("spec", {})
    return {
        "metadata": {"name": "n2", **metadata},
        "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def pod(name: str, *, owner: str = "ReplicaSet", **fields: Any) -> dict[str, Any]:
    owners = [{"kind": owner, "controller": True}] if owner else []
    return {
        "metadata": {"namespace": "shop", "name": name, "ownerReferences": owners, **fields},
        "status": {"phase": "Running"},
    }


def verbs(steps: list[Any]) -> list[str]:
    return [step.action for step in steps]


def test_a_drained_node_is_left_alone() -> None:
    found = Found(node(spec={"unschedulable": True}), ())
    assert nodes.plan(wanted(State.DRAINED), found) == []


def test_a_cordoned_node_with_pods_is_drained_further() -> None:
    found = Found(node(spec={"unschedulable": True}), (pod("web"),))
    (step,) = nodes.plan(wanted(State.DRAINED), found)
    assert step.action == "drain"
    assert "shop/web" in step.before


def test_a_node_that_somebody_else_cordoned_stays_cordoned() -> None:
    assert nodes.plan(wanted(State.SCHEDULABLE), Found(node(spec={"unschedulable": True}), ())) == []
    other = node(annotations={DRAINED_FOR: "repair"}, spec={"unschedulable": True})
    assert nodes.plan(wanted(State.SCHEDULABLE), Found(other, ())) == []


def test_who_drained_a_node_uncordons_it() -> None:
    found = Found(node(annotations={DRAINED_FOR: "upgrade"}, spec={"unschedulable": True}), ())
    assert verbs(nodes.plan(wanted(State.SCHEDULABLE), found)) == ["uncordon"]


def test_a_dead_node_is_removed_without_waiting_for_its_pods() -> None:
    assert verbs(nodes.plan(wanted(State.ABSENT), Found(node("Unknown"), (pod("web"),), "")))[-1:] == ["delete"]
    assert "drain" not in verbs(nodes.plan(wanted(State.ABSENT), Found(node("Unknown"), (pod("web"),), "")))


def test_a_living_node_is_drained_before_it_is_removed() -> None:
    assert verbs(nodes.plan(wanted(State.ABSENT), Found(node(), (pod("web"),), ""))) == ["drain", "delete"]


def test_no_pod_outlives_its_node_and_gets_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], str | None]] = []

    def kubectl(arguments: list[str], *, text: str | None = None, deadline: float = 60.0) -> str:
        asked.append((arguments, text))
        return json.dumps({"items": [pod("agent", owner="DaemonSet")]}) if arguments[0] == "get" else ""

    monkeypatch.setattr(nodes.kubectl, "kubectl", kubectl)
    (step,) = nodes.plan(wanted(State.ABSENT), Found(node(), ()))
    nodes.act(step, wanted(State.ABSENT), Found(node(), ()))
    # The Node goes first: a DaemonSet would make its pod anew.
    assert [" ".join(arguments[:2]) for arguments, _text in asked] == [
        "delete node",
        "get pods",
        "delete --grace-period=0",
    ]
    (gone,) = json.loads(asked[-1][1] or "")["items"]
    assert gone["metadata"] == {"namespace": "shop", "name": "agent"}


def test_a_member_of_etcd_that_stayed_behind_is_removed_even_without_a_node() -> None:
    assert verbs(nodes.plan(wanted(State.ABSENT), Found(None, (), "8e9e05c52164694d"))) == ["remove etcd member"]


def test_a_node_that_is_gone_needs_nothing() -> None:
    assert nodes.plan(wanted(State.ABSENT), Found(None, (), "")) == []


def test_an_unknown_node_is_an_error_that_names_it() -> None:
    with pytest.raises(NodeError, match="n2"):
        nodes.plan(wanted(), Found(None, ()))


def test_labels_that_are_right_cost_nothing() -> None:
    assert nodes.plan(wanted(labels={"zone": "a"}), Found(node(labels={"zone": "a", "own": "x"}), ())) == []


def test_a_label_that_is_not_named_any_more_goes_and_those_of_others_stay() -> None:
    found = Found(node(labels={"zone": "a", "rack": "r1", "own": "x"}, annotations={OWN_LABELS: "rack,zone"}), ())
    (step,) = nodes.plan(wanted(labels={"zone": "b"}), found)
    metadata = json.loads(step.after)["metadata"]
    assert metadata["labels"] == {"rack": None, "zone": "b"}
    assert metadata["annotations"][OWN_LABELS] == "zone"


def test_a_taint_is_set_beside_those_of_others() -> None:
    others = {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}
    found = Found(node(spec={"taints": [others]}), ())
    (step,) = nodes.plan(wanted(taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]), found)
    assert json.loads(step.after)["spec"]["taints"] == [others, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}]


def test_draining_leaves_pods_of_daemon_sets_static_pods_and_those_that_ended() -> None:
    static = pod("etcd-n1", owner="Node", annotations={"kubernetes.io/config.mirror": "x"})
    ended = {**pod("job"), "status": {"phase": "Succeeded"}}
    given = [pod("proxy", owner="DaemonSet"), static, ended, pod("web"), pod("bare", owner="")]
    assert [each["metadata"]["name"] for each in nodes.movable(given)] == ["web", "bare"]


@pytest.mark.parametrize(
    ("selector", "blocks"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "db"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_a_pod_that_stays_is_named_with_the_budget_that_holds_it(selector: dict[str, Any], blocks: bool) -> None:
    budget = {
        "metadata": {"namespace": "shop", "name": "always"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": 0},
    }
    (found,) = nodes.blocked([pod("web-1", labels={"app": "web"})], [budget])
    assert str(found) == ("shop/web-1 (shop/always)" if blocks else "shop/web-1")
