# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an object names: the other objects it needs, and those that it is there for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .identity import Identity, Manifest, identify
from .workloads import pod_template

_RBAC = "rbac.authorization.k8s.io"
_DEFAULT_ACCOUNT = "default"
_BY_CLUSTER = frozenset({"kube-root-ca.crt"})
"""ConfigMaps that each cluster puts into each namespace by itself."""

_NAMED = {"secretName": "Secret", "configMapName": "ConfigMap", "serviceAccountName": "ServiceAccount"}
_REFERRED = {
    "secretRef": "Secret", "secretKeyRef": "Secret", "configMapRef": "ConfigMap", "configMapKeyRef": "ConfigMap",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that is named by another."""

    target: Identity
    required: bool
    """Whether the one that names it can't work without it."""


def needed_by(manifest: Manifest) -> tuple[Reference, ...]:
    """The objects that this one needs, those of its pods included."""
    return tuple(dict.fromkeys(_needed(manifest, identify(manifest))))


def serves(manifest: Manifest) -> tuple[Identity, ...]:
    """The objects, by name, that this one is there for: where none of them is, it has nothing to do."""
    return tuple(dict.fromkeys(_served(manifest, identify(manifest))))


def _needed(manifest: Manifest, own: Identity) -> Iterator[Reference]:
    spec = _mapping(manifest.get("spec"))
    template = pod_template(manifest)
    if template is not None:
        yield from _of_pods(_mapping(template.get("spec")), own.namespace)
        if own.kind == "StatefulSet" and spec.get("serviceName"):
            yield Reference(Identity("", "Service", own.namespace, spec["serviceName"]), required=False)
        return
    kind = (own.group, own.kind)
    if kind == ("networking.k8s.io", "Ingress"):
        # cert-manager makes the Secret after the Ingress is there.
        is_made_later = any(key.startswith("cert-manager.io/") for key in _annotations(manifest))
        for tls in _mappings(spec.get("tls")):
            yield from _named("Secret", own.namespace, tls.get("secretName"), required=not is_made_later)
        if spec.get("ingressClassName"):
            name = spec["ingressClassName"]
            yield Reference(Identity("networking.k8s.io", "IngressClass", "", name), required=False)
    elif kind == ("", "ServiceAccount"):
        for field in ("secrets", "imagePullSecrets"):
            for entry in _mappings(manifest.get(field)):
                yield from _named("Secret", own.namespace, entry.get("name"), required=False)
    elif kind == ("", "PersistentVolumeClaim"):
        if spec.get("volumeName"):
            yield Reference(Identity("", "PersistentVolume", "", spec["volumeName"]), required=False)
        if spec.get("storageClassName"):
            yield Reference(Identity("storage.k8s.io", "StorageClass", "", spec["storageClassName"]), required=False)
    elif kind in ((_RBAC, "RoleBinding"), (_RBAC, "ClusterRoleBinding")):
        role = _mapping(manifest.get("roleRef"))
        if role.get("name"):
            namespace = own.namespace if role.get("kind") == "Role" else ""
            yield Reference(Identity(_RBAC, str(role.get("kind")), namespace, role["name"]), required=False)
    elif own.group not in ("", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", _RBAC):
        yield from _of_anything(spec, own.namespace)


def _served(manifest: Manifest, own: Identity) -> Iterator[Identity]:
    spec = _mapping(manifest.get("spec"))
    target = _mapping(spec.get("scaleTargetRef") or spec.get("targetRef"))
    kind = (own.group, own.kind)
    if target.get("name") and own.kind in ("HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler"):
        group = str(target.get("apiVersion") or "apps/v1").rpartition("/")[0]
        yield Identity(group, str(target.get("kind") or "Deployment"), own.namespace, target["name"])
    elif own.kind in ("RoleBinding", "ClusterRoleBinding") and own.group == _RBAC:
        for subject in _mappings(manifest.get("subjects")):
            if subject.get("kind") == "ServiceAccount" and subject.get("name"):
                yield Identity("", "ServiceAccount", subject.get("namespace") or own.namespace, subject["name"])
    elif kind == ("networking.k8s.io", "Ingress"):
        for backend in _ingress_backends(spec):
            name = _mapping(backend.get("service")).get("name")
            if name:
                yield Identity("", "Service", own.namespace, name)
    elif own.group == "gateway.networking.k8s.io":
        for rule in _mappings(spec.get("rules")):
            for backend in _mappings(rule.get("backendRefs")):
                if backend.get("name") and backend.get("kind") in (None, "Service"):
                    yield Identity("", "Service", backend.get("namespace") or own.namespace, backend["name"])
    elif kind == ("multicluster.x-k8s.io", "ServiceExport") or kind == ("", "Endpoints"):
        yield Identity("", "Service", own.namespace, own.name)
    elif kind == ("discovery.k8s.io", "EndpointSlice"):
        service = _mapping(manifest["metadata"].get("labels")).get("kubernetes.io/service-name")
        if service:
            yield Identity("", "Service", own.namespace, service)


def _of_pods(spec: Mapping[str, Any], namespace: str) -> Iterator[Reference]:
    for volume in _mappings(spec.get("volumes")):
        yield from _of_volume(volume, namespace)
    for field in ("containers", "initContainers"):
        for container in _mappings(spec.get(field)):
            yield from _of_container(container, namespace)
    for entry in _mappings(spec.get("imagePullSecrets")):
        # The kubelet starts a pod without them where the image is there, or public.
        yield from _named("Secret", namespace, entry.get("name"), required=False)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account and account != _DEFAULT_ACCOUNT:
        yield from _named("ServiceAccount", namespace, account, required=True)
    for field, kind, group in (
        ("priorityClassName", "PriorityClass", "scheduling.k8s.io"),
        ("runtimeClassName", "RuntimeClass", "node.k8s.io"),
    ):
        if spec.get(field):
            yield Reference(Identity(group, kind, "", str(spec[field])), required=False)


def _of_volume(volume: Mapping[str, Any], namespace: str) -> Iterator[Reference]:
    claim = _mapping(volume.get("persistentVolumeClaim"))
    yield from _named("PersistentVolumeClaim", namespace, claim.get("claimName"), required=True)
    sources = [volume, *_mappings(_mapping(volume.get("projected")).get("sources"))]
    for source in sources:
        config, secret = _mapping(source.get("configMap")), _mapping(source.get("secret"))
        yield from _named("ConfigMap", namespace, config.get("name"), required=not config.get("optional"))
        name = secret.get("secretName") or secret.get("name")
        yield from _named("Secret", namespace, name, required=not secret.get("optional"))
    for source in volume.values():
        for field in ("secretRef", "nodePublishSecretRef"):
            name = _mapping(_mapping(source).get(field)).get("name")
            yield from _named("Secret", namespace, name, required=True)


def _of_container(container: Mapping[str, Any], namespace: str) -> Iterator[Reference]:
    for variable in _mappings(container.get("env")):
        origin = _mapping(variable.get("valueFrom"))
        for field in ("configMapKeyRef", "secretKeyRef"):
            key = _mapping(origin.get(field))
            yield from _named(_REFERRED[field], namespace, key.get("name"), required=not key.get("optional"))
    for source in _mappings(container.get("envFrom")):
        for field in ("configMapRef", "secretRef"):
            found = _mapping(source.get(field))
            yield from _named(_REFERRED[field], namespace, found.get("name"), required=not found.get("optional"))


def _of_anything(value: object, namespace: str) -> Iterator[Reference]:
    """In kinds that we don't know: fields with the names that everybody gives to such references."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _NAMED and isinstance(item, str):
                yield from _named(_NAMED[key], namespace, item, required=False)
            elif key in _REFERRED and isinstance(item, Mapping):
                yield from _named(_REFERRED[key], namespace, item.get("name"), required=False)
            elif key in ("certificateRefs", "secretRefs"):
                for entry in _mappings(item):
                    yield from _named("Secret", namespace, entry.get("name"), required=False)
            yield from _of_anything(item, namespace)
    elif isinstance(value, list):
        for item in value:
            yield from _of_anything(item, namespace)


def _named(kind: str, namespace: str, name: object, *, required: bool) -> Iterator[Reference]:
    if isinstance(name, str) and name and name not in _BY_CLUSTER:
        yield Reference(Identity("", kind, namespace, name), required=required)


def _ingress_backends(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield _mapping(spec.get("defaultBackend"))
    for rule in _mappings(spec.get("rules")):
        for path in _mappings(_mapping(rule.get("http")).get("paths")):
            yield _mapping(path.get("backend"))


def _annotations(manifest: Manifest) -> Iterable[str]:
    return _mapping(manifest["metadata"].get("annotations"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
