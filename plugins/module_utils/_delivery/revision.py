# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revisions of an application, kept beside it in the hub: what was to be where, decided how, by whom.

Append-only: to create revision N is to claim it, and a rollback is a new one. Compressed, in chunks below what an
object may hold; state and content digest are in the labels and annotations, so that lists need no decoding.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .._kube.errors import ApiError, ConflictError, FleetError, NotFoundError
from .._kube.session import PatchType
from .._registry.hub import Hub
from .._registry.names import SECRETS
from .application import PREFIX
from .digest import Digests, digest
from .identity import Identity, Manifest
from .variants import Variants
from .workloads import pod_template

TYPE = "navarch.dev/revision.v1"
CHUNK = 640_000
"""Bytes per Secret before base64, which makes four of three."""

METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
APPLICATION_LABEL = f"{PREFIX}application"
_REVISION, _CHUNK, _CHUNKS, _STATE = (f"{PREFIX}{name}" for name in ("revision", "chunk", "chunks", "state"))
_DIGEST, _CREATED, _AUTHOR, _NOTE = (f"{PREFIX}{name}" for name in ("digest", "created", "author", "note"))
_CLUSTERS, _IMAGES = (f"{PREFIX}{name}" for name in ("clusters", "images"))
IMAGES_SHOWN = 20
CLUSTERS_SHOWN = 50


class RevisionState(StrEnum):
    """Where a revision stands."""

    PENDING = "pending"
    DEPLOYED = "deployed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled-back"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision, whole."""

    number: int
    namespace: str
    objects: tuple[Manifest, ...]
    """As the sources give them, with namespaces, without our marks and the division of replicas."""
    placement: Mapping[str, Any]
    replicas: Mapping[Identity, Mapping[str, int]]
    clusters: tuple[str, ...]
    decision: Mapping[str, Any]
    """With all reasons, as the scheduling room writes it."""
    rendered: Mapping[str, tuple[Manifest, ...]] = field(default_factory=dict)
    """Per cluster, marked, as applied."""
    source_digest: str = ""
    author: str = ""
    created: str = ""
    note: str = ""
    overrides: tuple[Mapping[str, Any], ...] = ()
    """The rules per cluster that went into what was rendered."""
    variants: Variants = field(default_factory=Variants)
    """Objects that the sources make differently for different clusters."""
    fetched: tuple[str, ...] = ()
    """Commits and versions of charts that the sources were read at."""
    state: RevisionState = RevisionState.PENDING

    @property
    def digest(self) -> str:
        """Of what makes a difference in the members: the same content is the same revision."""
        known = Digests()
        return digest(
            [[*sorted([known(item) for item in items]), name] for name, items in sorted(self.rendered.items())]
        )

    def previous(self, cluster: str) -> tuple[Manifest, ...]:
        """What this revision places in one cluster."""
        return self.rendered.get(cluster, ())


@dataclass(frozen=True, slots=True)
class Head:
    """What a list tells of a revision."""

    number: int
    state: RevisionState
    digest: str
    created: str
    author: str
    note: str
    chunks: int
    complete: bool
    clusters: str = ""
    """What was decided: replicas per cluster, as ``idc-north 2, idc-south 1``."""
    images: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        return {
            "revision": self.number, "state": self.state.value, "digest": self.digest[:12], "created": self.created,
            "author": self.author, "note": self.note, "clusters": self.clusters, "images": list(self.images),
        }  # fmt: skip


def images_of(revision: Revision) -> tuple[str, ...]:
    """The images that its pods run, as rendered; the first few. Pure."""
    found: set[str] = set()
    for manifest in {id(item): item for items in revision.rendered.values() for item in items}.values():
        spec = (pod_template(manifest) or {}).get("spec") or {}
        for field_name in ("initContainers", "containers"):
            found.update(str(entry["image"]) for entry in spec.get(field_name) or () if entry.get("image"))
    return tuple(sorted(found)[:IMAGES_SHOWN])


def decision_line(revision: Revision) -> str:
    """Replicas per cluster, in one line. Pure."""
    totals = dict.fromkeys(sorted(revision.clusters), 0)
    for counts in revision.replicas.values():
        for name, count in counts.items():
            totals[name] = totals.get(name, 0) + count
    shown = [f"{name} {count}" for name, count in list(totals.items())[:CLUSTERS_SHOWN]]
    more = len(totals) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else [])])


def encode(revision: Revision) -> tuple[bytes, ...]:
    """The chunks of a revision; each manifest once, however many clusters share it. Pure."""
    manifests: dict[str, Manifest] = {}
    clusters: dict[str, list[str]] = {}
    for name, items in revision.rendered.items():
        keys = [digest(item)[:20] for item in items]
        clusters[name] = keys
        manifests.update(zip(keys, items, strict=False))
    document = {
        "schemaVersion": 1,
        "revision": revision.number,
        "namespace": revision.namespace,
        "objects": list(revision.objects),
        "placement": dict(revision.placement),
        "overrides": [dict(rule) for rule in revision.overrides],
        "variants": revision.variants.to_dict(),
        "fetched": list(revision.fetched),
        "replicas": {str(key): dict(value) for key, value in revision.replicas.items()},
        "clusters": list(revision.clusters),
        "decision": dict(revision.decision),
        "rendered": {"manifests": manifests, "clusters": clusters},
        "sourceDigest": revision.source_digest,
    }
    data = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=6, mtime=0)
    return tuple(data[start : start + CHUNK] for start in range(0, len(data), CHUNK))


def decode(chunks: tuple[bytes, ...]) -> Revision:
    """The reverse of :func:`encode`. Pure."""
    document = json.loads(gzip.decompress(b"".join(chunks)))
    manifests = document["rendered"]["manifests"]
    return Revision(
        number=document["revision"],
        namespace=document["namespace"],
        objects=tuple(document["objects"]),
        placement=document["placement"],
        overrides=tuple(document.get("overrides") or ()),
        variants=Variants.from_dict(document.get("variants") or {}),
        fetched=tuple(document.get("fetched") or ()),
        replicas={Identity.parse(key): value for key, value in document["replicas"].items()},
        clusters=tuple(document["clusters"]),
        decision=document["decision"],
        rendered={
            name: tuple(manifests[key] for key in keys) for name, keys in document["rendered"]["clusters"].items()
        },
        source_digest=document["sourceDigest"],
    )


def history(hub: Hub, tenant: str, application: str) -> tuple[Head, ...]:
    """All revisions, newest first, without their content."""
    found = hub.session.request(
        "GET",
        SECRETS.path(tenant),
        query={"labelSelector": f"{APPLICATION_LABEL}={application},{_REVISION}"},
        accept=METADATA_ONLY,
        subject=f"revisions of {tenant}/{application}",
    )
    chunks: dict[int, int] = {}
    heads: dict[int, Head] = {}
    for item in found.get("items") or []:
        labels = item["metadata"].get("labels") or {}
        number = int(labels[_REVISION])
        chunks[number] = chunks.get(number, 0) + 1
        if labels.get(_CHUNK) == "0":
            heads[number] = _head(item["metadata"], number)
    return tuple(
        replace(heads[number], complete=chunks[number] == heads[number].chunks)
        for number in sorted(heads, reverse=True)
    )


def load(hub: Hub, tenant: str, application: str, number: int) -> Revision:
    """One revision with its content.

    :raises NotFoundError: there is none of that number, or it was not written completely.
    """
    first = hub.session.get(SECRETS, _name(application, number, 0), tenant)
    if first is None:
        raise _no_revision(tenant, application, number)
    head = _head(first["metadata"], number)
    parts = [first]
    for chunk in range(1, head.chunks):
        part = hub.session.get(SECRETS, _name(application, number, chunk), tenant)
        if part is None:
            raise _no_revision(tenant, application, number)
        parts.append(part)
    revision = decode(tuple(base64.b64decode(part["data"]["revision"]) for part in parts))
    return replace(revision, author=head.author, created=head.created, note=head.note, state=head.state)


def claim(hub: Hub, tenant: str, application: str, revision: Revision) -> None:
    """Write a revision as pending. Its first chunk is the claim.

    :raises ConflictError: somebody else claimed this number.
    """
    chunks = encode(revision)
    for index, chunk in enumerate(chunks):
        try:
            hub.session.create(SECRETS, _secret(tenant, application, revision, index, len(chunks), chunk))
        except ConflictError as error:
            raise ConflictError(
                f"revision {revision.number} exists already: another play works on the application",
                code=409,
                cluster=hub.session.cluster,
                object=f"Application {tenant}/{application}",
                next_step="Let it finish, then run this one again",
            ) from error


def mark(hub: Hub, tenant: str, application: str, number: int, state: RevisionState) -> None:
    """Say where a revision stands."""
    body = {"metadata": {"labels": {_STATE: state.value}}}
    hub.session.patch(SECRETS, _name(application, number, 0), body, tenant, patch_type=PatchType.MERGE)


def forget(hub: Hub, tenant: str, application: str, heads: tuple[Head, ...]) -> None:
    """Delete revisions; those of an application that is removed."""
    for head in heads:
        for chunk in reversed(range(head.chunks)):
            hub.session.delete(SECRETS, _name(application, head.number, chunk), tenant)


def _secret(tenant: str, application: str, revision: Revision, index: int, total: int, chunk: bytes) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": TYPE,
        "metadata": {
            "name": _name(application, revision.number, index),
            "namespace": tenant,
            "labels": {
                APPLICATION_LABEL: application,
                _REVISION: str(revision.number),
                _CHUNK: str(index),
                _CHUNKS: str(total),
                _STATE: revision.state.value,
                "app.kubernetes.io/managed-by": "navarch",
            },
            "annotations": {
                _DIGEST: revision.digest,
                _CREATED: revision.created,
                _AUTHOR: revision.author,
                _NOTE: revision.note[:500],
                _CLUSTERS: decision_line(revision),
                _IMAGES: ",".join(images_of(revision)),
                f"{PREFIX}schema-version": "1",
            },
        },
        "data": {"revision": base64.b64encode(chunk).decode()},
    }


def _head(metadata: Mapping[str, Any], number: int) -> Head:
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    return Head(
        number=number,
        state=RevisionState(labels.get(_STATE) or RevisionState.PENDING.value),
        digest=annotations.get(_DIGEST) or "",
        created=annotations.get(_CREATED) or "",
        author=annotations.get(_AUTHOR) or "",
        note=annotations.get(_NOTE) or "",
        clusters=annotations.get(_CLUSTERS) or "",
        images=tuple(filter(None, (annotations.get(_IMAGES) or "").split(","))),
        chunks=int(labels.get(_CHUNKS) or 1),
        complete=True,
    )


def _name(application: str, number: int, chunk: int) -> str:
    return f"{application}-v{number}-{chunk}"


def _no_revision(tenant: str, application: str, number: int) -> FleetError:
    missing: ApiError = NotFoundError(
        f"there is no revision {number}, or it was not written completely",
        code=404,
        cluster="hub",
        object=f"Application {tenant}/{application}",
        next_step="Apply the application again",
    )
    return missing
