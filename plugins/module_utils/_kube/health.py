# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an object is well, from the object alone.

Built-in kinds follow Karmada's rules, and say more where Karmada only says no: what can't become healthy any more is
Unhealthy, what still may is Progressing. All other kinds follow the kstatus conventions: `observedGeneration`, and the
conditions Reconciling, Stalled and Ready. A kind that publishes neither is Unknown: a controller may not have looked at
it yet, or there may be none. Nobody waits for what is Unknown, but it is not called healthy either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .health_terms import (
    HEALTHY,
    Health,
    Object,
    State,
    condition_of,
    count_of,
    cut,
    is_observed,
    mapping_at,
    mappings_in,
    not_observed,
    progressing,
    unhealthy,
)
from .workload_health import daemon_set, deployment, job, pod, pod_problem, replica_set, stateful_set

__all__ = ["Health", "State", "deletion_reason", "explain", "health", "pod_problem"]


def health(obj: Object) -> Health:
    """The health of one object as its API server returned it."""
    if mapping_at(obj, "metadata").get("deletionTimestamp"):
        return Health(State.PROGRESSING, "Terminating", deletion_reason(obj))
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    rule = _RULES.get((group, str(obj.get("kind"))))
    if rule is not None:
        return rule(obj)
    if group in _PLAIN_GROUPS:
        return HEALTHY
    return _by_convention(obj)


def deletion_reason(obj: Object) -> str:
    """What holds an object that is being deleted: what its namespace controller says, or its finalizers."""
    for condition in mappings_in(mapping_at(obj, "status"), "conditions"):
        if str(condition.get("type")).startswith("Namespace") and condition.get("status") == "True":
            return cut(condition.get("message")) or str(condition["type"])
    finalizers = mapping_at(obj, "metadata").get("finalizers")
    if isinstance(finalizers, list) and finalizers:
        return cut(f"it is being deleted, held by {', '.join(map(str, finalizers))}")
    return "it is being deleted"


def explain(obj: Object, pods: Iterable[Object]) -> Health:
    """The health of a workload, with the reason of its pods where they can't start.

    :param pods: the pods that the workload made; others are not told apart here.
    """
    own = health(obj)
    if own.state is State.HEALTHY or own.final:
        return own
    problems: Counter[Health] = Counter()
    for found in pods:
        # Pods that have failed or are going are replaced: they tell of the past.
        if mapping_at(found, "status").get("phase") == "Failed" or mapping_at(found, "metadata").get(
            "deletionTimestamp"
        ):
            continue
        problem = pod_problem(found)
        if problem is not None:
            problems[problem] += 1
    if not problems:
        return own
    worst, count = max(problems.items(), key=lambda item: (item[0].state is State.UNHEALTHY, item[1], item[0].reason))
    if own.state is State.UNHEALTHY and worst.state is not State.UNHEALTHY:
        return own
    return replace(worst, message=f"{count} {'pod' if count == 1 else 'pods'}: {worst.message}", final=False)


def _service(obj: Object) -> Health:
    if mapping_at(obj, "spec").get("type") != "LoadBalancer" or mappings_in(
        mapping_at(obj, "status", "loadBalancer"), "ingress"
    ):
        return HEALTHY
    return progressing("NoAddress", "the load balancer has no address yet")


def _ingress(obj: Object) -> Health:
    if mappings_in(mapping_at(obj, "status", "loadBalancer"), "ingress"):
        return HEALTHY
    return progressing("NoAddress", "no controller has given it an address yet")


def _claim(obj: Object) -> Health:
    phase = mapping_at(obj, "status").get("phase")
    if phase == "Bound":
        return HEALTHY
    if phase == "Lost":
        return Health(State.UNHEALTHY, "Lost", "its volume does not exist any more", final=True)
    return progressing("Unbound", "no volume is bound to it yet")


def _volume(obj: Object) -> Health:
    phase = mapping_at(obj, "status").get("phase")
    if phase == "Failed":
        return unhealthy("Failed", mapping_at(obj, "status").get("message"))
    return HEALTHY if phase in ("Available", "Bound", "Released") else progressing("Pending", "it is not available yet")


def _disruption_budget(obj: Object) -> Health:
    if not is_observed(obj):
        return not_observed()
    current, wanted = count_of(obj, "currentHealthy"), count_of(obj, "desiredHealthy")
    return HEALTHY if current >= wanted else progressing("TooFewPods", f"{current} of {wanted} pods are healthy")


def _definition(obj: Object) -> Health:
    for type_, reason in (("NamesAccepted", "NamesNotAccepted"), ("Terminating", "Terminating")):
        condition = condition_of(obj, type_)
        if condition.get("status") == ("True" if type_ == "Terminating" else "False"):
            return unhealthy(condition.get("reason") or reason, condition.get("message"))
    if condition_of(obj, "Established").get("status") == "True":
        return HEALTHY
    return progressing("NotEstablished", "its API is not served yet")


def _api_service(obj: Object) -> Health:
    available = condition_of(obj, "Available")
    if available.get("status") == "True":
        return HEALTHY
    return progressing(
        available.get("reason") or "NotAvailable", available.get("message") or "its API is not served yet"
    )


def _namespace(obj: Object) -> Health:
    phase = mapping_at(obj, "status").get("phase")
    return HEALTHY if phase in (None, "Active") else progressing("Terminating", "it is being deleted")


def _autoscaler(obj: Object) -> Health:
    """An autoscaler without metrics yet is no reason to hold back a rollout."""
    able = condition_of(obj, "AbleToScale")
    if able.get("status") == "False":
        return Health(State.UNKNOWN, able.get("reason") or "NotAbleToScale", cut(able.get("message")))
    return HEALTHY


def _always(_obj: Object) -> Health:
    return HEALTHY


def _by_convention(obj: Object) -> Health:
    status = obj.get("status")
    if not is_observed(obj):
        return not_observed()
    stalled = condition_of(obj, "Stalled")
    if stalled.get("status") == "True":
        return unhealthy(stalled.get("reason") or "Stalled", stalled.get("message"))
    reconciling = condition_of(obj, "Reconciling")
    if reconciling.get("status") == "True":
        return progressing(reconciling.get("reason") or "Reconciling", reconciling.get("message"))
    ready = condition_of(obj, "Ready") or condition_of(obj, "Available")
    if ready.get("status") == "True":
        return HEALTHY
    if ready:
        return progressing(ready.get("reason") or "NotReady", ready.get("message"))
    if "observedGeneration" in mapping_at(obj, "status"):
        return HEALTHY
    if not status:
        return Health(State.UNKNOWN, "NoStatus", "no controller has said anything about it")
    return Health(State.UNKNOWN, "NoConditions", "its status has neither conditions nor observedGeneration")


_Rule = Callable[[Object], Health]

_RULES: Mapping[tuple[str, str], _Rule] = {
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "ReplicaSet"): replica_set,
    ("", "ReplicationController"): replica_set,
    ("apps", "DaemonSet"): daemon_set,
    ("batch", "Job"): job,
    ("batch", "CronJob"): _always,
    ("", "Pod"): pod,
    ("", "Service"): _service,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}

_PLAIN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apps",
        "batch",
        "discovery.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
"""Groups whose other kinds (ConfigMap, Role, StorageClass, ...) are well as soon as they exist."""
