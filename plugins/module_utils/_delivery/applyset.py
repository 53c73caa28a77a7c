# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The set of an application's objects in one member: an ApplySet (KEP-3659) with a Secret as its parent.

The parent is written before the first object, naming the union of old and new, and settled after the last. It
carries the epoch of the writer: who comes with a lower one is refused, so a play that lost its lease does no harm.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._kube.discovery import Resource
from .._kube.errors import ConflictError, LeaseLostError, NotFoundError
from .._kube.session import Session, describe
from .application import MEMBER_NAMESPACE, PREFIX, Owner
from .fields import owned_digest, stamp
from .identity import Identity, Manifest

TOOLING = "navarch/v1"
_KEP = "applyset.kubernetes.io/"
SECRETS = Resource("", "v1", "Secret", "secrets", True, frozenset())


@dataclass(frozen=True, slots=True)
class Trace:
    """What we know of one object since we last wrote it."""

    wanted: str
    """Digest of the manifest that was applied."""
    seen: str
    """Digest of the fields we own, as the server had them then."""
    stamp: str = ""
    """Of the whole object then: while it is the same, the fields need no look."""

    @classmethod
    def of(cls, wanted: str, live: Manifest) -> Trace:
        """The trace of an object that was just written."""
        return cls(wanted, owned_digest(live), stamp(live))

    def fits(self, live: Manifest) -> bool:
        """Whether nobody changed a field of ours since."""
        return self.stamp == stamp(live) or self.seen == owned_digest(live)


@dataclass(frozen=True, slots=True)
class Parent:
    """The parent as a value. An object without a trace was about to be written, or is still to be removed."""

    owner: Owner
    revision: int
    epoch: int
    objects: Mapping[Identity, Trace | None]
    settled: bool
    decision: Mapping[str, Any] = field(default_factory=dict)
    """Spec and placement, for a hub that has to be rebuilt from its members."""
    resource_version: str | None = None
    """Of the Secret it was read from; ``None`` when there is none yet."""

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """Groups and kinds of the objects."""
        return {(identity.group, identity.kind) for identity in self.objects}


def read_parent(session: Session, owner: Owner) -> Parent | None:
    """The parent in a member, or ``None``."""
    secret = session.get(SECRETS, owner.parent, MEMBER_NAMESPACE)
    return None if secret is None else parent_from(secret, owner)


def write_parent(session: Session, parent: Parent) -> Parent:
    """Write the parent, provided that nobody wrote it since it was read.

    :raises LeaseLostError: somebody did.
    """
    subject = describe("Secret", MEMBER_NAMESPACE, parent.owner.parent)
    manifest = parent_manifest(parent)
    try:
        written = (
            session.create(SECRETS, manifest) if parent.resource_version is None else session.replace(SECRETS, manifest)
        )
    except ConflictError as error:
        raise LeaseLostError(
            "another play works on the same application",
            cluster=session.cluster,
            object=subject,
            next_step="Let it finish, then run this one again",
        ) from error
    except NotFoundError as error:
        raise NotFoundError(
            "the member is not prepared, or the set was removed meanwhile",
            code=404,
            cluster=session.cluster,
            object=subject,
            next_step="Join the cluster again, then run this play again",
        ) from error
    return replace(parent, resource_version=written["metadata"]["resourceVersion"])


def delete_parent(session: Session, parent: Parent) -> None:
    """Remove the parent of an empty set, provided that nobody wrote it meanwhile."""
    session.delete(SECRETS, parent.owner.parent, MEMBER_NAMESPACE, resource_version=parent.resource_version)


def parent_manifest(parent: Parent) -> Manifest:
    """The Secret."""
    owner = parent.owner
    namespaces = sorted({identity.namespace for identity in parent.objects if identity.namespace})
    kinds = sorted(f"{kind}.{group}" if group else kind for group, kind in parent.kinds)
    metadata: dict[str, Any] = {
        "name": owner.parent,
        "namespace": MEMBER_NAMESPACE,
        "labels": {
            f"{_KEP}id": owner.applyset,
            "app.kubernetes.io/managed-by": "navarch",
            f"{PREFIX}application": owner.application,
            f"{PREFIX}tenant": owner.tenant,
        },
        "annotations": {
            f"{_KEP}tooling": TOOLING,
            f"{_KEP}contains-group-kinds": ",".join(kinds),
            f"{_KEP}additional-namespaces": ",".join(namespaces),
            f"{PREFIX}owner": owner.text,
            f"{PREFIX}revision": str(parent.revision),
            f"{PREFIX}epoch": str(parent.epoch),
            f"{PREFIX}settled": "true" if parent.settled else "false",
        },
    }
    if parent.resource_version is not None:
        metadata["resourceVersion"] = parent.resource_version
    objects = {
        str(key): [trace.wanted, trace.seen, trace.stamp] if trace else []
        for key, trace in sorted(parent.objects.items())
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "navarch.dev/applyset.v1",
        "metadata": metadata,
        "data": {"objects": _encoded(objects), "decision": _encoded(parent.decision)},
    }


def parent_from(secret: Manifest, owner: Owner) -> Parent:
    """What a Secret says. One that can't be read counts as unsettled and empty: labels still find the objects."""
    metadata = secret["metadata"]
    annotations = metadata.get("annotations") or {}
    data = secret.get("data") or {}
    objects = {
        Identity.parse(text): Trace(*entry) if entry else None for text, entry in _decoded(data.get("objects")).items()
    }
    return Parent(
        owner=owner,
        revision=_number(annotations.get(f"{PREFIX}revision")),
        epoch=_number(annotations.get(f"{PREFIX}epoch")),
        objects=objects,
        settled=annotations.get(f"{PREFIX}settled") == "true",
        decision=_decoded(data.get("decision")),
        resource_version=metadata["resourceVersion"],
    )


def refuse_lower_epoch(parent: Parent, epoch: int, cluster: str) -> None:
    """Stop a writer that is not the last one to have had the lease.

    :raises LeaseLostError: the member knows a later writer.
    """
    if parent.epoch > epoch:
        raise LeaseLostError(
            f"the member was last written at epoch {parent.epoch}, this play has epoch {epoch}",
            cluster=cluster,
            object=describe("Secret", MEMBER_NAMESPACE, parent.owner.parent),
            next_step="Run the play again; if it persists, the hub is older than its members: recover it first",
        )


def _encoded(value: Mapping[str, Any]) -> str:
    # Compressed, since a Secret holds a megabyte: ten thousand objects and more fit.
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=3, mtime=0)).decode()


def _decoded(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(gzip.decompress(base64.b64decode(text or "")))
    except (ValueError, OSError, EOFError, zlib.error):
        return {}
    return value if isinstance(value, dict) else {}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
