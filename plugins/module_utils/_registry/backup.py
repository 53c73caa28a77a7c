# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hub in one file, and a hub again out of that file.

The file holds the members' credentials: it is written for its owner's eyes only, and nothing of it is ever returned.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._kube.errors import ConflictError, InputError, NotFoundError
from .._kube.session import Session, describe
from .errors import IdentityError, SchemaError
from .hub import HUB, Hub
from .lease import Lock
from .member import format_time
from .names import (
    APPLICATIONS,
    CLUSTERS,
    CREDENTIAL_LABEL,
    DECISIONS,
    KINDS,
    LEASES,
    MACHINE_SETS,
    SCHEMA_VERSION,
    SECRETS,
)

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

FORMAT = "navarch.fleet/hub-backup"
REVISION_TYPE = "navarch.dev/revision.v1"
_SCHEDULER = "navarch"
_SERVER_SET = ("resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp")


@dataclass(frozen=True, slots=True)
class Backup:
    """Everything that the hub knows."""

    hub_id: str
    taken_at: str
    namespace: str
    """Where the registry was."""
    objects: tuple[Manifest, ...] = field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind: what may be shown of it."""
        found: dict[str, int] = {}
        for obj in self.objects:
            found[obj["kind"]] = found.get(obj["kind"], 0) + 1
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Restoration:
    """What of a backup the hub lacks."""

    backup: Backup
    missing: tuple[Manifest, ...] = field(repr=False)

    @property
    def subjects(self) -> list[str]:
        """``Kind namespace/name`` of what is or was missing."""
        return [_subject(obj) for obj in self.missing]


def take_backup(hub: Hub) -> Backup:
    """Read the hub. Objects in the order in which they have to come back."""
    session = hub.session
    applications = session.list(APPLICATIONS)
    revisions = session.list(SECRETS, field_selector=f"type={REVISION_TYPE}")
    tenants = sorted({item["metadata"]["namespace"] for item in (*applications, *revisions)} - {hub.namespace})
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in tenants]
    leases = [lease for name in [hub.namespace, *tenants] for lease in session.list(LEASES, name) if _has_epoch(lease)]
    decisions = [
        item for item in session.list(DECISIONS) if str(item.get("schedulerName") or "").startswith(_SCHEDULER)
    ]
    credentials = session.list(SECRETS, hub.namespace, label_selector=CREDENTIAL_LABEL)
    fleet = (*session.list(CLUSTERS), *_machine_sets(session))
    everything = (*namespaces, *leases, *fleet, *credentials, *applications, *revisions, *decisions)
    return Backup(hub.id, format_time(datetime.now(UTC)), hub.namespace, tuple(_kept(item) for item in everything))


def _machine_sets(session: Session) -> list[Manifest]:
    """A hub that was installed before there were any knows no such kind."""
    try:
        return session.list(MACHINE_SETS)
    except NotFoundError:
        return []


def write_backup(backup: Backup, path: str) -> None:
    """Write the file whole or not at all, readable by its owner only."""
    document = {
        "format": FORMAT,
        "schemaVersion": SCHEMA_VERSION,
        "hubId": backup.hub_id,
        "takenAt": backup.taken_at,
        "namespace": backup.namespace,
        "objects": backup.objects,
    }
    folder = os.path.dirname(os.path.abspath(path))
    # mkstemp makes it 0600 from the first moment on.
    descriptor, temporary = tempfile.mkstemp(prefix=".hub-backup-", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(document, handle, indent=1, sort_keys=True)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_backup(path: str) -> Backup:
    """Read the file.

    :raises InputError: it is no backup, or can't be read.
    :raises SchemaError: a newer collection wrote it.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            document = json.load(handle)
    except OSError as error:
        raise InputError(f"the backup {path} can't be read: {error.strerror}", next_step="Correct the path") from error
    except ValueError:
        # The parser's words could quote a secret.
        raise InputError(f"{path} is no backup of a hub: it is not JSON") from None
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InputError(f"{path} is no backup of a hub", next_step="Name a file that hub_backup wrote")
    if int(document.get("schemaVersion") or 0) > SCHEMA_VERSION:
        raise SchemaError(
            f"the backup's schemaVersion is {document['schemaVersion']}, this collection understands up to "
            f"{SCHEMA_VERSION}",
            next_step="Update the collection navarch.fleet",
        )
    return Backup(
        str(document["hubId"]), str(document["takenAt"]), str(document["namespace"]), tuple(document["objects"])
    )


def moved(backup: Backup, namespace: str) -> Backup:
    """The backup with the registry in another namespace. Pure."""
    objects = []
    for obj in backup.objects:
        metadata = dict(obj["metadata"])
        if metadata.get("namespace") == backup.namespace:
            metadata["namespace"] = namespace
        found = {**obj, "metadata": metadata}
        reference = (obj.get("spec") or {}).get("secretRef")
        if obj["kind"] == "Cluster" and reference:
            found["spec"] = {**obj["spec"], "secretRef": {**reference, "namespace": namespace}}
        objects.append(found)
    return replace(backup, namespace=namespace, objects=tuple(objects))


def plan_restoration(session: Session, hub_id: str, backup: Backup) -> Restoration:
    """What is missing. What is there stays as it is: it may be newer than the file.

    :param hub_id: the id of the hub that is restored onto.
    """
    if hub_id != backup.hub_id:
        raise IdentityError(
            f"this hub has the id {hub_id}, the backup is of {backup.hub_id}",
            cluster=HUB,
            next_step="Restore onto an API server without a registry",
        )
    missing = [obj for obj in backup.objects if _absent(session, obj)]
    return Restoration(backup, tuple(missing))


def restore(session: Session, restoration: Restoration, lock: Lock) -> None:
    """Create what is missing, with its status; owners are found by their new UIDs."""
    uids = _present_uids(session, restoration.backup.objects)
    for obj in restoration.missing:
        lock.check()
        resource = KINDS[obj["apiVersion"], obj["kind"]]
        body = _with_owners(obj, uids)
        old = body["metadata"].pop("uid", None)
        try:
            created = session.create(resource, body)
        except ConflictError:
            continue
        if old:
            uids[old] = created["metadata"]["uid"]
        if obj.get("status") and obj["kind"] != "Namespace":
            session.replace(resource, {**created, "status": obj["status"]}, subresource="status")


def _absent(session: Session, obj: Manifest) -> bool:
    metadata = obj["metadata"]
    resource = KINDS[obj["apiVersion"], obj["kind"]]
    return session.get(resource, metadata["name"], metadata.get("namespace")) is None


def _present_uids(session: Session, objects: Iterable[Manifest]) -> dict[str, str]:
    """Old UIDs of owners that are there already, to their present ones."""
    found = {}
    for obj in objects:
        if obj["kind"] != "Application" or not obj["metadata"].get("uid"):
            continue
        metadata = obj["metadata"]
        present = session.get(APPLICATIONS, metadata["name"], metadata["namespace"])
        if present is not None:
            found[metadata["uid"]] = present["metadata"]["uid"]
    return found


def _with_owners(obj: Manifest, uids: Mapping[str, str]) -> Manifest:
    metadata = dict(obj["metadata"])
    owners = [
        {**owner, "uid": uids[owner["uid"]]} for owner in metadata.pop("ownerReferences", []) if owner["uid"] in uids
    ]
    if owners:
        metadata["ownerReferences"] = owners
    return {**obj, "metadata": metadata}


def _kept(obj: Mapping[str, Any]) -> Manifest:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _SERVER_SET}
    found = {**obj, "metadata": metadata}
    if found["kind"] == "Lease":
        # Its epoch has to come back, its holder must not.
        spec = {key: value for key, value in (found.get("spec") or {}).items() if key != "holderIdentity"}
        found["spec"] = spec
    return found


def _has_epoch(lease: Mapping[str, Any]) -> bool:
    return any(key.startswith("fleet.navarch.dev/") for key in lease["metadata"].get("annotations") or ())


def _subject(obj: Mapping[str, Any]) -> str:
    metadata = obj["metadata"]
    return describe(obj["kind"], metadata.get("namespace"), metadata["name"])
