# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replicas that came up on one Node, because there was no other yet, are spread once there is. kubeadm does not do this for CoreDNS."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import kubectl
from .errors import NodeError
from .steps import Step

TOPIC = "spread"
_BLOCKING = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Deployment:
    """A Deployment that prefers Nodes without another of its pods."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Found:
    """Where the replicas are, and where they could be."""

    pods: Mapping[str, str]
    """Node by pod; empty for a pod that has none yet."""
    nodes: tuple[str, ...]
    """Nodes that are Ready and take its pods."""


def observe(deployment: Deployment) -> Found:
    """Look where its pods are. A Deployment that is not there has none."""
    found = kubectl.get("deployment", deployment.name, deployment.namespace)
    if found is None:
        return Found({}, ())
    template = found["spec"]["template"]["spec"]
    tolerations = template.get("tolerations") or []
    nodes = tuple(each["metadata"]["name"] for each in _list("nodes") if _takes_pods(each, tolerations))
    selector = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
    pods = _list("pods", "--namespace", deployment.namespace, "--selector", selector)
    alive = [each for each in pods if not each["metadata"].get("deletionTimestamp")]
    return Found({each["metadata"]["name"]: each["spec"].get("nodeName") or "" for each in alive}, nodes)


def plan(deployment: Deployment, found: Found) -> list[Step]:
    """Move one pod where all are together although another Node would take one."""
    together = set(found.pods.values())
    if len(found.pods) < 2 or len(together) != 1 or not set(found.nodes) - together:
        return []
    moved = sorted(found.pods)[-1]
    return [Step(TOPIC, "move", f"{deployment.namespace}/{moved}", f"all of {deployment.name} is on {together.pop()}")]


def act(step: Step) -> None:
    """Carry out one step: the pod's ReplicaSet makes it anew, and the scheduler prefers another Node."""
    namespace, _slash, pod = step.subject.partition("/")
    kubectl.kubectl(["delete", "pod", "--namespace", namespace, pod, "--wait=false"])


def verify(deployment: Deployment, deadline: float) -> None:
    """Wait until its pods are on two Nodes."""
    end = time.monotonic() + deadline
    while plan(deployment, found := observe(deployment)) or "" in found.pods.values():
        if time.monotonic() >= end:
            raise NodeError(
                f"The pods of {deployment.namespace}/{deployment.name} are still on one Node after {deadline:.0f} s.",
                f"See `kubectl --namespace {deployment.namespace} get pods --output wide`.",
            )
        time.sleep(1)


def _takes_pods(node: Mapping[str, Any], tolerations: Sequence[Mapping[str, Any]]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    spec = node.get("spec") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    taints = [each for each in spec.get("taints") or () if each["effect"] in _BLOCKING]
    return ready and not spec.get("unschedulable") and all(_tolerated(taint, tolerations) for taint in taints)


def _tolerated(taint: Mapping[str, Any], tolerations: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        each.get("effect") in (None, "", taint["effect"])
        and (
            (each.get("operator") == "Exists" and each.get("key") in (None, "", taint["key"]))
            or (each.get("key") == taint["key"] and (each.get("value") or "") == (taint.get("value") or ""))
        )
        for each in tolerations
    )


def _list(kind: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl.kubectl(["get", kind, *words, "--output", "json"]))["items"]
    return found
