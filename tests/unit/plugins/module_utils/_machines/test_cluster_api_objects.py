# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that describe a cluster for Cluster API, and what conditions say."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.navarch.fleet.plugins.module_utils._machines.cluster_api_objects import (
    ClusterSpec,
    Infrastructure,
    Pool,
    conditions_that_fail,
    is_available,
    objects_of,
)

SPEC = ClusterSpec(
    name="west",
    namespace="clusters",
    version="v1.37.2",
    infrastructure=Infrastructure("infrastructure.cluster.x-k8s.io/v1beta2", "DevCluster", "DevMachineTemplate"),
    pools=(Pool("workers", machine={"flavor": "large"}, capacity={"cpu": "4", "memory": "8Gi", "pods": "50"}),),
)


def test_what_others_refer_to_comes_first_and_is_referred_to_by_its_name() -> None:
    objects = objects_of(SPEC)
    seen: set[tuple[str, str]] = set()
    for each in objects:
        for reference in _references(each["spec"]):
            assert (reference["kind"], reference["name"]) in seen
        seen.add((each["kind"], each["metadata"]["name"]))
    assert [each["kind"] for each in objects][-2:] == ["Cluster", "MachineDeployment"]


def test_another_machine_is_another_template() -> None:
    other = replace(SPEC, pools=(replace(SPEC.pools[0], machine={"flavor": "small"}),))
    names = [
        {each["metadata"]["name"] for each in objects_of(spec) if each["kind"] == "DevMachineTemplate"}
        for spec in (SPEC, other)
    ]
    assert len(names[0] & names[1]) == 1
    assert names[0] != names[1]


def test_a_number_that_was_not_given_is_left_to_whoever_scales() -> None:
    deployment = objects_of(SPEC)[-1]
    assert "replicas" not in deployment["spec"]
    counted = objects_of(replace(SPEC, pools=(replace(SPEC.pools[0], replicas=0),)))[-1]
    assert counted["spec"]["replicas"] == 0


def test_capacity_is_said_in_the_words_of_the_cluster_autoscaler() -> None:
    prefix = "capacity.cluster-autoscaler.kubernetes.io/"
    annotations = objects_of(SPEC)[-1]["metadata"]["annotations"]
    assert annotations == {f"{prefix}cpu": "4", f"{prefix}memory": "8Gi", f"{prefix}maxPods": "50"}


def test_conditions_tell_what_is_wrong_summary_first() -> None:
    conditions = [
        {"type": "MachinesReady", "status": "False", "reason": "NotReady", "message": "m-1 is not ready"},
        {"type": "Available", "status": "False", "reason": "NotAvailable"},
        {"type": "ScalingUp", "status": "True", "reason": "ScalingUp"},
        {"type": "Paused", "status": "False", "reason": "NotPaused"},
    ]
    assert conditions_that_fail({"status": {"conditions": conditions}}) == [
        "Available: NotAvailable",
        "MachinesReady: NotReady (m-1 is not ready)",
        "ScalingUp: ScalingUp",
    ]


def test_old_news_do_not_count() -> None:
    status = {"observedGeneration": 1, "conditions": [{"type": "Available", "status": "True"}]}
    assert not is_available({"metadata": {"generation": 2}, "status": status}, None)
    assert is_available({"metadata": {"generation": 1}, "status": status}, None)
    assert not is_available({"metadata": {"generation": 1}, "status": status}, 3)
    counts = dict.fromkeys(("replicas", "readyReplicas", "upToDateReplicas"), 3)
    assert is_available({"metadata": {"generation": 1}, "status": {**status, **counts}}, 3)


def _references(value: object) -> list[dict[str, str]]:
    if not isinstance(value, dict):
        return []
    found = [value] if {"apiGroup", "kind", "name"} <= set(value) else []
    return found + [reference for each in value.values() for reference in _references(each)]
