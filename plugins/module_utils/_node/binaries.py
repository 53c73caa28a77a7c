# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs from outside the distribution, recognised by the checksum of what their publisher offers."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

from . import files
from .errors import NodeError
from .steps import Step

TOPIC = "binaries"
_DOWNLOADS = "/var/lib/navarch/downloads"
_RECEIPTS = "/var/lib/navarch/binaries.json"
_CHUNK = 1 << 20
_TRIES = 4


@dataclass(frozen=True)
class Binary:
    """A program, and where it can be had."""

    path: str
    sha256: str
    """Of the file that is fetched."""
    url: str
    """Empty: the controller brings it."""
    member: str
    """Path inside the archive that is fetched; empty: the file is the program."""
    mode: int

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Binary:
        return cls(
            path=given["path"],
            sha256=given["sha256"],
            url=given.get("url") or "",
            member=given.get("member") or "",
            mode=int(given.get("mode") or "0755", 8),
        )


@dataclass(frozen=True)
class Access:
    """How files come to this host."""

    incoming: str
    """Folder in which the controller put what this host can't fetch; each file is named by its SHA-256. May be empty."""
    patience: float
    """Seconds without an answer after which a download is given up."""


@dataclass(frozen=True)
class Receipt:
    """What a program was when it was installed."""

    source: str
    """SHA-256 of what was fetched, and the member."""
    size: int
    modified: int
    inode: int


def observe(binaries: Sequence[Binary]) -> dict[str, str]:
    """For each program that is as it was installed, from what it was installed."""
    receipts = _receipts()
    return {
        binary.path: source for binary in binaries if (source := _source(binary, receipts.get(binary.path))) is not None
    }


def plan(binaries: Sequence[Binary], found: Mapping[str, str]) -> list[Step]:
    """What has to be installed."""
    steps = []
    for binary in binaries:
        there = found.get(binary.path, "")
        if there != origin(binary):
            reason = "another version is there" if os.path.exists(binary.path) else "it is missing"
            steps.append(
                Step(TOPIC, "install", binary.path, reason, there and f"sha256 {there}", f"sha256 {origin(binary)}")
            )
    return steps


def act(steps: Sequence[Step], binaries: Mapping[str, Binary], access: Access) -> None:
    """Install the programs of these steps; an archive that several of them come from is fetched once."""
    wanted = [binaries[step.subject] for step in steps]
    for digest in dict.fromkeys(binary.sha256 for binary in wanted):
        group = [binary for binary in wanted if binary.sha256 == digest]
        with fetched(digest, group[0].url, access) as file:
            for binary in group:
                _install(file, binary)


@contextlib.contextmanager
def fetched(digest: str, url: str, access: Access) -> Iterator[str]:
    """The path of a file with this checksum: brought by the controller, on a disk of this host, or downloaded."""
    brought = os.path.join(access.incoming, digest) if access.incoming else ""
    if brought and os.path.exists(brought):
        _expect(sha256(brought), digest, "What the controller brought")
        yield brought
    elif not url:
        raise NodeError(f"The controller did not bring the file with checksum {digest[:12]}….", "Run the play again.")
    elif url.startswith("file://"):
        path = url[len("file://") :]
        if not os.path.exists(path):
            raise NodeError(f"{url} is not on this host.", "Complete the mirror, or name another one.")
        _expect(sha256(path), digest, url)
        yield path
    else:
        with _downloaded(url, digest, access.patience) as path:
            yield path


def origin(binary: Binary) -> str:
    """What a program was made from, as its receipt says it."""
    return f"{binary.sha256}:{binary.member}" if binary.member else binary.sha256


def sha256(path: str) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if not chunk:
                return digest.hexdigest()
            digest.update(chunk)


def _source(binary: Binary, receipt: Receipt | None) -> str | None:
    """What the program at this path was made from, if it is known and the program was not touched since."""
    try:
        status = os.stat(binary.path)
    except OSError:
        return None
    if status.st_mode & 0o777 != binary.mode:
        return None
    if receipt and (status.st_size, status.st_mtime_ns, status.st_ino) == (
        receipt.size,
        receipt.modified,
        receipt.inode,
    ):
        return receipt.source
    # Somebody else put it there, or moved it: its content may still be what is asked for.
    return None if binary.member else sha256(binary.path)


def _install(file: str, binary: Binary) -> None:
    folder = os.path.dirname(binary.path)
    os.makedirs(folder, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".navarch-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as target:
            _copy(file, binary, target)
            os.fchmod(target.fileno(), binary.mode)
        os.replace(name, binary.path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    status = os.stat(binary.path)
    receipt = Receipt(origin(binary), status.st_size, status.st_mtime_ns, status.st_ino)
    receipts = {**_receipts(), binary.path: receipt}
    files.write(_RECEIPTS, json.dumps({path: asdict(each) for path, each in receipts.items()}, indent=1), 0o644)


def _copy(file: str, binary: Binary, target: IO[bytes]) -> None:
    if not binary.member:
        with open(file, "rb") as source:
            shutil.copyfileobj(source, target, _CHUNK)
        return
    with tarfile.open(file) as archive:
        try:
            member = archive.extractfile(binary.member)
        except KeyError:
            member = None
        if member is None:
            raise NodeError(f"The archive with checksum {binary.sha256[:12]}… holds no {binary.member}.")
        shutil.copyfileobj(member, target, _CHUNK)


def _receipts() -> dict[str, Receipt]:
    try:
        return {path: Receipt(**fields) for path, fields in json.loads(files.read(_RECEIPTS) or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


@contextlib.contextmanager
def _downloaded(url: str, digest: str, patience: float) -> Iterator[str]:
    os.makedirs(_DOWNLOADS, mode=0o700, exist_ok=True)
    path = os.path.join(_DOWNLOADS, f".{digest}")
    try:
        for pause in range(1, _TRIES + 1):
            try:
                _download(url, path, patience)
                break
            except (OSError, http.client.HTTPException) as problem:
                if pause == _TRIES:
                    raise NodeError(
                        f"{url} can't be downloaded: {problem}.", "Name a mirror, or use a bundle."
                    ) from None
                time.sleep(pause)
        _expect(sha256(path), digest, url)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _download(url: str, path: str, patience: float) -> None:
    with urllib.request.build_opener().open(url, timeout=patience) as answer, open(path, "wb") as file:
        shutil.copyfileobj(answer, file, _CHUNK)
        if getattr(answer, "length", None):
            raise OSError(f"the connection ended {answer.length} bytes early")


def _expect(digest: str, wanted: str, url: str) -> None:
    if digest != wanted:
        raise NodeError(
            f"{url} has the checksum {digest}, expected was {wanted}.", "It was changed or damaged: don't use it."
        )
