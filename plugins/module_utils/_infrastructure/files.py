# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are written whole or not at all, and locks between runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def write_atomically(path: Path, content: str, mode: int = 0o600) -> None:
    """Replace `path`, so that a reader sees the old content or the new one and never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def holds(path: Path, content: str, mode: int = 0o600) -> bool:
    """Whether `path` is already what `write_atomically` would make it."""
    try:
        return path.stat().st_mode & 0o777 == mode and path.read_text(encoding="utf-8") == content
    except (OSError, UnicodeDecodeError):
        return False


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[float], object] = float) -> Iterator[None]:
    """Hold the lock file `path`; `waiting` hears every second for how long another run has had it."""
    descriptor = _acquire(path, waiting)
    try:
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, waiting: Callable[[float], object]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _try_lock(descriptor) and _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)
        waiting(time.monotonic() - began)
        time.sleep(1)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    # The run that held the lock before us may have removed the file (a lab that was torn down):
    # a lock on a file that nobody else can find guards nothing.
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
