# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an object changes hands while it runs: marks and ``managedFields`` are written, values are not.

A Deployment counts a generation for each change of its annotations, and hands them on to its ReplicaSets. So its mark
is written and removed through the subresource ``status``, which counts nothing, and taken off the ReplicaSets as well.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from .._kube.discovery import Resource
from .._kube.errors import ConflictError, ForbiddenError
from .._kube.session import FIELD_MANAGER, PatchType, Session
from .application import Owner
from .identity import Identity, Manifest, identify
from .manifests import OWNER, PART_OF, owner_of
from .plan import CREATED_BY

MARKS = (OWNER, CREATED_BY)
"""Our annotations. Whatever else is written on an object is the user's."""

TRIES = 6
"""How often an object that controllers keep writing is read again and written."""

SETTLING = 3
"""How often we look whether a controller, with an older copy of its Deployment, handed our mark on once more."""

_DEPLOYMENT = ("apps", "Deployment")
_REPLICA_SETS = Resource("apps", "v1", "ReplicaSet", "replicasets", True, frozenset())


def mark_quietly(session: Session, resource: Resource, live: Manifest, owner: Owner) -> Manifest:
    """Write our mark on an object that runs, where an apply would count a generation for it."""
    if (resource.group, resource.kind) != _DEPLOYMENT or owner_of(live) == owner.text:
        return live
    body = {"metadata": {"resourceVersion": _version(live), "annotations": {OWNER: owner.text}}}
    return _patch_status(session, resource, live, body)


def shed(session: Session, resource: Resource, live: Manifest, managers: Collection[str]) -> Manifest:
    """Remove the entries of the managers that an object was taken over from; its fields stay as they are."""
    before = _entries(live)
    after = [entry for entry in before if not _is_shed(entry, managers)]
    if len(after) == len(before):
        return live
    body = {"metadata": {"resourceVersion": _version(live), "managedFields": after}}
    return _patch(session, resource, live, body)


def unmark(session: Session, resource: Resource, live: Manifest, owner: Owner) -> None:
    """Take our marks and our entries off an object; one that somebody took meanwhile is left alone."""
    identity = identify(live)
    for attempt in range(TRIES):
        try:
            if (resource.group, resource.kind) == _DEPLOYMENT:
                marks = {"resourceVersion": _version(live), "annotations": dict.fromkeys(MARKS)}
                live = _patch_status(session, resource, live, {"metadata": marks})
            _patch(session, resource, live, release_patch(live, owner))
            return
        except ConflictError:
            if attempt == TRIES - 1:
                raise
        found = session.get(resource, identity.name, identity.namespace or None)
        if found is None or owner_of(found) not in (None, owner.text):
            return
        live = found


def unmark_replica_sets(session: Session, deployments: Collection[Identity], owner: Owner) -> None:
    """Take off the ReplicaSets what their Deployments handed on."""
    places = sorted({identity.namespace for identity in deployments})
    names = {(identity.namespace, identity.name) for identity in deployments}
    for attempt in range(SETTLING if places else 0):
        marked = [
            item
            for place in places
            for item in session.list(_REPLICA_SETS, place)
            if owner_of(item) == owner.text and (place, _controller(item)) in names
        ]
        for item in marked:
            body = {"metadata": {"annotations": dict.fromkeys(MARKS)}}
            _patch(session, _REPLICA_SETS, item, body)
        if not marked and attempt:
            return
        time.sleep(0.2)


def released(live: Manifest, owner: Owner) -> Manifest:
    """The object without our marks and our ownership. Pure."""
    metadata = live["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in MARKS}
    labels = {
        key: value for key, value in (metadata.get("labels") or {}).items() if (key, value) != (PART_OF, owner.applyset)
    }
    fields = [entry for entry in _entries(live) if not _is_ours(entry)]
    kept = {key: value for key, value in metadata.items() if key not in ("annotations", "labels", "managedFields")}
    found = {"annotations": annotations, "labels": labels, "managedFields": fields}
    return {**live, "metadata": {**kept, **{key: value for key, value in found.items() if value}}}


def release_patch(live: Manifest, owner: Owner) -> Manifest:
    """The merge patch that makes one of the other, only if nobody wrote the object since. Pure."""
    after = released(live, owner)["metadata"]
    metadata: dict[str, Any] = {"resourceVersion": _version(live), "managedFields": after.get("managedFields") or []}
    for place in ("annotations", "labels"):
        lost = set(live["metadata"].get(place) or {}) - set(after.get(place) or {})
        if lost:
            metadata[place] = dict.fromkeys(sorted(lost))
    return {"metadata": metadata}


def _patch(session: Session, resource: Resource, live: Manifest, body: Manifest) -> Manifest:
    metadata = live["metadata"]
    return session.patch(resource, metadata["name"], body, metadata.get("namespace"), patch_type=PatchType.MERGE)


def _patch_status(session: Session, resource: Resource, live: Manifest, body: Manifest) -> Manifest:
    metadata = live["metadata"]
    try:
        return session.patch(
            resource,
            metadata["name"],
            body,
            metadata.get("namespace"),
            patch_type=PatchType.MERGE,
            subresource="status",
        )
    except ForbiddenError:
        # Then the mark goes the ordinary way: a generation is counted, and still no pod restarts.
        return live


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("manager") or "").partition("-")[0] == FIELD_MANAGER


def _is_shed(entry: Mapping[str, Any], managers: Collection[str]) -> bool:
    if entry.get("manager") == FIELD_MANAGER:
        # What was marked quietly belongs to our apply by now.
        return entry.get("operation") == "Update"
    return entry.get("manager") in managers and entry.get("subresource") in (None, "", "scale")


def _controller(item: Manifest) -> str:
    references = item["metadata"].get("ownerReferences") or []
    return next((str(entry.get("name")) for entry in references if entry.get("controller")), "")


def _entries(live: Manifest) -> list[Mapping[str, Any]]:
    return (live.get("metadata") or {}).get("managedFields") or []


def _version(live: Manifest) -> str:
    return str(live["metadata"]["resourceVersion"])
