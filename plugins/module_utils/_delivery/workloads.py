# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which objects run pods, how many, and what one of them asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.errors import InputError
from .._scheduling.estimate import pod_request
from .identity import Identity, Manifest, group_of, identify

_REPLICA_FIELDS: dict[tuple[str, str], str] = {
    ("apps", "Deployment"): "replicas",
    ("apps", "ReplicaSet"): "replicas",
    ("apps", "StatefulSet"): "replicas",
    ("", "ReplicationController"): "replicas",
    ("batch", "Job"): "parallelism",
}
"""The kinds whose replicas are divided, and the field of `spec` that says how many; absent means one."""

_POD = ("", "Pod")
_AUTOSCALERS = frozenset({("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")})


@dataclass(frozen=True, slots=True)
class Workload:
    """An object whose replicas are divided over clusters."""

    identity: Identity
    api_version: str
    replicas: int
    """How many in all clusters together."""
    request: dict[str, str] | None
    """What one replica asks for, in Kubernetes quantities."""
    node_claim: Mapping[str, Any]
    """What its pods want of the node that they run on; empty when they go anywhere."""
    autoscaler: str | None
    """The autoscaler among the objects that targets it, for people."""

    def to_request(self, application: str) -> dict[str, Any]:
        """The `workload` of a scheduling request."""
        identity = self.identity
        return {
            "apiVersion": self.api_version,
            "kind": identity.kind,
            "namespace": identity.namespace,
            "name": identity.name,
            "uid": f"{identity.namespace}/{application}/{identity.kind}/{identity.name}",
            "replicas": self.replicas,
            "resourceRequest": self.request,
            "nodeClaim": dict(self.node_claim) or None,
        }


def workloads_of(objects: Iterable[Manifest]) -> dict[Identity, Workload]:
    """The workloads among the objects, in their order."""
    known = tuple(objects)
    autoscalers = _autoscaler_targets(known)
    workloads: dict[Identity, Workload] = {}
    for manifest in known:
        identity = identify(manifest)
        kind = (identity.group, identity.kind)
        if kind not in _REPLICA_FIELDS and kind != _POD:
            continue
        workloads[identity] = Workload(
            identity=identity,
            api_version=manifest["apiVersion"],
            replicas=replicas_of(manifest),
            request=_request(manifest),
            node_claim=_node_claim(_pod_spec(manifest)),
            autoscaler=autoscalers.get((identity.kind, identity.namespace, identity.name)),
        )
    return workloads


def has_replicas(manifest: Manifest) -> bool:
    """Whether an object's replicas are divided; all others go whole to every chosen cluster."""
    kind = _kind_of(manifest)
    return kind in _REPLICA_FIELDS or kind == _POD


def replicas_of(manifest: Manifest) -> int:
    """How many replicas a workload wants; one where it does not say."""
    field = _REPLICA_FIELDS.get(_kind_of(manifest))
    if field is None:
        return 1
    return _count(manifest, field, 1)


def completions_wanted(manifest: Manifest) -> int | None:
    """The completions of a Job that counts them."""
    if _kind_of(manifest) != ("batch", "Job") or (manifest.get("spec") or {}).get("completions") is None:
        return None
    return _count(manifest, "completions", 1)


def with_replicas(manifest: Manifest, replicas: int, completions: int | None = None) -> Manifest:
    """The workload with that many replicas. The same object comes back when it says so already, or can't say."""
    field = _REPLICA_FIELDS.get(_kind_of(manifest))
    if field is None:
        return manifest
    wanted = {field: replicas}
    if completions is not None:
        wanted["completions"] = completions
    spec = manifest.get("spec") or {}
    if all(spec.get(key) == value for key, value in wanted.items()):
        return manifest
    return {**manifest, "spec": {**spec, **wanted}}


def pod_template(manifest: Manifest) -> Manifest | None:
    """What the pods of an object are made from: `{metadata, spec}`, or None where it makes none."""
    kind = _kind_of(manifest)
    spec = manifest.get("spec") or {}
    if kind == _POD:
        return {"metadata": manifest["metadata"], "spec": spec}
    if kind == ("batch", "CronJob"):
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    elif kind not in _REPLICA_FIELDS and kind != ("apps", "DaemonSet"):
        return None
    template = spec.get("template")
    return template if isinstance(template, dict) else None


def with_pod_spec(manifest: Manifest, spec: Manifest) -> Manifest:
    """An object that makes pods, making them from another spec."""
    kind = _kind_of(manifest)
    if kind == _POD:
        return {**manifest, "spec": spec}
    own = manifest["spec"]
    if kind == ("batch", "CronJob"):
        job = own["jobTemplate"]
        template = {**job["spec"]["template"], "spec": spec}
        job = {**job, "spec": {**job["spec"], "template": template}}
        return {**manifest, "spec": {**own, "jobTemplate": job}}
    return {**manifest, "spec": {**own, "template": {**own["template"], "spec": spec}}}


def _kind_of(manifest: Manifest) -> tuple[str, str]:
    return group_of(manifest["apiVersion"]), manifest["kind"]


def _count(manifest: Manifest, field: str, absent: int) -> int:
    count = (manifest.get("spec") or {}).get(field)
    if count is None:
        return absent
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise InputError(
            f"spec.{field} is {count!r}",
            object=identify(manifest).label,
            next_step="Give a whole number that is not negative; what a cluster is to have beside its share, an override sets",
        )
    return count


def _pod_spec(manifest: Manifest) -> dict[str, Any]:
    template = pod_template(manifest) or {}
    spec = template.get("spec")
    return spec if isinstance(spec, dict) else {}


def _node_claim(pod: Mapping[str, Any]) -> dict[str, Any]:
    """What decides on which nodes the pod may run, and nothing else of it."""
    node_affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    claim = {
        "nodeSelector": pod.get("nodeSelector"),
        "tolerations": pod.get("tolerations"),
        "hardNodeAffinity": required,
    }
    return {name: value for name, value in claim.items() if value}


def _request(manifest: Manifest) -> dict[str, str] | None:
    """What one replica asks for. What differs from cluster to cluster is not known before one is chosen, and left out."""
    spec = _pod_spec(manifest)
    known = {
        **spec,
        **{
            field: [_with_known_resources(container) for container in spec[field]]
            for field in ("containers", "initContainers")
            if isinstance(spec.get(field), list)
        },
    }
    try:
        return pod_request(known) or None
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"what its pods ask for can't be read: {error}",
            object=identify(manifest).label,
            next_step="Correct the resources of its containers",
        ) from error


def _with_known_resources(container: Any) -> Any:
    resources = container.get("resources") if isinstance(container, dict) else None
    if not isinstance(resources, dict):
        return container
    known = {
        part: {name: value for name, value in values.items() if not (isinstance(value, str) and "[[" in value)}
        for part, values in resources.items()
        if isinstance(values, dict)
    }
    return {**container, "resources": {**resources, **known}}


def _autoscaler_targets(objects: Iterable[Manifest]) -> dict[tuple[str, str, str], str]:
    """(kind, namespace, name) of what autoscalers among the objects target, and the autoscaler for people."""
    targets: dict[tuple[str, str, str], str] = {}
    for manifest in objects:
        if _kind_of(manifest) not in _AUTOSCALERS:
            continue
        identity = identify(manifest)
        target = (manifest.get("spec") or {}).get("scaleTargetRef") or {}
        targets[target.get("kind") or "Deployment", identity.namespace, target.get("name") or ""] = identity.label
    return targets
