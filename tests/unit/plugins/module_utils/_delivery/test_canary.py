# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.canary import (
    HOLD,
    canary_health,
    canary_manifests,
    without_shrinking,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Manifest, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.waves import Amount
from ansible_collections.navarch.fleet.plugins.module_utils._kube.health import State, health

QUARTER = Amount.of("25%")


def workload(kind: str = "Deployment", image: str = "web:1", replicas: int | None = 4, **spec: Any) -> Manifest:
    count = {} if replicas is None else {"replicas": replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {**count, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}, **spec},
    }


def tried(new: Manifest, old: Manifest | None, live: Manifest | None = None, share: Amount = QUARTER) -> Manifest:
    """The one manifest of the canary step."""
    previous = {identify(old): old} if old else {}
    known = live or old
    found = canary_manifests([new], previous, {identify(known): known} if known else {}, share)
    assert len(found.wanted) == 1
    return found.wanted[0]


def test_a_deployment_is_held_after_its_first_new_pods_and_loses_no_old_one() -> None:
    held = tried(workload(image="web:2"), workload())["spec"]
    assert held["minReadySeconds"] == HOLD
    assert held["progressDeadlineSeconds"] > HOLD
    assert held["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert held["template"]["spec"]["containers"][0]["image"] == "web:2"


def test_a_stateful_set_is_held_by_its_partition() -> None:
    held = tried(workload("StatefulSet", "web:2"), workload("StatefulSet"))["spec"]
    assert held["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 3}}


def test_a_partition_that_the_user_wants_higher_stays() -> None:
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 4}}
    held = tried(workload("StatefulSet", "web:2", updateStrategy=update), workload("StatefulSet"))["spec"]
    assert held["updateStrategy"]["rollingUpdate"]["partition"] == 4


def test_a_canary_changes_what_runs_and_not_how_much() -> None:
    held = tried(workload(image="web:2", replicas=10), workload(), live=workload(replicas=8))["spec"]
    assert held["replicas"] == 8
    assert held["strategy"]["rollingUpdate"]["maxSurge"] == 2


def test_replicas_that_an_autoscaler_has_are_not_named() -> None:
    held = tried(workload(image="web:2", replicas=None), workload(replicas=None), live=workload(replicas=8))["spec"]
    assert "replicas" not in held
    assert held["strategy"]["rollingUpdate"]["maxSurge"] == 2


def test_a_new_workload_begins_with_the_share() -> None:
    assert tried(workload(replicas=8), None)["spec"]["replicas"] == 2


def test_without_a_new_version_the_old_manifest_stays_until_the_wave() -> None:
    old = workload(replicas=4)
    assert tried(workload(replicas=6), old) is old


@pytest.mark.parametrize(
    "new",
    [
        workload(image="web:2", strategy={"type": "Recreate"}),
        workload("StatefulSet", "web:2", updateStrategy={"type": "OnDelete"}),
        workload("DaemonSet", "web:2", None),
        workload("ReplicaSet", "web:2"),
    ],
)
def test_what_knows_no_share_stays_as_it_is_and_is_named(new: Manifest) -> None:
    old = workload(new["kind"])
    found = canary_manifests([new], {identify(old): old}, {identify(old): old}, QUARTER)
    assert found.wanted == (old,)
    assert found.whole == (identify(new),)


def test_what_makes_no_pods_comes_with_the_canary() -> None:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "shop"},
        "data": {"a": "2"},
    }
    assert canary_manifests([config], {}, {}, QUARTER).wanted == (config,)


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        ({"replicas": 4, "updatedReplicas": 0, "readyReplicas": 4}, State.PROGRESSING, "0 of 1 new pods"),
        ({"replicas": 5, "updatedReplicas": 1, "readyReplicas": 4}, State.PROGRESSING, "4 of 5 pods are ready"),
        ({"replicas": 5, "updatedReplicas": 1, "readyReplicas": 5}, State.HEALTHY, ""),
    ],
)
def test_a_canary_is_healthy_when_its_new_pods_are_ready_beside_the_old(
    status: dict[str, int], state: State, words: str
) -> None:
    held = tried(workload(image="web:2"), workload())
    live = {**held, "metadata": {**held["metadata"], "generation": 2}, "status": {"observedGeneration": 2, **status}}
    found = canary_health(live, health)
    assert (found.state, words in found.message) == (state, True)


def test_a_canary_whose_pods_are_refused_is_unhealthy() -> None:
    held = tried(workload(image="web:2"), workload())
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}
    live = {**held, "status": {"observedGeneration": 1, "conditions": [failure]}}
    assert canary_health(live, health).reason == "FailedCreate"


def test_nothing_shrinks_that_grows_elsewhere() -> None:
    new, old = workload(replicas=2), workload(replicas=4)
    previous = {identify(old): old}
    assert without_shrinking([new], previous, [identify(new)])[0]["spec"]["replicas"] == 4
    assert without_shrinking([new], previous, [])[0] is new
    assert without_shrinking([workload(replicas=6)], previous, [identify(new)])[0]["spec"]["replicas"] == 6
