# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the controllers of Cluster API, for tests only: machines by number, and conditions that say so.

usage: stand_in.py <kubeconfig of the management cluster> <kubeconfig of the member> <file: ends when it is gone>
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

from kubernetes import config, dynamic

GROUP = "cluster.x-k8s.io/v1beta2"
NAME = "cluster.x-k8s.io/deployment-name"
DELETE = "cluster.x-k8s.io/delete-machine"


def main(management: str, member: str, until: str) -> None:
    here = dynamic.DynamicClient(config.new_client_from_config(management))
    nodes = dynamic.DynamicClient(config.new_client_from_config(member)).resources.get(api_version="v1", kind="Node")
    kinds = {
        kind: here.resources.get(api_version=GROUP, kind=kind) for kind in ("Cluster", "MachineDeployment", "Machine")
    }
    planes = here.resources.get(api_version="controlplane.cluster.x-k8s.io/v1beta2", kind="KubeadmControlPlane")
    while os.path.exists(until):
        for deployment in kinds["MachineDeployment"].get().items:
            reconcile(kinds, nodes, deployment.to_dict())
        for resource in (kinds["Cluster"], planes):
            for each in resource.get().items:
                tell(resource, each.to_dict(), int((each.to_dict()["spec"] or {}).get("replicas") or 0))
        time.sleep(0.5)


def reconcile(kinds: dict[str, Any], nodes: Any, deployment: dict[str, Any]) -> None:
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    wanted = int(deployment["spec"].get("replicas") or 0)
    machines = [
        each.to_dict() for each in kinds["Machine"].get(namespace=namespace, label_selector=f"{NAME}={name}").items
    ]
    first_to_go = sorted(machines, key=lambda each: DELETE not in (each["metadata"].get("annotations") or {}))
    for machine in first_to_go[: max(len(machines) - wanted, 0)]:
        # The node first: whoever waits for the machine to go deletes what is left of its node.
        nodes.delete(name=machine["metadata"]["name"])
        kinds["Machine"].delete(name=machine["metadata"]["name"], namespace=namespace)
    taken = {machine["metadata"]["name"] for machine in machines}
    free = (f"{name}-{number:05d}" for number in range(10**5) if f"{name}-{number:05d}" not in taken)
    for _missing in range(wanted - len(machines)):
        make(kinds["Machine"], nodes, deployment, next(free))
    tell(kinds["MachineDeployment"], deployment, wanted)


def make(machines: Any, nodes: Any, deployment: dict[str, Any], name: str) -> None:
    namespace, spec = deployment["metadata"]["namespace"], deployment["spec"]["template"]["spec"]
    machines.create(
        namespace=namespace,
        body={
            "apiVersion": GROUP,
            "kind": "Machine",
            "metadata": {"name": name, "labels": deployment["spec"]["template"]["metadata"]["labels"]},
            "spec": {
                "clusterName": spec["clusterName"],
                "bootstrap": {"dataSecretName": "stand-in"},
                "infrastructureRef": {**spec["infrastructureRef"], "kind": "DevMachine", "name": name},
            },
        },
    )
    capacity = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    nodes.create(
        body={
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"pool": "capi"}},
            "status": {"capacity": capacity, "allocatable": capacity},
        }
    )
    status(machines, name, namespace, {"phase": "Running", "nodeRef": {"name": name}})


def tell(resource: Any, obj: dict[str, Any], replicas: int) -> None:
    counts = (
        {} if obj["kind"] == "Cluster" else dict.fromkeys(("replicas", "readyReplicas", "upToDateReplicas"), replicas)
    )
    before = obj.get("status") or {}
    news = {"observedGeneration": obj["metadata"]["generation"], "phase": "Running", **counts}
    if all(before.get(key) == value for key, value in news.items()) and before.get("conditions"):
        return
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "type": "Available",
        "status": "True",
        "reason": "StandIn",
        "message": "",
        "lastTransitionTime": moment,
    }
    if obj["kind"] == "KubeadmControlPlane":
        news.pop("phase")
    status(resource, obj["metadata"]["name"], obj["metadata"]["namespace"], {**news, "conditions": [condition]})


def status(resource: Any, name: str, namespace: str, document: dict[str, Any]) -> None:
    resource.status.patch(
        name=name, namespace=namespace, body={"status": document}, content_type="application/merge-patch+json"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
