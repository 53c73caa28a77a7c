# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node.kubelet import DRAINED_FOR
from ansible_collections.navarch.fleet.plugins.module_utils._node.preflight import Seen, findings, version_step

METRIC = (
    'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="%s",resource="flowschemas",'
    'subresource="",version="v1beta3"} 1\n'
)


def node(name: str, version: str, ready: str = "True", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, **metadata},
        "status": {"nodeInfo": {"kubeletVersion": version}, "conditions": [{"type": "Ready", "status": ready}]},
    }


def budget(expected: int, desired: int) -> dict[str, Any]:
    status = {"expectedPods": expected, "desiredHealthy": desired, "disruptionsAllowed": expected - desired}
    return {"metadata": {"namespace": "shop", "name": "web"}, "status": status}


def seen(**fields: Any) -> Seen:
    given: dict[str, Any] = {"server": "v1.36.3", "unready": "", "etcd": "", "nodes": [], "budgets": [], "metrics": ""}
    return Seen(**{**given, **fields})


def kinds(seen_: Seen, target: str = "v1.37.2") -> list[str]:
    return [each.kind for each in findings(seen_, target)]


def test_nothing_speaks_against_a_healthy_cluster() -> None:
    assert findings(seen(nodes=[node("n1", "v1.36.3")], budgets=[budget(3, 2)]), "v1.37.2") == []


@pytest.mark.parametrize(
    ("current", "target", "allowed"),
    [
        ("v1.36.3", "v1.36.3", True),
        ("v1.36.3", "v1.36.4", True),
        ("v1.36.3", "v1.37.2", True),
        ("v1.36.3", "v1.38.0", False),
        ("v1.36.3", "v1.36.2", False),
        ("v1.36.3", "v1.35.9", False),
        ("v1.36.3", "v2.0.0", False),
        ("v1.9.3", "v1.10.0", True),
    ],
)
def test_one_minor_version_at_a_time_and_never_back(current: str, target: str, allowed: bool) -> None:
    assert (list(version_step(current, target)) == []) is allowed


def test_a_kubelet_too_old_for_the_new_api_server_is_named() -> None:
    found = findings(seen(nodes=[node("n1", "v1.36.3"), node("old", "v1.33.9")]), "v1.37.2")
    assert [each.kind for each in found] == ["skew"]
    assert "old" in found[0].text
    assert kinds(seen(nodes=[node("old", "v1.34.0")])) == []


def test_a_kubelet_newer_than_all_is_named() -> None:
    assert kinds(seen(nodes=[node("new", "v1.38.0")])) == ["skew"]


def test_all_findings_come_at_once() -> None:
    sick = seen(
        unready="[-]etcd failed",
        etcd="n2 is unhealthy",
        nodes=[node("n1", "v1.36.3", "False")],
        budgets=[budget(2, 2)],
        metrics=METRIC % "1.37",
    )
    assert kinds(sick, "v1.38.0") == ["version", "api", "etcd", "nodes", "budgets", "deprecated"]


def test_a_node_that_the_upgrade_itself_drained_does_not_stop_it() -> None:
    ours = node("n2", "v1.36.3", "False", annotations={DRAINED_FOR: "upgrade"})
    assert kinds(seen(nodes=[ours])) == []


def test_a_budget_that_lets_nobody_go_is_named_and_one_that_waits_is_not() -> None:
    assert kinds(seen(budgets=[budget(1, 1)])) == ["budgets"]
    assert kinds(seen(budgets=[budget(0, 0)])) == []


def test_an_api_that_is_asked_for_and_goes_with_the_new_version_is_named() -> None:
    assert kinds(seen(metrics=METRIC % "1.37")) == ["deprecated"]
    assert kinds(seen(metrics=METRIC % "1.38")) == []


def test_a_silent_api_server_is_the_only_finding() -> None:
    assert kinds(Seen("", "connection refused", "", (), (), "")) == ["api"]
