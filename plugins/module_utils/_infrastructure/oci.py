# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of container images in the OCI image layout, as containerd and others import them.

https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .receipts import sha256_of
from .releases import Machine

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Content:
    """What is in an image of one layer, and how it starts."""

    entrypoint: tuple[str, ...]
    files: Mapping[str, Path]
    """Path in the image to the file on this machine; all are executable."""
    folders: tuple[str, ...] = ()
    """Empty folders beside those that the files need."""
    user: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Path in the image to what is written there."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob and what a manifest says of it."""

    media_type: str
    digest: str
    """`sha256:` and 64 hexadecimal digits."""
    path: Path

    @property
    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.path.stat().st_size}


def build(archive: Path, reference: str, content: Content, machine: Machine, place: Path) -> None:
    """Write an image of one layer that is made of files; the same files give the same bytes."""
    layer_path = place / "layer.tar"
    _write_layer(layer_path, content)
    layer = Blob(_LAYER, f"sha256:{sha256_of(layer_path)}", layer_path)
    config = _document(
        place / "config.json",
        _CONFIG,
        {
            "architecture": machine.architecture,
            "os": machine.system,
            "config": {
                "Entrypoint": list(content.entrypoint),
                "Env": [_PATH],
                **({"User": content.user} if content.user else {}),
            },
            # Uncompressed, so that the layer is its own content.
            "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
        },
    )
    manifest = _document(
        place / "manifest.json",
        _MANIFEST,
        {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config.descriptor, "layers": [layer.descriptor]},
    )
    pack(archive, reference, manifest, [config, layer])


def pack(archive: Path, reference: str, manifest: Blob, blobs: Sequence[Blob]) -> None:
    """Write one image's manifest, and the blobs that it names, as an archive."""
    named = {
        **manifest.descriptor,
        "annotations": {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        },
    }
    with tarfile.open(archive, "w") as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [named]}).encode())
        for digest, path in {blob.digest: blob.path for blob in (manifest, *blobs)}.items():
            entry = tarfile.TarInfo(f"blobs/{digest.replace(':', '/')}")
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as stream:
                tar.addfile(entry, stream)


def _write_layer(path: Path, content: Content) -> None:
    folders = {parent for file in (*content.files, *content.texts) for parent in PurePosixPath(file).parents} | {
        folder for name in content.folders for folder in (PurePosixPath(name), *PurePosixPath(name).parents)
    }
    with tarfile.open(path, "w") as tar:
        for folder in sorted(str(folder).lstrip("/") for folder in folders):
            if folder:
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
                tar.addfile(entry)
        for name, source in sorted(content.files.items()):
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.size, entry.mode = source.stat().st_size, 0o755
            with source.open("rb") as stream:
                tar.addfile(entry, stream)
        for name, text in sorted(content.texts.items()):
            _add(tar, name.lstrip("/"), text.encode())


def _document(path: Path, media_type: str, content: Mapping[str, object]) -> Blob:
    text = json.dumps(content, sort_keys=True).encode()
    path.write_bytes(text)
    return Blob(media_type, f"sha256:{hashlib.sha256(text).hexdigest()}", path)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))
