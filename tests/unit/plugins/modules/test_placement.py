# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module asks no hub when it is given clusters, and answers bad input with one message."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.placing import decide
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import CredentialError, InputError

DIVIDED = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}
FLEET = [
    {"name": "idc", "available": 4},
    {"name": "cloud", "available": 40, "taints": [{"key": "burst", "effect": "NoSchedule"}]},
]


def params(**more: Any) -> dict[str, Any]:
    return {
        "placement": DIVIDED,
        "workloads": [workload()],
        "clusters": FLEET,
        "names": None,
        "evicting": [],
        "observed_affinity": None,
        "trigger": None,
        "estimator": None,
        "compatibility": "navarch",
        "must_fit": True,
        "explain": "summary",
        "application": None,
        "neighbours": None,
        "now": None,
        **more,
    }


def workload(**more: Any) -> dict[str, Any]:
    base = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": "shop", "uid": None}
    return {**base, "replicas": 3, "resourceRequest": None, "current": {}, **more}


def test_an_answer_says_what_goes_where_and_why() -> None:
    results = decide(params(), check_mode=False)
    assert results["targets"] == {"Deployment/default/shop": {"idc": 3}}
    assert results["chosen"] == ["idc"]
    assert results["clusters"]["cloud"]["change"] == "add a toleration to clusterTolerations, or remove the taint"
    assert [row["cluster"] for row in results["table"]] == ["idc", "cloud"]
    assert results["lines"][0].split() == ["CLUSTER", "REPLICAS", "SCORE", "DECIDED", "BY", "REASON"]
    assert "failed" not in results


def test_what_does_not_fit_fails_with_the_reason() -> None:
    results = decide(params(workloads=[workload(replicas=5)]), check_mode=False)
    assert results["failed"]
    assert results["msg"] == "Deployment/default/shop: the cluster has room for 4 replicas, 5 are to be placed"
    assert results["error"]["kind"] == "unschedulable"


def test_what_does_not_fit_is_an_answer_where_it_may_be_one() -> None:
    results = decide(params(workloads=[workload(replicas=5)], must_fit=False), check_mode=False)
    assert "failed" not in results
    assert results["error"]["kind"] == "unschedulable"


def test_facts_are_counted_where_there_are_any() -> None:
    counted = [{"name": "idc", "available": 40, "resourceSummary": {"allocatable": {"pods": 3}}}]
    assert decide(params(clusters=counted), check_mode=False)["targets"] == {"Deployment/default/shop": {"idc": 3}}
    assert decide(params(clusters=counted, workloads=[workload(replicas=4)]), check_mode=False)["failed"]


def test_what_runs_stays_where_it_is() -> None:
    running = workload(replicas=3, current={"cloud": 3})
    assert decide(params(workloads=[running]), check_mode=False)["targets"] == {"Deployment/default/shop": {"cloud": 3}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"placement": {"clusterAfinity": {}}},
            "placement.clusterAfinity: unknown field .did you mean clusterAffinity",
        ),
        ({"placement": {"a": 1, "b": 2}}, "2 problems in the placement"),
        ({"clusters": [{"name": "a", "regoin": "x"}]}, r"clusters\[0\].regoin: unknown field .did you mean region"),
        ({"clusters": [{"name": "a"}, {"name": "a"}]}, "cluster a is given twice"),
        ({"clusters": [{"region": "x"}]}, "a cluster needs a name"),
        ({"clusters": [{"name": "a", "available": "many"}]}, "expected a whole number"),
        ({"clusters": [{"name": "a", "resourceSummary": {"allocatable": {"cpu": "1x"}}}]}, "'1x' is not a quantity"),
        ({"workloads": [workload(replicas=-1)]}, "replicas: expected a whole number from 0, not -1"),
        ({"workloads": [workload(resourceRequest={"cpu": "lots"})]}, "'lots' is not a quantity"),
        ({"workloads": [workload(current={"a": "x"})]}, "current.a of shop: expected a number, not 'x'"),
        ({"workloads": [workload(), workload()]}, "Deployment/default/shop is given twice"),
    ],
)
def test_bad_input_is_one_message(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        decide(params(**change), check_mode=False)


def test_without_clusters_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAVARCH_HUB_KUBECONFIG", raising=False)
    monkeypatch.delenv("NAVARCH_HUB_HOST", raising=False)
    with pytest.raises(CredentialError, match="nothing says which API server is the hub"):
        decide(params(clusters=None), check_mode=False)


def test_a_wrong_placement_is_refused_before_the_hub_is_asked() -> None:
    with pytest.raises(InputError):
        decide(params(clusters=None, placement={"x": 1}), check_mode=False)


def test_the_time_the_neighbours_and_the_data_of_the_input_count() -> None:
    fleet = [
        {"name": "a", "holds": ["Service/shop/db"]},
        {"name": "b", "holds": ["Service/shop/db"], "maintenanceWindows": [{"cron": "0 22 * * 6", "duration": "4h"}]},
        {"name": "c"},
        {"name": "d", "holds": ["Service/shop/db"]},
    ]
    placement = {
        "applicationAntiAffinity": {"required": [{"application": "batch"}]},
        "dataLocality": {"objects": [{"kind": "Service", "namespace": "shop", "name": "db"}], "mode": "required"},
    }
    asked = params(
        placement=placement,
        clusters=fleet,
        application={"name": "shop", "tenant": "default", "labels": {}},
        neighbours=[{"name": "batch", "tenant": "default", "labels": {}, "clusters": ["d"], "group": None}],
    )
    assert decide({**asked, "now": "2026-11-28T23:00:00Z"}, check_mode=False)["chosen"] == ["a"]
    assert decide({**asked, "now": "2026-11-28T20:00:00Z"}, check_mode=False)["chosen"] == ["a", "b"]


def test_nodes_are_facts_that_are_counted() -> None:
    node = {"name": "n", "allocatable": {"cpu": "4"}}
    asked = params(clusters=[{"name": "a", "nodes": [node]}, {"name": "b", "nodes": [node, {**node, "name": "m"}]}])
    asked["workloads"] = [workload(resourceRequest={"cpu": "3"})]
    assert decide(asked, check_mode=False)["targets"] == {"Deployment/default/shop": {"a": 1, "b": 2}}
    asked["workloads"] = [workload(resourceRequest={"cpu": "5"})]
    assert decide({**asked, "must_fit": False}, check_mode=False)["error"]["kind"] == "unschedulable"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"now": "tomorrow"}, "now: 'tomorrow' is no time"),
        ({"neighbours": [{"name": "x", "cluster": "a"}]}, "neighbours[0].cluster: unknown field"),
        ({"clusters": [{"name": "a", "cost": -1}]}, "clusters[0].cost: expected a number from 0"),
        (
            {"clusters": [{"name": "a", "maintenanceWindows": [{"cron": "x", "duration": "1h"}]}]},
            "clusters[0].maintenanceWindows[0].cron",
        ),
    ],
)
def test_facts_of_the_wrong_form_are_refused_by_path(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        decide(params(**change), check_mode=False)
    assert message in str(caught.value)


def test_a_selector_that_matches_nobody_is_a_warning() -> None:
    results = decide(
        params(placement={**DIVIDED, "clusterAffinity": {"clusterNames": ["idc", "clout"]}}), check_mode=False
    )
    assert results["unmatched"] == [
        "placement.clusterAffinity.clusterNames[1]: no cluster is named clout; known are cloud, idc (did you mean cloud?)"
    ]
    assert results["chosen"] == ["idc"]
