# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Autoscalers and what they scale: bounds are divided as replicas are, and replicas are left to whoever scales them.

Leaving a field out of an apply removes it when nobody else has it, and replicas that are gone default to one. So the
field is handed over first, with the value that it has, to a manager that exists for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from .._kube.discovery import Resource
from .._kube.errors import ApiError
from .._kube.session import FIELD_MANAGER, FieldConflicts, Session
from .._scheduling.webster import webster_within
from .application import Owner
from .identity import Identity, Manifest, group_of, identify
from .manifests import owner_of
from .workloads import has_replicas

HANDOVER = f"{FIELD_MANAGER}-handover"
"""The manager that holds the replicas of a scaled workload until its autoscaler writes them."""

_FIELDS = {
    ("autoscaling", "HorizontalPodAutoscaler"): ("minReplicas", "maxReplicas", 1),
    ("keda.sh", "ScaledObject"): ("minReplicaCount", "maxReplicaCount", 0),
}
"""The fields of the bounds, and the least that the lower one may be."""

_HPA = Resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True, frozenset())


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one cluster's autoscaler may do; ``None`` where the manifest says nothing."""

    least: int | None
    most: int | None


def scales(identity: Identity) -> bool:
    """Whether an object is an autoscaler."""
    return (identity.group, identity.kind) in _FIELDS


def target_of(autoscaler: Manifest) -> Identity | None:
    """What an autoscaler scales; ``None`` when it is no autoscaler."""
    if (group_of(autoscaler["apiVersion"]), autoscaler["kind"]) not in _FIELDS:
        return None
    reference = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    group = group_of(reference.get("apiVersion") or "apps/v1")
    namespace = autoscaler["metadata"].get("namespace") or ""
    return Identity(group, reference.get("kind") or "Deployment", namespace, reference.get("name") or "")


def targets_of(manifests: Iterable[Manifest]) -> frozenset[Identity]:
    """What the autoscalers among the manifests scale."""
    return frozenset(target for target in map(target_of, manifests) if target is not None)


def shares_of(
    autoscaler: Manifest, decisions: Mapping[Identity, Mapping[str, int]], totals: Mapping[Identity, int]
) -> dict[str, Bounds]:
    """Each cluster's bounds, in proportion to the replicas that it got; none when each cluster has all of them.

    :param totals: the replicas that each workload wants in all clusters together.
    """
    target = target_of(autoscaler)
    counts = {name: count for name, count in decisions.get(target, {}).items() if count > 0} if target else {}
    if target is None or len(counts) < 2 or all(count == totals.get(target) for count in counts.values()):
        return {}
    low, high, floor = _FIELDS[group_of(autoscaler["apiVersion"]), autoscaler["kind"]]
    spec = autoscaler.get("spec") or {}
    least = _divided(spec.get(low), counts, floor, str(target))
    most = _divided(spec.get(high), counts, 1, str(target))
    return {
        name: Bounds(
            least.get(name), max(most[name], least.get(name, 0), 1) if name in most else None
        )
        for name in counts
    }  # fmt: skip


def with_bounds(autoscaler: Manifest, bounds: Bounds | None) -> Manifest:
    """The autoscaler with these bounds, where the manifest has any."""
    if bounds is None:
        return autoscaler
    low, high, _floor = _FIELDS[group_of(autoscaler["apiVersion"]), autoscaler["kind"]]
    wanted = {key: value for key, value in ((low, bounds.least), (high, bounds.most)) if value is not None}
    return {**autoscaler, "spec": {**(autoscaler.get("spec") or {}), **wanted}}


def is_handed_over(live: Manifest) -> bool:
    """Whether somebody beside our apply has the replicas of a workload."""
    return any(
        "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        for entry in live["metadata"].get("managedFields") or []
        if entry.get("manager") != FIELD_MANAGER
    )


def scaled_by_hand(live: Manifest) -> bool:
    """Whether the controller of autoscalers wrote the replicas."""
    return any(
        entry.get("manager") == "kube-controller-manager" and entry.get("subresource") == "scale"
        for entry in live["metadata"].get("managedFields") or []
    )


def without_replicas(manifest: Manifest) -> Manifest:
    """The workload, silent about its replicas."""
    return {**manifest, "spec": {key: value for key, value in manifest["spec"].items() if key != "replicas"}}


def at_present(manifest: Manifest, live: Manifest) -> Manifest:
    """The workload with the replicas that it has: what it will be after a handover."""
    return {**manifest, "spec": {**manifest["spec"], "replicas": (live.get("spec") or {}).get("replicas", 1)}}


def hand_over(session: Session, resource: Resource, live: Manifest) -> Manifest:
    """Give the replicas of a workload, as they are now, to the manager that keeps them for its autoscaler."""
    metadata = live["metadata"]
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {key: metadata[key] for key in ("name", "namespace", "resourceVersion") if key in metadata},
        "spec": {"replicas": (live.get("spec") or {}).get("replicas", 1)},
    }
    return session.acting_as(HANDOVER).apply(resource, body, conflicts=FieldConflicts.ABORT).object


class Scaled:
    """Which workloads of one member are scaled: by autoscalers of the application, or by others that are there.

    The member's own are looked for only when that makes a difference. Thread-safe.
    """

    def __init__(self, session: Session, wanted: Iterable[Manifest], owner: Owner) -> None:
        self._session = session
        self._owner = owner
        self._known = targets_of(wanted)
        self._lock = Lock()
        self._there: dict[str, frozenset[Identity] | None] = {}

    def transition(self, manifest: Manifest, live: Manifest) -> str | None:
        """Why the replicas of a workload, which is as we applied it, have to change hands; ``None`` when they have not."""
        replicas = (manifest.get("spec") or {}).get("replicas")
        if not has_replicas(manifest) or replicas is None:
            return None
        if identify(manifest) in self._known:
            return None if is_handed_over(live) else "its replicas are handed over to its autoscaler"
        if replicas == (live.get("spec") or {}).get("replicas") or self(manifest, live):
            return None
        return "nobody scales it any more"

    def __call__(self, manifest: Manifest, live: Manifest | None) -> bool:
        """Whether somebody scales it, so that its replicas are not ours to set."""
        identity = identify(manifest)
        if not has_replicas(manifest) or "replicas" not in (manifest.get("spec") or {}):
            return False
        if identity in self._known:
            return True
        if live is None or (live.get("spec") or {}).get("replicas") == manifest["spec"]["replicas"]:
            return False
        there = self._in(identity.namespace)
        return scaled_by_hand(live) if there is None else identity in there

    def _in(self, namespace: str) -> frozenset[Identity] | None:
        """The targets of a namespace's autoscalers; ``None`` when we may not look."""
        with self._lock:
            if namespace not in self._there:
                try:
                    found = self._session.list(_HPA, namespace)
                    # One of ours that is not wanted any more goes with this very plan.
                    self._there[namespace] = targets_of(item for item in found if owner_of(item) != self._owner.text)
                except ApiError:
                    self._there[namespace] = None
            return self._there[namespace]


def _divided(wanted: Any, counts: Mapping[str, int], floor: int, uid: str) -> dict[str, int]:
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        return {}
    seats = max(wanted, floor * len(counts))
    most = dict.fromkeys(counts, seats)
    return webster_within(seats, counts, least=dict.fromkeys(counts, floor), most=most, uid=uid)
