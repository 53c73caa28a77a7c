# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nodes, pods and machine sets for tests, each in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._machines.fit import Place
from ansible_collections.navarch.fleet.plugins.module_utils._machines.growth import Candidate
from ansible_collections.navarch.fleet.plugins.module_utils._machines.pods import Pod
from ansible_collections.navarch.fleet.plugins.module_utils._machines.view import node_of

if TYPE_CHECKING:
    from typing import Any

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LONG_AGO = "2026-11-30T11:00:00Z"


def pod_object(
    name: str, *, cpu: str = "1", memory: str = "0", owner: str = "ReplicaSet", **more: Any
) -> dict[str, Any]:
    """A Pod as an API server has it."""
    spec = {
        "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}}],
        **more.pop("spec", {}),
    }
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": more.pop("namespace", "shop"),
        "labels": more.pop("labels", {"app": "web"}),
        "annotations": more.pop("annotations", {}),
    }
    if owner:
        metadata["ownerReferences"] = [{"kind": owner, "uid": f"uid-of-{owner}", "controller": True}]
    status = {
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "lastTransitionTime": more.pop("since", LONG_AGO),
            }
        ]
    }
    return {"metadata": metadata, "spec": spec, "status": status, **more}


def pod(name: str, **more: Any) -> Pod:
    """A pod that has no node."""
    return Pod.from_object(pod_object(name, **more))


def place(name: str, *pods: Pod, cpu: str = "4", memory: str = "16Gi", **more: Any) -> Place:
    """A node with what runs on it."""
    document = {"name": name, "allocatable": {"cpu": cpu, "memory": memory, "pods": more.pop("pods", "110")}, **more}
    found = Place(node_of(document))
    for each in pods:
        found = found.with_pod(each)
    return found


def candidate(
    name: str = "workers", *, limit: int = 10, existing: int = 0, upcoming: int = 0, **more: Any
) -> Candidate:
    """A set that may grow."""
    node = more.pop("node", {})
    zones = more.pop("in_zones", ())

    def template(number: int) -> Place:
        labels = {
            **node.get("labels", {}),
            **({"topology.kubernetes.io/zone": zones[number % len(zones)]} if zones else {}),
        }
        return place(f"{name}+{number}", **{**node, "labels": labels})

    return Candidate(
        name=name, template=template, existing=existing, upcoming=upcoming, limit=limit, limit_reason="its maximum",
        zones=max(len(zones), 1), **more,
    )  # fmt: skip
