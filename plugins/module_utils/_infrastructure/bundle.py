# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One archive with all that hosts of a distribution need to be nodes of a version; written here, and opened elsewhere.

`bundle.json` comes first and lists the contents, `SHA256SUMS` comes last and has the checksum of every other file: a bundle that was
cut short lacks it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from .errors import InfrastructureError
from .files import locked
from .receipts import sha256_of

Say = Callable[[str], None]

SCHEMA_VERSION = 1
CONTENTS = "bundle.json"
CHECKSUMS = "SHA256SUMS"
PACKAGES = "packages.tar"
"""Beside the unpacked files: the packages in one archive, which is a flat repository."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a bundle."""

    path: str
    """In the bundle."""
    kind: str
    """`binary`, `image` or `package`."""
    sha256: str
    size: int
    """Bytes."""
    target: str = ""
    """Where a binary belongs on a host."""
    references: tuple[str, ...] = ()
    """The names of the images in an archive."""
    control_plane: bool = False
    """Whether only control planes need it."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle says of itself."""

    kubernetes_version: str
    distribution: str
    """`debian-12-amd64`; empty where the bundle has no packages."""
    machine: str
    """`linux-amd64`."""
    versions: Mapping[str, str]
    """By product."""
    entries: tuple[Entry, ...]

    def of(self, kind: str) -> list[Entry]:
        """The files of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def to_dict(self) -> dict[str, object]:
        return {"schemaVersion": SCHEMA_VERSION, **asdict(self)}

    @staticmethod
    def from_dict(document: Mapping[str, object]) -> Contents:
        """Read it; a :class:`KeyError`, :class:`TypeError` or :class:`ValueError` where it is something else."""
        entries, versions = document["entries"], document["versions"]
        if document["schemaVersion"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {document['schemaVersion']}")
        if not isinstance(entries, list) or not isinstance(versions, dict):
            raise TypeError("entries is no list, or versions no dictionary")
        return Contents(
            str(document["kubernetes_version"]),
            str(document["distribution"]),
            str(document["machine"]),
            versions,
            tuple(Entry(**{**entry, "references": tuple(entry["references"])}) for entry in entries),
        )


class BundleError(InfrastructureError):
    """A bundle that is not what was written."""


def write(path: Path, contents: Contents, sources: Mapping[str, Path], say: Say) -> str:
    """Write a bundle; `sources` has the file of each entry's path. Returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    described = json.dumps(contents.to_dict(), indent=2, sort_keys=True).encode()
    sums = [
        (hashlib.sha256(described).hexdigest(), CONTENTS),
        *((entry.sha256, entry.path) for entry in contents.entries),
    ]
    say(f"writing {path}: {len(contents.entries)} files, {sum(entry.size for entry in contents.entries) >> 20} MB")
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as tar:
            _add(tar, CONTENTS, described)
            for entry in contents.entries:
                _add_file(tar, entry, sources[entry.path])
            _add(tar, CHECKSUMS, "".join(f"{digest}  {name}\n" for digest, name in sums).encode())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
    return sha256_of(path)


def describe(path: Path) -> Contents:
    """What a bundle says of itself, without looking at the rest."""
    with _opened(path) as tar:
        return _contents(path, tar)


def written(path: Path) -> Contents | None:
    """What the bundle that is there says of itself, if it has its end; what is in it is checked when it is used."""
    try:
        with _opened(path) as tar:
            contents = _contents(path, tar)
            return contents if any(member.name == CHECKSUMS for member in _members(path, tar)) else None
    except BundleError:
        return None


def unpack(path: Path, sha256: str, cache: Path, say: Say) -> tuple[Contents, Path]:
    """The contents and the folder that holds the files, each of them checked.

    `sha256` is the whole bundle's, if it is known. What was unpacked before, and not changed since, is there already.
    """
    with _opened(path):
        status = path.stat()
    if sha256 and (actual := sha256_of(path)) != sha256:
        raise BundleError(f"{path} has SHA-256 {actual}, but {sha256} is expected.", next_step=_AGAIN)
    key = hashlib.sha256(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]
    folder = cache / "bundles" / key
    with locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            say(f"checking and unpacking {path}")
            _unpack(path, folder)
    return Contents.from_dict(json.loads((folder / CONTENTS).read_text(encoding="utf-8"))), folder


def _unpack(path: Path, folder: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        with _opened(path) as tar:
            contents = _contents(path, tar)
            (place / CONTENTS).write_text(json.dumps(contents.to_dict()), encoding="utf-8")
            expected = {entry.path: entry for entry in contents.entries}
            for member in _members(path, tar):
                if member.name == CHECKSUMS:
                    break
                _take(path, tar, member, expected.pop(member.name, None), place)
            else:
                raise _cut_short(path)
            if expected:
                raise BundleError(f"{path} lacks {', '.join(sorted(expected)[:3])}.", next_step=_AGAIN)
        _pack_packages(contents, place)
        place.chmod(0o755)
        place.replace(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


_AGAIN = "Nothing of it was used. Copy the bundle again, or make it anew; compare its SHA-256 with what was shown when it was made."


def _pack_packages(contents: Contents, place: Path) -> None:
    """What a host gets of them is one file."""
    packages = contents.of("package")
    if packages:
        with tarfile.open(place / PACKAGES, "w") as tar:
            for entry in packages:
                tar.add(place / entry.path, PurePosixPath(entry.path).name, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _take(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry | None, place: Path) -> None:
    if entry is None or not member.isfile() or ".." in PurePosixPath(member.name).parts:
        raise BundleError(f"{path} holds {member.name}, which its list of contents does not name.", next_step=_AGAIN)
    target = place / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    stream = tar.extractfile(member)
    with target.open("wb") as file:
        try:
            while stream and (block := stream.read(_BLOCK)):
                digest.update(block)
                file.write(block)
        except (tarfile.TarError, EOFError, OSError):
            raise _cut_short(path) from None
    if digest.hexdigest() != entry.sha256:
        if target.stat().st_size < entry.size:
            raise _cut_short(path)
        raise BundleError(
            f"{path} was altered: {entry.path} has SHA-256 {digest.hexdigest()}, but {entry.sha256} is listed.",
            next_step=_AGAIN,
        )
    target.chmod(0o755 if entry.kind == "binary" else 0o644)


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode="r:")
    except FileNotFoundError:
        raise BundleError(f"There is no bundle {path}.") from None
    except (tarfile.TarError, EOFError):
        raise BundleError(f"{path} is no bundle.", next_step=_AGAIN) from None


def _contents(path: Path, tar: tarfile.TarFile) -> Contents:
    member = next(_members(path, tar), None)
    stream = tar.extractfile(member) if member and member.name == CONTENTS else None
    if stream is None:
        raise BundleError(f"{path} is no bundle: it does not begin with {CONTENTS}.")
    try:
        return Contents.from_dict(json.loads(stream.read()))
    except (tarfile.TarError, EOFError, OSError):
        raise _cut_short(path) from None
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path} is no bundle that this version understands: {error}.") from None


def _members(path: Path, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while True:
        try:
            member = tar.next()
        except (tarfile.TarError, EOFError, OSError):
            raise _cut_short(path) from None
        if member is None:
            return
        yield member


def _cut_short(path: Path) -> BundleError:
    return BundleError(f"{path} was cut short.", next_step=_AGAIN)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


def _add_file(tar: tarfile.TarFile, entry: Entry, source: Path) -> None:
    member = tarfile.TarInfo(entry.path)
    member.size, member.mode = entry.size, 0o755 if entry.kind == "binary" else 0o644
    with source.open("rb") as stream:
        tar.addfile(member, stream)
