# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a delivery: health, table, lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.drift import table as drift_table
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.plan import ClusterPlan, Operation, Plan, Step
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import record_from
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.report import decision_lines, delivery_lines
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.result import (
    OBJECTS_SHOWN,
    cluster_result,
    plan_failure,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.status import (
    ApplicationStatus,
    history_table,
    recorded_clusters,
    rollout_lines,
    table,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.verify import ClusterHealth
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import UnreachableError
from ansible_collections.navarch.fleet.plugins.module_utils._kube.health import Health, State

WEB = Identity("apps", "Deployment", "shop", "web")
BALANCER = Identity("", "Service", "shop", "front")


def test_nobody_waits_for_what_the_application_does_not_bring() -> None:
    found = ClusterHealth({BALANCER: Health(State.PROGRESSING, "NoAddress", "no address yet")})
    assert found.healthy
    assert found.reasons == []
    assert found.pending == ["Service shop/front: NoAddress: no address yet"]


def test_a_workload_on_its_way_is_waited_for_and_its_reason_is_given() -> None:
    found = ClusterHealth({WEB: Health(State.PROGRESSING, "TooFew", "1 of 2")})
    assert not found.healthy
    assert not found.hopeless
    assert found.to_dict() == {
        "state": "Progressing",
        "ready": 0,
        "total": 1,
        "reasons": ["Deployment shop/web: TooFew: 1 of 2"],
    }


def test_waiting_ends_when_nothing_can_become_healthy_any_more() -> None:
    assert ClusterHealth({WEB: Health(State.UNHEALTHY, "Failed", "", final=True)}).hopeless


def test_a_result_names_every_failure_and_stays_small() -> None:
    steps = tuple(
        Step(Identity("", "ConfigMap", "shop", f"c{number}"), Operation.CONFLICT, "not ours") for number in range(500)
    )
    plan = ClusterPlan("m1", steps)
    found = cluster_result(plan, None)
    assert found["action"] == "refused"
    assert found["counts"] == {"conflict": 500}
    assert len(found["objects"]) == OBJECTS_SHOWN
    failure = plan_failure(Plan({"m1": plan}))
    assert failure is not None
    assert "and 490 more" in failure.message
    assert failure.cluster == "m1"


def test_a_member_that_could_not_be_looked_at_is_failed_with_its_error() -> None:
    found = cluster_result(ClusterPlan("m1", error=UnreachableError("no answer", cluster="m1")), None)
    assert found["action"] == "failed"
    assert found["error"]["kind"] == "Unreachable"


def test_the_table_has_a_line_per_application_and_cluster() -> None:
    record = record_from(
        {
            "metadata": {"name": "shop", "namespace": "default", "uid": "u", "resourceVersion": "1"},
            "spec": {},
            "status": {
                "phase": "Deployed",
                "revision": 2,
                "clusters": {"m1": {"workloads": {str(WEB): 3}, "revision": 2, "health": {"state": "Healthy"}}},
                "stale": {"m2": "evicted"},
            },
        }
    )
    lines = table([ApplicationStatus(record, recorded_clusters(record))])
    assert lines == [
        "APPLICATION  CLUSTER  REVISION  REPLICAS  HEALTH   NOTE",
        "shop         m1       2         ?/3       Healthy",
        "shop         m2       -         ?/0       Unknown  stale: evicted",
    ]


def test_a_decision_is_shown_as_workloads_by_clusters_with_reasons() -> None:
    lines = decision_lines({WEB: {"m1": 2, "m2": 0}}, {"m1": "chosen", "m3": "not chosen: tainted"})
    assert lines == [
        "WORKLOAD             m1  m2  TOTAL",
        "Deployment shop/web  2   0   2",
        "m1: chosen",
        "m3: not chosen: tainted",
    ]


def test_a_delivery_is_shown_by_clusters_with_what_is_wrong() -> None:
    health = {"state": "Progressing", "ready": 1, "total": 2, "reasons": ["Deployment shop/web: ImagePull"]}
    lines = delivery_lines({"m1": {"action": "created", "counts": {"create": 2}, "health": health}})
    assert lines == [
        "CLUSTER  ACTION   OBJECTS   HEALTH",
        "m1       created  2 create  Progressing 1/2",
        "m1: Deployment shop/web: ImagePull",
    ]


def test_what_is_wrong_in_several_clusters_is_said_once_with_their_names() -> None:
    health = {"state": "Progressing", "ready": 0, "total": 1, "reasons": ["Deployment shop/web: Unschedulable"]}
    entry = {"action": "created", "counts": {"create": 1}, "health": health}
    other = {"action": "failed", "errors": ["no answer"]}
    lines = delivery_lines({"m1": entry, "m2": other, "m3": entry})
    assert lines[4:] == ["m1, m3: Deployment shop/web: Unschedulable", "m2: no answer"]


def test_a_manifest_that_several_servers_refuse_is_named_once_with_all_of_them() -> None:
    wrong = Step(WEB, Operation.REFUSED, "no such field")
    other = Step(BALANCER, Operation.CONFLICT, "not ours")
    plan = Plan({name: ClusterPlan(name, (wrong, *more)) for name, more in (("m1", ()), ("m2", (other,)), ("m3", ()))})
    failure = plan_failure(plan)
    assert failure is not None
    assert failure.cluster == "m1"
    assert failure.message == "no such field; the same in m2, m3; also m2 Service shop/front: not ours"


def rolling(phase: str, hands: str = "", **more: Any) -> ApplicationStatus:
    steps = [
        {"wave": "first", "kind": "deploy", "clusters": ["m1"]},
        {"wave": "", "kind": "finish", "clusters": ["m1"]},
    ]
    rollout = {"revision": 2, "phase": phase, "step": 0, "steps": steps, **more}
    metadata = {"name": "shop", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    record = record_from({"metadata": metadata, "spec": {}, "status": {"rollout": rollout}})
    return ApplicationStatus(record, {}, hands=hands)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (rolling("Progressing", "ana on bastion"), "working on revision 2, step 1 of 2 (wave first). It is in the hands of ana on bastion"),
        (rolling("Progressing"), "working on revision 2, step 1 of 2 (wave first). Nobody works on it: apply it again, resume or abort it"),
        (rolling("Paused", message="m1 is full"), "paused at revision 2, step 1 of 2 (wave first): m1 is full. Resume, promote or abort it"),
        (rolling("RolledBack", message="m1 is full"), "revision 2 was rolled back: m1 is full"),
    ],
)  # fmt: skip
def test_it_is_said_where_a_rollout_stands_and_how_it_goes_on(status: ApplicationStatus, line: str) -> None:
    assert rollout_lines([status]) == [f"shop: {line}"]


@pytest.mark.parametrize("phase", ["Succeeded", "Superseded"])
def test_nothing_is_said_of_a_rollout_that_is_over(phase: str) -> None:
    assert rollout_lines([rolling(phase)]) == []


def test_nothing_is_said_of_a_rollback_after_which_something_newer_was_delivered() -> None:
    tried = rolling("RolledBack", message="m1 is full")
    newer = replace(tried.record, status={**tried.record.status, "revision": 3})
    assert rollout_lines([replace(tried, record=newer)]) == []


def test_where_there_is_no_application_no_table_looks_as_if_all_were_well() -> None:
    assert table([]) == drift_table([]) == ["There is no such application."]


def test_the_history_tells_who_delivered_what_where_and_when() -> None:
    head = {
        "revision": 1, "state": "superseded", "digest": "d", "created": "2026-01-02T03:04:05Z", "author": "ana",
        "note": "", "clusters": "m1 2, m2 1", "images": ["web:1", "sidecar:2"],
    }  # fmt: skip
    status = ApplicationStatus(rolling("Succeeded").record, {}, (head,))
    assert history_table([status]) == [
        "APPLICATION  REVISION  STATE       CREATED               BY   REPLICAS    IMAGES            NOTE",
        "shop         1         superseded  2026-01-02T03:04:05Z  ana  m1 2, m2 1  web:1, sidecar:2",
    ]
