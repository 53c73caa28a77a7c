# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of Cluster API (v1beta2) that describe a cluster of kubeadm, and what their conditions say. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

CORE = ("cluster.x-k8s.io", "v1beta2")
BOOTSTRAP = ("bootstrap.cluster.x-k8s.io", "v1beta2")
CONTROL_PLANE = ("controlplane.cluster.x-k8s.io", "v1beta2")
_CLUSTER_LABEL = "cluster.x-k8s.io/cluster-name"
_CAPACITY = "capacity.cluster-autoscaler.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The kinds of an infrastructure provider, and what goes into them."""

    api_version: str
    """Such as ``infrastructure.cluster.x-k8s.io/v1beta2``."""
    cluster_kind: str
    machine_template_kind: str
    cluster_spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return self.api_version.split("/")[0]


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers that look alike: one MachineDeployment."""

    name: str
    replicas: int | None = None
    """None leaves the number to whoever scales it."""
    machine: Mapping[str, Any] = field(default_factory=dict)
    """Spec of its infrastructure machines."""
    capacity: Mapping[str, str] = field(default_factory=dict)
    """What a machine has, for scaling from zero."""
    failure_domain: str = ""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A cluster as the user wants it."""

    name: str
    namespace: str
    version: str
    infrastructure: Infrastructure
    control_plane_replicas: int = 1
    control_plane_machine: Mapping[str, Any] = field(default_factory=dict)
    pools: tuple[Pool, ...] = ()
    pod_cidrs: tuple[str, ...] = ("10.244.0.0/16",)
    service_cidrs: tuple[str, ...] = ("10.96.0.0/12",)
    kubeadm: Mapping[str, Any] = field(default_factory=dict)
    """``kubeadmConfigSpec`` of the control plane."""
    kubeadm_join: Mapping[str, Any] = field(default_factory=dict)
    """``KubeadmConfigTemplate.spec.template.spec`` of workers."""
    labels: Mapping[str, str] = field(default_factory=dict)


def objects_of(spec: ClusterSpec) -> list[Manifest]:
    """The objects in the order in which they are written: what others refer to first."""
    infrastructure = spec.infrastructure
    control_plane = f"{spec.name}-control-plane"
    found = [
        _object(
            spec, infrastructure.api_version, infrastructure.cluster_kind, spec.name, dict(infrastructure.cluster_spec)
        ),
        _template(spec, control_plane, spec.control_plane_machine),
    ]
    for pool in spec.pools:
        found += [_template(spec, _pool_name(spec, pool), pool.machine), _bootstrap(spec, pool)]
    found.append(_control_plane(spec, control_plane))
    found.append(_cluster(spec, control_plane))
    found += [_deployment(spec, pool) for pool in spec.pools]
    return found


def conditions_that_fail(obj: Mapping[str, Any]) -> list[str]:
    """What the conditions of an object say is wrong, the summary first."""
    bad = [
        condition
        for condition in (obj.get("status") or {}).get("conditions") or ()
        if condition.get("status") == _unwanted(str(condition.get("type")))
    ]
    bad.sort(key=lambda condition: (condition.get("type") not in ("Available", "Ready"), str(condition.get("type"))))
    return [
        f"{condition.get('type')}: {condition.get('reason')}"
        + (f" ({str(condition['message'])[:300]})" if condition.get("message") else "")
        for condition in bad
    ]


def is_available(obj: Mapping[str, Any], replicas: int | None) -> bool:
    """Whether an object is what its spec says, as condition Available and the counts tell."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(metadata.get("generation") or 0):
        return False
    available = any(
        condition.get("type") == "Available" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )
    if replicas is None:
        return available
    # A deployment of no machine has nothing that could be available.
    return (available or replicas == 0) and all(
        int(status.get(field) or 0) == replicas for field in ("replicas", "readyReplicas", "upToDateReplicas")
    )


def _unwanted(kind: str) -> str:
    """Conditions whose truth is bad news, and all others."""
    bad_when_true = ("Paused", "Deleting", "Remediating", "ScalingUp", "ScalingDown", "RollingOut")
    return "True" if kind in bad_when_true else "False"


def _cluster(spec: ClusterSpec, control_plane: str) -> Manifest:
    body = {
        "clusterNetwork": {
            "pods": {"cidrBlocks": list(spec.pod_cidrs)},
            "services": {"cidrBlocks": list(spec.service_cidrs)},
        },
        "controlPlaneRef": {"apiGroup": CONTROL_PLANE[0], "kind": "KubeadmControlPlane", "name": control_plane},
        "infrastructureRef": {
            "apiGroup": spec.infrastructure.group,
            "kind": spec.infrastructure.cluster_kind,
            "name": spec.name,
        },
    }
    return _object(spec, "/".join(CORE), "Cluster", spec.name, body)


def _control_plane(spec: ClusterSpec, name: str) -> Manifest:
    body = {
        "replicas": spec.control_plane_replicas,
        "version": spec.version,
        "machineTemplate": {"spec": {"infrastructureRef": _template_reference(spec, name, spec.control_plane_machine)}},
        # An object that is there has to say something.
        **({"kubeadmConfigSpec": dict(spec.kubeadm)} if spec.kubeadm else {}),
    }
    return _object(spec, "/".join(CONTROL_PLANE), "KubeadmControlPlane", name, body)


def _deployment(spec: ClusterSpec, pool: Pool) -> Manifest:
    name = _pool_name(spec, pool)
    machine: dict[str, Any] = {
        "clusterName": spec.name,
        "version": spec.version,
        "bootstrap": {
            "configRef": {
                "apiGroup": BOOTSTRAP[0],
                "kind": "KubeadmConfigTemplate",
                "name": _template_name(name, spec.kubeadm_join),
            }
        },
        "infrastructureRef": _template_reference(spec, name, pool.machine),
    }
    if pool.failure_domain:
        machine["failureDomain"] = pool.failure_domain
    labels = {_CLUSTER_LABEL: spec.name, "cluster.x-k8s.io/deployment-name": name}
    body = {
        "clusterName": spec.name,
        **({} if pool.replicas is None else {"replicas": pool.replicas}),
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": machine},
    }
    found = _object(spec, "/".join(CORE), "MachineDeployment", name, body)
    words = {"pods": "maxPods", "ephemeral-storage": "ephemeral-disk"}
    if pool.capacity:
        found["metadata"]["annotations"] = {
            f"{_CAPACITY}{words.get(resource, resource)}": str(amount) for resource, amount in pool.capacity.items()
        }
    return found


def _bootstrap(spec: ClusterSpec, pool: Pool) -> Manifest:
    # Kubeadm itself needs no word, but a template that is there has to say something.
    body = {"template": {"spec": dict(spec.kubeadm_join) or {"format": "cloud-config"}}}
    name = _template_name(_pool_name(spec, pool), spec.kubeadm_join)
    return _object(spec, "/".join(BOOTSTRAP), "KubeadmConfigTemplate", name, body)


def _template(spec: ClusterSpec, name: str, machine: Mapping[str, Any]) -> Manifest:
    kind, body = spec.infrastructure.machine_template_kind, {"template": {"spec": dict(machine)}}
    return _object(spec, spec.infrastructure.api_version, kind, _template_name(name, machine), body)


def _template_reference(spec: ClusterSpec, stem: str, machine: Mapping[str, Any]) -> dict[str, str]:
    infrastructure = spec.infrastructure
    name = _template_name(stem, machine)
    return {"apiGroup": infrastructure.group, "kind": infrastructure.machine_template_kind, "name": name}


def _template_name(stem: str, content: Mapping[str, Any]) -> str:
    """Templates can't be changed: another content is another template, and machines are rolled out for it."""
    return f"{stem}-{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]}"


def _pool_name(spec: ClusterSpec, pool: Pool) -> str:
    return f"{spec.name}-{pool.name}"


def _object(spec: ClusterSpec, api_version: str, kind: str, name: str, body: Mapping[str, Any]) -> Manifest:
    labels = {**spec.labels, _CLUSTER_LABEL: spec.name}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": spec.namespace, "labels": labels},
        "spec": dict(body),
    }
