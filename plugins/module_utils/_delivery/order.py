# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which objects are created, and, reversed, removed.

Every object goes after what it needs to exist. Webhooks and aggregated APIs come last: from the moment they exist
they can refuse everything else, and what serves them must run first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .identity import Identity, Manifest, identify

_BUILT_IN = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)

_STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("definitions", ("Namespace", "CustomResourceDefinition")),
    (
        "foundations",
        (
            "ResourceQuota",
            "LimitRange",
            "PriorityClass",
            "RuntimeClass",
            "StorageClass",
            "VolumeAttributesClass",
            "CSIDriver",
            "IngressClass",
            "DeviceClass",
            "ServiceAccount",
            "ClusterRole",
            "Role",
        ),
    ),
    (
        # A binding is refused while its role is missing, a Secret for the token of a missing ServiceAccount is removed.
        "configuration",
        (
            "ClusterRoleBinding",
            "RoleBinding",
            "Secret",
            "ConfigMap",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "NetworkPolicy",
            "ResourceClaimTemplate",
            "ResourceClaim",
        ),
    ),
    ("services", ("Service", "Endpoints", "EndpointSlice")),
    (
        "workloads",
        (
            "DaemonSet",
            "StatefulSet",
            "Deployment",
            "ReplicaSet",
            "ReplicationController",
            "Pod",
            "Job",
            "CronJob",
            "PodDisruptionBudget",
            "HorizontalPodAutoscaler",
            "Ingress",
        ),
    ),
    ("custom", ()),
    (
        "hooks",
        (
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "APIService",
            "ValidatingWebhookConfiguration",
            "MutatingWebhookConfiguration",
        ),
    ),
)
_NAMES = tuple(name for name, _kinds in _STAGES)
_RANKS: Mapping[str, tuple[int, int]] = {
    kind: (stage, rank) for stage, (_name, kinds) in enumerate(_STAGES) for rank, kind in enumerate(kinds)
}
_WORKLOADS = _NAMES.index("workloads")
_CUSTOM = _NAMES.index("custom")
_LAST = 1_000
"""The rank of kinds that no table names."""


def in_order(objects: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """The objects in their order of creation, the same for every order they come in."""
    return tuple(sorted(objects, key=lambda manifest: order_key(identify(manifest))))


def order_key(identity: Identity) -> tuple[int, int, Identity]:
    """A sort key for identities alone, as in the list of what is to be pruned."""
    return *_rank(identity), identity


def stage_of(identity: Identity) -> int:
    """The number of the stage an object belongs to, from 0."""
    return _rank(identity)[0]


def stage_name(identity: Identity) -> str:
    """The name of the stage an object belongs to."""
    return _NAMES[stage_of(identity)]


def is_built_in(group: str) -> bool:
    """Whether the API server itself serves a group, in some version."""
    return group in _BUILT_IN


def _rank(identity: Identity) -> tuple[int, int]:
    if not is_built_in(identity.group):
        return _CUSTOM, _LAST
    return _RANKS.get(identity.kind, (_WORKLOADS, _LAST))
