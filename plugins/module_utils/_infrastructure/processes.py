# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a lab: found by what they run, never by a name alone, and ended by pid.

A pid file says who was started, not who lives: after a reboot the number may belong to anybody.
A process is ours when its first argument is a binary inside one of our cluster folders.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One living process of one cluster."""

    pid: int
    cluster: str
    component: str
    frozen: bool
    """Stopped by SIGSTOP: it exists, holds its port and answers nobody."""


def find(clusters: Path) -> tuple[Process, ...]:
    """Every living process whose binary is `<clusters>/<cluster>/bin/<component>`."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            process = _read(entry, clusters)
            if process is not None:
                found.append(process)
    return tuple(sorted(found, key=lambda process: (process.cluster, process.component, process.pid)))


def callers(program: str, variable: str) -> tuple[int, ...]:
    """Processes of this program that have this `NAME=value` in their environment."""
    wanted = os.fsencode(variable)
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                name = (entry / "cmdline").read_bytes().split(b"\0", 1)[0].rpartition(b"/")[2]
                if os.fsdecode(name) == program and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return tuple(found)


def kill(pid: int) -> None:
    """End one process at once."""
    _signal({pid}, signal.SIGKILL)


def end(processes: Iterable[Process], clusters: Path, *, grace: float) -> None:
    """End these processes: SIGTERM, and SIGKILL for those that outlive `grace` seconds (0: at once)."""
    remaining = {process.pid for process in processes}
    if grace > 0:
        _signal(remaining, signal.SIGTERM)
        remaining = _wait(remaining, clusters, grace)
    _signal(remaining, signal.SIGKILL)
    _wait(remaining, clusters, 10)


def is_dead(pid: int) -> bool:
    """Whether no process has this number any more, or only its parent's memory of it."""
    try:
        return _state(_PROC / str(pid)) in ("Z", "X")
    except (OSError, IndexError):
        return True


def send(process: Process, number: signal.Signals) -> None:
    """Send one signal to one process; a process that is gone already is no error."""
    _signal({process.pid}, number)


def _read(entry: Path, clusters: Path) -> Process | None:
    # A zombie has an empty command line, so it is not found: right, it is dead.
    try:
        argument = (entry / "cmdline").read_bytes().split(b"\0", 1)[0]
        binary = Path(os.fsdecode(argument))
        if binary.parent.name != "bin" or binary.parent.parent.parent != clusters:
            return None
        state = _state(entry)
    except (OSError, IndexError):
        return None
    return Process(int(entry.name), binary.parent.parent.name, binary.name, state in ("T", "t"))


def _state(entry: Path) -> str:
    return (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(pids: set[int], clusters: Path, seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    while pids and time.monotonic() < deadline:
        time.sleep(0.05)
        pids = pids & {process.pid for process in find(clusters)}
    return pids
