# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the cache that are there whole or not at all: each has a receipt of what it was when it came."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .files import write_atomically


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a file was when it was installed."""

    size: int
    modified: int
    """Nanoseconds since 1970."""
    sha256: str
    source: str


def install(made: Path, target: Path, source: str, mode: int) -> Receipt:
    """Move a finished file to its place."""
    made.chmod(mode)
    status = made.stat()
    receipt = Receipt(status.st_size, status.st_mtime_ns, sha256_of(made), source)
    # The receipt of the file that goes must not vouch for the one that comes.
    _path_of(target).unlink(missing_ok=True)
    made.replace(target)
    write_atomically(_path_of(target), json.dumps(asdict(receipt)), 0o644)
    return receipt


def receipt_of(path: Path) -> Receipt | None:
    """The receipt of a file that has one."""
    try:
        return Receipt(**json.loads(_path_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_whole(path: Path) -> bool:
    """Whether a file is what was installed; its content is read again only where its dates differ."""
    receipt = receipt_of(path)
    try:
        status = path.stat()
    except OSError:
        return False
    if receipt is None or status.st_size != receipt.size:
        return False
    return status.st_mtime_ns == receipt.modified or sha256_of(path) == receipt.sha256


@contextlib.contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, so that a finished file moves in one step. What a killed run left there goes first."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".making-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.receipt")
