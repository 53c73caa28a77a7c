# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health of what runs pods, by Karmada's rules, and of the pods themselves."""

from __future__ import annotations

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
    wanted_of,
)


def pod_problem(pod: Object) -> Health | None:
    """Why a pod can't start or keeps failing, or None when nothing of that kind is known."""
    status = mapping_at(pod, "status")
    scheduled = condition_of(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") in ("Unschedulable", "SchedulingGated"):
        # A node may still come, so this alone is no failure.
        return progressing(scheduled["reason"], scheduled.get("message"))
    for container in (*mappings_in(status, "initContainerStatuses"), *mappings_in(status, "containerStatuses")):
        waiting = mapping_at(container, "state", "waiting")
        if waiting.get("reason") in _FATAL_WAITS:
            return Health(
                State.UNHEALTHY,
                waiting["reason"],
                _container_message(container, waiting),
                waiting["reason"] in _FINAL_WAITS,
            )
    if status.get("phase") == "Failed":
        return Health(
            State.UNHEALTHY,
            status.get("reason") or "Failed",
            cut(status.get("message") or "the pod has failed"),
            final=True,
        )
    return None


def crashed_container(pod: Object) -> str | None:
    """The container of a pod that ended badly, whose log may say why."""
    status = mapping_at(pod, "status")
    for container in (*mappings_in(status, "initContainerStatuses"), *mappings_in(status, "containerStatuses")):
        state = mapping_at(container, "state")
        ended = mapping_at(state, "terminated") or mapping_at(container, "lastState", "terminated")
        crashing = mapping_at(state, "waiting").get("reason") in ("CrashLoopBackOff", "RunContainerError")
        if crashing or ended.get("exitCode") not in (None, 0):
            return str(container.get("name"))
    return None


_FINAL_WAITS = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_FATAL_WAITS = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "RunContainerError",
    }
)


def deployment(obj: Object) -> Health:
    rollout = condition_of(obj, "Progressing")
    if not is_observed(obj):
        return not_observed()
    failure = condition_of(obj, "ReplicaFailure")
    if failure.get("status") == "True":
        return _no_pods(failure)
    if rollout.get("status") == "False" and rollout.get("reason") == "ProgressDeadlineExceeded":
        return unhealthy("ProgressDeadlineExceeded", rollout.get("message"))
    wanted = wanted_of(obj)
    updated, available, total = (count_of(obj, field) for field in ("updatedReplicas", "availableReplicas", "replicas"))
    if updated < wanted:
        return progressing("Updating", f"{updated} of {wanted} replicas are updated")
    if total > updated:
        return progressing("Replacing", f"{total - updated} old replicas are still there")
    if available < updated:
        return progressing("Starting", f"{available} of {updated} replicas are available")
    return HEALTHY


def _no_pods(failure: Object) -> Health:
    """Why a controller can't make pods. A new namespace gets its default account from the cluster itself, which may be late."""
    message = str(failure.get("message") or "")
    if 'serviceaccount "default" not found' in message:
        return progressing("Starting", message)
    return unhealthy(failure.get("reason") or "ReplicaFailure", message)


def stateful_set(obj: Object) -> Health:
    if not is_observed(obj):
        return not_observed()
    wanted = wanted_of(obj)
    strategy = mapping_at(obj, "spec", "updateStrategy")
    kept = mapping_at(strategy, "rollingUpdate").get("partition") or 0
    updated, available = count_of(obj, "updatedReplicas"), count_of(obj, "availableReplicas")
    if strategy.get("type") != "OnDelete" and updated < wanted - kept:
        return progressing("Updating", f"{updated} of {wanted - kept} replicas are updated")
    if available < wanted:
        return progressing("Starting", f"{available} of {wanted} replicas are available")
    return HEALTHY


def replica_set(obj: Object) -> Health:
    if not is_observed(obj):
        return not_observed()
    failure = condition_of(obj, "ReplicaFailure")
    if failure.get("status") == "True":
        return _no_pods(failure)
    wanted, available = wanted_of(obj), count_of(obj, "availableReplicas")
    return (
        HEALTHY if available >= wanted else progressing("Starting", f"{available} of {wanted} replicas are available")
    )


def daemon_set(obj: Object) -> Health:
    if not is_observed(obj):
        return not_observed()
    wanted, updated, available = (
        count_of(obj, field) for field in ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    )
    if mapping_at(obj, "spec", "updateStrategy").get("type") != "OnDelete" and updated < wanted:
        return progressing("Updating", f"{updated} of {wanted} nodes have the new pod")
    return (
        HEALTHY
        if available >= wanted
        else progressing("Starting", f"the pod is available on {available} of {wanted} nodes")
    )


def job(obj: Object) -> Health:
    failed = condition_of(obj, "Failed")
    if failed.get("status") == "True":
        return Health(State.UNHEALTHY, failed.get("reason") or "Failed", cut(failed.get("message")), final=True)
    if condition_of(obj, "Complete").get("status") == "True":
        return Health(State.HEALTHY, "Complete")
    if condition_of(obj, "Suspended").get("status") == "True":
        return Health(State.HEALTHY, "Suspended", "it waits for somebody to resume it")
    wanted = mapping_at(obj, "spec").get("completions")
    return progressing("Running", f"{count_of(obj, 'succeeded')} of {1 if wanted is None else wanted} completions")


def pod(obj: Object) -> Health:
    problem = pod_problem(obj)
    if problem is not None:
        return problem
    status = mapping_at(obj, "status")
    if status.get("phase") == "Succeeded":
        return Health(State.HEALTHY, "Succeeded")
    ready = condition_of(obj, "Ready")
    if status.get("phase") == "Running" and ready.get("status") == "True":
        return HEALTHY
    return progressing(status.get("phase") or "Pending", ready.get("message") or "it is not ready yet")


def _container_message(container: Object, waiting: Object) -> str:
    died = mapping_at(container, "lastState", "terminated")
    last = (
        f" (it last ended with {died['exitCode']}: {died.get('reason') or 'no reason given'})"
        if "exitCode" in died
        else ""
    )
    return f"container {container.get('name')}: {waiting.get('message') or waiting['reason']}{last}"
