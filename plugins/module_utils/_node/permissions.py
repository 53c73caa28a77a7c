# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What files and folders that exist may be open to at most, and to whom they belong."""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import grp
import os
import pwd
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .commands import run
from .errors import NodeError
from .steps import Step

TOPIC = "permissions"


@dataclass(frozen=True)
class Permission:
    """The most that files may be open to."""

    pattern: str
    """A path; `*` stands for any name."""
    mode: int
    owner: str
    group: str

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Permission:
        owner = given.get("owner") or "root"
        return cls(given["path"], int(given["mode"], 8), owner, given.get("group") or owner)


@dataclass(frozen=True)
class Found:
    """How a file is now."""

    mode: int
    owner: str
    group: str

    def __str__(self) -> str:
        return f"{self.mode:04o} {self.owner}:{self.group}"


def observe(permissions: Sequence[Permission]) -> dict[str, Found]:
    """Files that are there, by path."""
    found = {}
    for path in {path for each in permissions for path in glob.glob(each.pattern)}:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(path, follow_symlinks=False)
            if not stat.S_ISLNK(status.st_mode):
                found[path] = Found(stat.S_IMODE(status.st_mode), user(status.st_uid), group(status.st_gid))
    return found


def plan(permissions: Sequence[Permission], found: Mapping[str, Found]) -> list[Step]:
    """What has to be closed, or given to somebody else. Where two patterns match, the later one counts."""
    wanted = {path: each for each in permissions for path in sorted(found) if _matches(path, each.pattern)}
    steps = (_step(path, each, found[path]) for path, each in wanted.items())
    return [step for step in steps if step is not None]


def act(step: Step) -> None:
    """Carry out one step."""
    mode, _sign, owners = step.after.partition(" ")
    owner, _sign, group = owners.partition(":")
    os.chown(step.subject, _user_number(owner), _group_number(group), follow_symlinks=False)
    os.chmod(step.subject, int(mode, 8))


def _step(path: str, wanted: Permission, found: Found) -> Step | None:
    target = Found(found.mode & wanted.mode, wanted.owner, wanted.group)
    if target == found:
        return None
    return Step(TOPIC, "restrict", path, f"it is {found}", str(found), str(target))


def _matches(path: str, pattern: str) -> bool:
    return os.path.dirname(path) == os.path.dirname(pattern) and fnmatch.fnmatchcase(
        os.path.basename(path), os.path.basename(pattern)
    )


def _user_number(name: str) -> int:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name).pw_uid
    # Somebody who can't log in and owns nothing else.
    run(
        [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ]
    )
    return pwd.getpwnam(name).pw_uid


def _group_number(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise NodeError(f"There is no group {name} on this host.", f"Make it (groupadd --system {name}).") from None


def user(number: int) -> str:
    """The name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group(number: int) -> str:
    """The name of a group, or the number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
