# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and folders with a given content: observed, planned, written in one move."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .steps import Step

TOPIC = "files"
HIDDEN = "(not shown)"
_LONGEST = 1 << 20


@dataclass(frozen=True)
class File:
    """A file, or a folder where `content` is None, or nothing where `absent`."""

    path: str
    content: str | None
    mode: int
    secret: bool
    """Its content is not shown."""
    absent: bool

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> File:
        content = given.get("content")
        return cls(
            path=given["path"],
            content=content,
            mode=int(given.get("mode") or ("0755" if content is None else "0644"), 8),
            secret=bool(given.get("secret")),
            absent=bool(given.get("absent")),
        )


@dataclass(frozen=True)
class Found:
    """What lies at a path."""

    content: str | None
    """None: a folder, or too long to be one of ours."""
    mode: int
    folder: bool


def observe(files: Sequence[File]) -> dict[str, Found]:
    """What there is, by path; a path that is missing here does not exist."""
    found = {}
    for file in files:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found[file.path] = _found(file.path)
    return found


def plan(files: Sequence[File], found: Mapping[str, Found]) -> list[Step]:
    """What has to be written or removed."""
    steps = (_step(file, found.get(file.path)) for file in files)
    return [step for step in steps if step is not None]


def act(step: Step, files: Mapping[str, File]) -> None:
    """Carry out one step."""
    file = files[step.subject]
    if file.absent:
        remove(file.path)
    elif file.content is None:
        os.makedirs(file.path, exist_ok=True)
        os.chmod(file.path, file.mode)
    else:
        write(file.path, file.content, file.mode)


def write(path: str, content: str, mode: int) -> None:
    """Write a file so that a reader sees the old one or the new one, also after a power cut."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".navarch-", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def in_memory(content: str) -> Iterator[str]:
    """The path of a file that is in memory only, for programs and libraries that read secrets from nothing else.

    It belongs to this process and the programs that it starts: nobody else on the host sees it, other modules that work
    here at the same time have their own, and it goes with the process, however that ends.
    """
    with os.fdopen(os.memfd_create("navarch", 0), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def remove(path: str) -> None:
    """Remove a file or a folder with all that it holds, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def read(path: str) -> str | None:
    """The text of a file, or None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _found(path: str) -> Found:
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        return Found(None, stat.S_IMODE(status.st_mode), True)
    content = read(path) if status.st_size <= _LONGEST else None
    return Found(content, stat.S_IMODE(status.st_mode), False)


def _step(file: File, found: Found | None) -> Step | None:
    before = "" if found is None else _shown(file, found.content, found.mode)
    if file.absent:
        return None if found is None else Step(TOPIC, "remove", file.path, before=before, after="(absent)")
    if found is None:
        return Step(TOPIC, "write", file.path, "it is missing", after=_shown(file, file.content, file.mode))
    if found.content != file.content or found.folder != (file.content is None):
        reason = "its content differs"
    elif found.mode != file.mode:
        reason = f"its mode is {found.mode:04o}"
    else:
        return None
    return Step(TOPIC, "write", file.path, reason, before, _shown(file, file.content, file.mode))


def _shown(file: File, content: str | None, mode: int) -> str:
    text = HIDDEN if file.secret else content or ""
    return f"mode {mode:04o}\n{text}"
