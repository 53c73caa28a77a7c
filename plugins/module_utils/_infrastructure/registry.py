# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pulling an image from a registry into an archive; each part is what its digest says.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import download, oci
from .errors import InfrastructureError
from .releases import Machine

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of a registry, and how to ask it."""

    address: str
    """Of the registry, with scheme."""
    name: str
    patience: float
    """Seconds."""
    headers: Mapping[str, str]

    def url(self, kind: str, what: str) -> str:
        return f"{self.address.rstrip('/')}/v2/{self.name}/{kind}/{what}"


def pull(
    archive: Path, reference: str, repository: Repository, tag: str, machine: Machine, say: Callable[[str], None]
) -> None:
    """Write the image for one kind of machine to an archive that names it `reference`. Parts lie beside it meanwhile."""
    place = archive.parent
    manifest, text, repository = _manifest(repository, tag, machine)
    parts = list(_parts(manifest, reference))
    say(f"{reference}: pulling {sum(part.size for part in parts) >> 20} MB")
    with ThreadPoolExecutor(max_workers=4) as pool:
        blobs = list(pool.map(lambda part: _blob(repository, part, place, say), parts))
    path = place / "manifest"
    path.write_bytes(text)
    media_type = str(manifest.get("mediaType") or _MANIFESTS[0])
    oci.pack(archive, reference, oci.Blob(media_type, _digest(text), path), blobs)


@dataclass(frozen=True, slots=True)
class _Part:
    media_type: str
    digest: str
    size: int


def _manifest(repository: Repository, tag: str, machine: Machine) -> tuple[dict[str, object], bytes, Repository]:
    """The manifest for the machine, as read and as it came; and the repository with what it wants to hear from us."""
    text, repository = _ask(repository, "manifests", tag)
    document = _read(text, repository, tag)
    if document.get("mediaType") not in _INDEXES and "manifests" not in document:
        return document, text, repository
    digest = _for_machine(document, machine)
    if digest is None:
        raise InfrastructureError(f"{repository.url('manifests', tag)} has no image for {machine}.")
    text, repository = _ask(repository, "manifests", digest)
    if _digest(text) != digest:
        raise download.ChecksumError(f"{repository.url('manifests', digest)} is {_digest(text)}.")
    return _read(text, repository, digest), text, repository


def _ask(repository: Repository, kind: str, what: str) -> tuple[bytes, Repository]:
    accept = {"Accept": ", ".join((*_INDEXES, *_MANIFESTS))}
    url = repository.url(kind, what)
    try:
        return download.answer(url, {**repository.headers, **accept}, repository.patience), repository
    except download.RefusedError as refused:
        if refused.status != 401 or repository.headers:
            raise
        admitted = _admitted(repository, refused.headers)
    return download.answer(url, {**admitted.headers, **accept}, admitted.patience), admitted


def _admitted(repository: Repository, headers: Mapping[str, str]) -> Repository:
    """Ask for the token that everybody gets, where the registry says that one is needed."""
    challenge = headers.get("WWW-Authenticate") or ""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not challenge.lower().startswith("bearer ") or not realm:
        raise download.UnreachableError(f"{repository.address} wants credentials")
    answer = download.answer(f"{realm}?{urllib.parse.urlencode(fields)}", {}, repository.patience)
    document = _read(answer, repository, "token")
    token = document.get("token") or document.get("access_token")
    return Repository(repository.address, repository.name, repository.patience, {"Authorization": f"Bearer {token}"})


def _for_machine(index: Mapping[str, object], machine: Machine) -> str | None:
    entries = index.get("manifests")
    for entry in entries if isinstance(entries, list) else []:
        platform = entry.get("platform") or {}
        if (platform.get("os"), platform.get("architecture")) == (machine.system, machine.architecture):
            return str(entry["digest"])
    return None


def _parts(manifest: Mapping[str, object], reference: str) -> Iterator[_Part]:
    config, layers = manifest.get("config"), manifest.get("layers")
    if not isinstance(config, dict) or not isinstance(layers, list):
        raise InfrastructureError(f"{reference}: what the registry gave is no manifest of an image.")
    for entry in (config, *layers):
        digest = str(entry.get("digest"))
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            raise InfrastructureError(f"{reference}: a part has digest {digest!r}, which is not understood.")
        yield _Part(str(entry.get("mediaType")), digest, int(entry.get("size") or 0))


def _blob(repository: Repository, part: _Part, place: Path, say: Callable[[str], None]) -> oci.Blob:
    path = place / part.digest.replace(":", "-")
    url = repository.url("blobs", part.digest)
    actual = f"sha256:{download.save(url, repository.headers, path, say)}"
    if actual != part.digest:
        raise download.ChecksumError(
            f"{url} is {actual}.",
            next_step="Nothing was kept. Try again; if it stays so, the registry holds a damaged image.",
        )
    return oci.Blob(part.media_type, part.digest, path)


def _read(text: bytes, repository: Repository, what: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise download.UnreachableError(f"{repository.address}: what it says of {what} is not understood")
    return document


def _digest(text: bytes) -> str:
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
