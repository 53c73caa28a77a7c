# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.health import (
    Health,
    State,
    deletion_reason,
    explain,
    health,
    pod_problem,
)


def of(kind: str, status: dict | None = None, spec: dict | None = None, *, generation: int = 2) -> dict:
    versions = {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
        "ReplicaSet": "apps/v1",
        "DaemonSet": "apps/v1",
        "Job": "batch/v1",
        "CronJob": "batch/v1",
        "Ingress": "networking.k8s.io/v1",
        "PodDisruptionBudget": "policy/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1",
        "APIService": "apiregistration.k8s.io/v1",
        "ClusterRole": "rbac.authorization.k8s.io/v1",
        "Widget": "example.dev/v1",
    }
    obj: dict = {
        "apiVersion": versions.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": "x", "generation": generation},
    }
    if spec is not None:
        obj["spec"] = spec
    if status is not None:
        obj["status"] = status
    return obj


def conditions(**statuses: str) -> list[dict]:
    return [
        {"type": type_, "status": status, "reason": f"{type_}Reason", "message": "why"}
        for type_, status in statuses.items()
    ]


def running(wanted: int, **status: object) -> tuple[dict, dict]:
    """Status and spec of a Deployment that has all it wants, but for what is given."""
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), wanted)
    return {"observedGeneration": 2, **counts, **status}, {"replicas": wanted}


H, P, U, N = State.HEALTHY, State.PROGRESSING, State.UNHEALTHY, State.UNKNOWN


@pytest.mark.parametrize(
    ("obj", "state", "reason"),
    [
        # Deployment
        (of("Deployment", *running(3)), H, ""),
        (of("Deployment", *running(0)), H, ""),
        (of("Deployment", {"observedGeneration": 2}, {"replicas": 0}), H, ""),
        (of("Deployment", *running(3, observedGeneration=1)), P, "NotObserved"),
        (of("Deployment", {}, {"replicas": 1}), P, "NotObserved"),
        (of("Deployment", None, {"replicas": 1}), P, "NotObserved"),
        (of("Deployment", *running(3, updatedReplicas=2)), P, "Updating"),
        (of("Deployment", *running(3, replicas=4)), P, "Replacing"),
        (of("Deployment", *running(3, availableReplicas=None)), P, "Starting"),
        (of("Deployment", {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}, {}), P, "Starting"),
        (
            of("Deployment", *running(3, availableReplicas=0, conditions=conditions(ReplicaFailure="True"))),
            U,
            "ReplicaFailureReason",
        ),
        (
            of(
                "Deployment",
                *running(
                    3,
                    availableReplicas=0,
                    conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
                ),
            ),
            U,
            "ProgressDeadlineExceeded",
        ),
        # StatefulSet
        (
            of("StatefulSet", {"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2}, {"replicas": 2}),
            H,
            "",
        ),
        (
            of("StatefulSet", {"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 2}, {"replicas": 2}),
            P,
            "Updating",
        ),
        (
            of("StatefulSet", {"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 1}, {"replicas": 2}),
            P,
            "Starting",
        ),
        (
            of(
                "StatefulSet",
                {"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 3},
                {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
            ),
            H,
            "",
        ),
        # ReplicaSet, ReplicationController
        (of("ReplicaSet", {"observedGeneration": 2, "availableReplicas": 1}, {"replicas": 1}), H, ""),
        (
            of("ReplicaSet", {"observedGeneration": 2, "conditions": conditions(ReplicaFailure="True")}, {}),
            U,
            "ReplicaFailureReason",
        ),
        (of("ReplicationController", {"availableReplicas": 0}, {"replicas": 1}), P, "Starting"),
        # DaemonSet
        (of("DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 0}), H, ""),
        (
            of("DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1}),
            P,
            "Updating",
        ),
        (
            of("DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2}),
            P,
            "Starting",
        ),
        # Job, CronJob
        (of("Job", {"conditions": conditions(Complete="True")}), H, "Complete"),
        (of("Job", {"conditions": conditions(Failed="True")}), U, "FailedReason"),
        (of("Job", {"conditions": conditions(Suspended="True")}), H, "Suspended"),
        (of("Job", {"active": 1}), P, "Running"),
        (of("CronJob", {}), H, ""),
        # Pod
        (of("Pod", {"phase": "Running", "conditions": conditions(Ready="True")}), H, ""),
        (of("Pod", {"phase": "Running", "conditions": conditions(Ready="False")}), P, "Running"),
        (of("Pod", {"phase": "Succeeded"}), H, "Succeeded"),
        (of("Pod", {"phase": "Failed", "reason": "Evicted"}), U, "Evicted"),
        (of("Pod", {"phase": "Pending"}), P, "Pending"),
        (of("Pod"), P, "Pending"),
        # network
        (of("Service", {}, {"type": "ClusterIP"}), H, ""),
        (of("Service", {"loadBalancer": {}}, {"type": "LoadBalancer"}), P, "NoAddress"),
        (of("Service", {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}, {"type": "LoadBalancer"}), H, ""),
        (of("Ingress", {"loadBalancer": {}}), P, "NoAddress"),
        (of("Ingress", {"loadBalancer": {"ingress": [{"hostname": "x"}]}}), H, ""),
        # storage
        (of("PersistentVolumeClaim", {"phase": "Bound"}), H, ""),
        (of("PersistentVolumeClaim", {"phase": "Pending"}), P, "Unbound"),
        (of("PersistentVolumeClaim", {"phase": "Lost"}), U, "Lost"),
        (of("PersistentVolume", {"phase": "Available"}), H, ""),
        (of("PersistentVolume", {"phase": "Failed"}), U, "Failed"),
        # policy, scaling
        (of("PodDisruptionBudget", {"observedGeneration": 2, "currentHealthy": 2, "desiredHealthy": 2}), H, ""),
        (
            of("PodDisruptionBudget", {"observedGeneration": 2, "currentHealthy": 1, "desiredHealthy": 2}),
            P,
            "TooFewPods",
        ),
        (of("HorizontalPodAutoscaler", {"conditions": conditions(AbleToScale="False")}), N, "AbleToScaleReason"),
        (of("HorizontalPodAutoscaler", {}), H, ""),
        # definitions
        (of("CustomResourceDefinition", {"conditions": conditions(Established="True", NamesAccepted="True")}), H, ""),
        (of("CustomResourceDefinition", {}), P, "NotEstablished"),
        (of("CustomResourceDefinition", {"conditions": conditions(NamesAccepted="False")}), U, "NamesAcceptedReason"),
        (of("APIService", {"conditions": conditions(Available="False")}), P, "AvailableReason"),
        (of("Namespace", {"phase": "Active"}), H, ""),
        (of("Namespace", {"phase": "Terminating"}), P, "Terminating"),
        # plain configuration
        (of("ConfigMap"), H, ""),
        (of("ClusterRole"), H, ""),
        # kinds that we don't know, by kstatus
        (of("Widget"), N, "NoStatus"),
        (of("Widget", {"phase": "fine"}), N, "NoConditions"),
        (of("Widget", {"observedGeneration": 2}), H, ""),
        (of("Widget", {"observedGeneration": 1, "conditions": conditions(Ready="True")}), P, "NotObserved"),
        (of("Widget", {"conditions": conditions(Ready="True")}), H, ""),
        (of("Widget", {"conditions": conditions(Ready="False")}), P, "ReadyReason"),
        (of("Widget", {"conditions": conditions(Ready="Unknown")}), P, "ReadyReason"),
        (of("Widget", {"conditions": conditions(Available="True")}), H, ""),
        (of("Widget", {"conditions": conditions(Ready="True", Reconciling="True")}), P, "ReconcilingReason"),
        (of("Widget", {"conditions": conditions(Ready="True", Stalled="True")}), U, "StalledReason"),
    ],
)
def test_an_object_is_judged_by_its_status(obj, state, reason):
    found = health(obj)
    assert (found.state, found.reason) == (state, reason)
    assert found.state in (H, N) or found.message


def test_what_is_being_deleted_is_not_healthy():
    obj = of("ConfigMap")
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health(obj).reason == "Terminating"


@pytest.mark.parametrize(
    ("metadata", "status", "reason"),
    [
        ({}, {}, "it is being deleted"),
        ({"finalizers": ["a", "b"]}, {}, "it is being deleted, held by a, b"),
        (
            {},
            {
                "conditions": [
                    {"type": "NamespaceContentRemaining", "status": "False", "message": "All content removed"},
                    {"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": "Discovery failed: x"},
                ]
            },
            "Discovery failed: x",
        ),
    ],
)
def test_what_holds_a_deletion_is_named(metadata, status, reason):
    obj = of("Namespace", status)
    obj["metadata"].update(metadata, deletionTimestamp="2026-01-01T00:00:00Z")
    assert deletion_reason(obj) == reason
    assert health(obj).message == reason


def waiting(reason: str, **more: object) -> dict:
    container = {"name": "web", "state": {"waiting": {"reason": reason, "message": f"{reason} text"}}, **more}
    return of("Pod", {"phase": "Pending", "containerStatuses": [container]})


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError", "InvalidImageName"]
)
def test_a_pod_that_cant_start_says_why(reason):
    problem = pod_problem(waiting(reason))
    assert problem is not None
    assert (problem.state, problem.reason, problem.message) == (U, reason, f"container web: {reason} text")
    assert problem.final == (reason == "InvalidImageName")


def test_a_crash_says_how_the_container_ended():
    problem = pod_problem(
        waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
    )
    assert problem is not None
    assert problem.message.endswith("(it last ended with 137: OOMKilled)")


def test_a_pod_that_is_only_starting_has_no_problem():
    assert pod_problem(waiting("ContainerCreating")) is None


def unschedulable() -> dict:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/2 nodes: Insufficient cpu",
    }
    return of("Pod", {"phase": "Pending", "conditions": [condition]})


def test_a_pod_without_a_node_may_still_get_one():
    problem = pod_problem(unschedulable())
    assert problem is not None
    assert (problem.state, problem.reason) == (P, "Unschedulable")


STARTING = of("Deployment", *running(3, availableReplicas=1))


def test_a_workload_gets_the_reason_of_its_pods():
    found = explain(STARTING, [waiting("ImagePullBackOff"), waiting("ImagePullBackOff"), unschedulable()])
    assert (found.state, found.reason) == (U, "ImagePullBackOff")
    assert found.message == "2 pods: container web: ImagePullBackOff text"


def test_a_healthy_workload_is_not_blamed_for_its_pods():
    assert explain(of("Deployment", *running(3)), [waiting("ImagePullBackOff")]) == Health(H)


def test_pods_of_the_past_explain_nothing():
    going = waiting("CrashLoopBackOff")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert explain(STARTING, [going, of("Pod", {"phase": "Failed", "reason": "Evicted"})]) == health(STARTING)


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
def test_a_new_namespace_whose_default_account_is_late_is_waited_for(kind):
    message = 'pods "web-" is forbidden: error looking up service account n/default: serviceaccount "default" not found'
    late = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}]
    found = health(of(kind, *running(3, availableReplicas=0, conditions=late)))
    assert (found.state, found.message) == (P, message)


def test_a_full_quota_is_not_hidden_by_a_pod_that_waits():
    quota = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: small"}]
    found = explain(of("Deployment", *running(3, availableReplicas=1, conditions=quota)), [unschedulable()])
    assert (found.state, found.reason, found.message) == (U, "FailedCreate", "exceeded quota: small")


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"kind": "Deployment", "apiVersion": "apps/v1", "status": "text", "metadata": None, "spec": []},
        {"kind": "Pod", "apiVersion": "v1", "status": {"conditions": "x", "containerStatuses": [None, {"state": []}]}},
        {"kind": "Widget", "apiVersion": "a/v1", "status": {"conditions": [{"type": "Ready"}]}},
        {"kind": "Widget", "apiVersion": "a/v1", "status": ["list"]},
    ],
)
def test_an_object_of_any_form_is_judged_without_a_crash(obj):
    assert isinstance(health(obj), Health)
    assert isinstance(explain(obj, [obj]), Health)


def test_a_members_text_is_one_line_and_bounded():
    text = conditions(Ready="False")
    text[0]["message"] = "line\n\x1b" * 1_000
    message = health(of("Widget", {"conditions": text})).message
    assert message.isprintable()
    assert len(message) <= 500
