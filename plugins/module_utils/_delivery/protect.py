# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is never deleted without a named consent: it may hold what is not ours, or data that nobody can bring back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .._kube.discovery import Resource
from .._kube.errors import ApiError, FleetError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .application import PREFIX, Owner, Settings
from .identity import Identity, Manifest, identify
from .manifests import owner_of
from .plan import CREATED_BY
from .record import ApplicationRecord
from .revision import Revision
from .workloads import has_replicas, replicas_of, with_replicas

DATA = frozenset({("", "PersistentVolumeClaim"), ("", "PersistentVolume")})
DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMESPACE = ("", "Namespace")
PROTECTED = (f"{PREFIX}deletion-protected", "resourcetemplate.karmada.io/deletion-protected")
"""Labels that an object carries with the value ``Always``, so that it is only deleted by its full name."""

# What a namespace has by itself. Nobody loses anything when these go with it.
_BORN_WITH_NAMESPACE = frozenset({("", "ConfigMap", "kube-root-ca.crt"), ("", "ServiceAccount", "default")})
_PASSING_KINDS = frozenset(
    {("", "Event"), ("events.k8s.io", "Event"), ("", "Endpoints"), ("metrics.k8s.io", "PodMetrics")}
)


def is_protected(live: Manifest) -> bool:
    """Whether an object says itself that it is not to be deleted; Karmada's word for it counts too."""
    labels = live["metadata"].get("labels") or {}
    return any(labels.get(label) == "Always" for label in PROTECTED)


def refuse_protected(record: ApplicationRecord, settings: Settings) -> None:
    """Stop a removal of a protected application that nobody confirmed.

    :raises FleetError: saying how it is confirmed.
    """
    if record.spec.protected and settings.confirmed != record.name:
        raise FleetError(
            "it is protected from deletion, and nothing was removed",
            object=f"Application {record.tenant}/{record.name}",
            next_step=f"Say confirm_removal: {record.name}, or apply it with deletion_protection: false first",
        )


def held_at_zero(
    wanted: Mapping[str, tuple[Manifest, ...]],
    decided: Mapping[Identity, Mapping[str, int]],
    force: Revision | None,
    settings: Settings,
) -> tuple[dict[str, tuple[Manifest, ...]], tuple[str, ...]]:
    """What an override had scaled to zero stays at zero when the override is gone, and a note for each. Pure.

    An override that goes a moment before its placement must not start what it held back.
    """
    notes: list[str] = []

    def kept(cluster: str, manifest: Manifest, before: Mapping[Identity, Manifest]) -> Manifest:
        identity = identify(manifest)
        old = before.get(identity)
        if old is None or not has_replicas(manifest) or settings.starts(identity.kind, identity.name):
            return manifest
        stopped = replicas_of(old) == 0 and force is not None and force.replicas.get(identity, {}).get(cluster, 0) > 0
        # Another number than the decision's is an override that says so.
        if not stopped or replicas_of(manifest) != decided.get(identity, {}).get(cluster):
            return manifest
        notes.append(
            f"{cluster}: {identity.label} stays at zero although its override is gone: "
            f"start_allow {identity.kind}/{identity.name} starts {replicas_of(manifest)}"
        )
        return with_replicas(manifest, 0)

    found = {}
    for cluster, items in wanted.items():
        before = {identify(item): item for item in force.previous(cluster)} if force is not None else {}
        found[cluster] = tuple(kept(cluster, item, before) for item in items)
    return found, tuple(notes)


def protection(
    session: Session, identity: Identity, live: Manifest, owner: Owner, settings: Settings, going: Collection[Identity]
) -> str | None:
    """Why an object of ours may not be deleted; ``None`` when it may.

    :param going: what is pruned in the same plan, and so holds nothing back.
    """
    kind = (identity.group, identity.kind)
    named = f"{identity.kind}/{identity.name}"
    if is_protected(live) and named not in settings.prune_allow:
        return f"it is labelled as protected from deletion: allow it by its name, prune_allow {named}"
    if settings.allows(identity.kind, identity.name):
        return None
    if kind in DATA:
        return f"it holds data: allow its deletion with prune_allow {identity.kind}"
    if kind == NAMESPACE:
        return _namespace_protection(session, identity, live, owner, going)
    if kind == DEFINITION:
        return _definition_protection(session, live, going)
    return None


def _namespace_protection(
    session: Session, identity: Identity, live: Manifest, owner: Owner, going: Collection[Identity]
) -> str | None:
    annotations = live["metadata"].get("annotations") or {}
    if annotations.get(CREATED_BY) != owner.text:
        return "it was there before the application: allow its deletion with prune_allow Namespace"
    foreign = foreign_objects(session, identity.name, owner, going)
    if not foreign:
        return None
    shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
    return f"it holds what is not the application's ({shown}): allow its deletion with prune_allow Namespace"


def _definition_protection(session: Session, live: Manifest, going: Collection[Identity]) -> str | None:
    spec = live["spec"]
    served = next((version["name"] for version in spec.get("versions") or [] if version.get("served")), None)
    if served is None:
        return None
    names = spec["names"]
    resource = Resource(
        spec["group"], served, names["kind"], names["plural"], spec["scope"] == "Namespaced", frozenset()
    )
    left = [item for item in session.list(resource) if _identity(resource, item) not in going]
    if not left:
        return None
    return f"{len(left)} of its instances exist, such as {_name(left[0])}: allow its deletion with prune_allow {DEFINITION[1]}"


def foreign_objects(session: Session, namespace: str, owner: Owner, going: Collection[Identity]) -> list[str]:
    """Objects in a namespace that would be lost with it although they are not the application's."""
    kinds = {
        f"{resource.group}/{resource.kind}": resource
        for resource in session.discovery().storable()
        if resource.namespaced and (resource.group, resource.kind) not in _PASSING_KINDS
    }

    def look(_name: str, resource: Resource) -> list[str]:
        return [
            f"{resource.kind} {item['metadata']['name']}"
            for item in session.list(resource, namespace)
            if not _goes_along(resource, item, owner, going)
        ]

    outcomes = fan_out(kinds, look, workers=8)
    found: list[str] = []
    for name, outcome in outcomes.items():
        if isinstance(outcome.error, ApiError) and outcome.error.code in (404, 405):
            continue
        if outcome.error is not None:
            # What can't be looked at may hold anything.
            found.append(f"{name} (can't be listed: {outcome.error.message})")
        else:
            found.extend(outcome.get())
    return sorted(found)


def _goes_along(resource: Resource, item: Manifest, owner: Owner, going: Collection[Identity]) -> bool:
    metadata = item["metadata"]
    if (resource.group, resource.kind, metadata["name"]) in _BORN_WITH_NAMESPACE:
        return True
    if metadata.get("ownerReferences"):
        # It goes with its owner, which is looked at itself.
        return True
    if (resource.group, resource.kind) in DATA or is_protected(item):
        return False
    return owner_of(item) == owner.text or _identity(resource, item) in going


def _identity(resource: Resource, item: Manifest) -> Identity:
    metadata = item["metadata"]
    return Identity(resource.group, resource.kind, metadata.get("namespace") or "", metadata["name"])


def _name(item: Manifest) -> str:
    metadata = item["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])
