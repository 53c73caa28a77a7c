# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One change of a host at a time.

A play that was killed leaves its module running on the host to its end; the next play waits for that end here, and then sees
a host that nobody else changes. The lock is inherited by the programs that a module starts. How many changes failed while they held
it stands in its file, so that whoever waits for what one of them was to bring need not wait to the end.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator

from .errors import NodeError

_FILE = "/run/lock/navarch"
_PAUSE = 0.5
_LONGEST = 20
"""Bytes of the number in the file."""


@contextlib.contextmanager
def host_lock(patience: float, *, exclusive: bool) -> Iterator[None]:
    """Hold the lock of this host; waits up to `patience` seconds for whoever has it. What goes wrong under an exclusive one is counted."""
    descriptor = os.open(_FILE, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    os.set_inheritable(descriptor, True)
    try:
        _acquire(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, patience)
        try:
            yield
        except (NodeError, OSError):
            if exclusive:
                _write(descriptor, _read(descriptor) + 1)
            raise
    finally:
        os.close(descriptor)


def failures() -> int:
    """How many changes of this host failed since it started."""
    try:
        descriptor = os.open(_FILE, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return 0
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> int:
    text = os.pread(descriptor, _LONGEST, 0).strip()
    return int(text) if text.isdigit() else 0


def _write(descriptor: int, number: int) -> None:
    os.pwrite(descriptor, b"%d\n" % number, 0)


def _acquire(descriptor: int, kind: int, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        else:
            return
        if time.monotonic() >= end:
            raise NodeError(
                f"Another run has been changing this host for more than {patience:.0f} s.",
                f"See who holds {_FILE} (`fuser {_FILE}`), or run again later.",
            )
        time.sleep(_PAUSE)
