"""The lab's processes: started as leaders of groups of their own, known by pid files, ended by pid."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .installing import LabError
from .places import ADDRESS, Lab

# Answers that show a living API: some want a token, some offer several versions.
ALIVE = frozenset({200, 300, 401})
# A process that works is waited for, however slow the machine is; one that does nothing is given up after a while.
IDLE, AT_MOST = 60.0, 1800.0
WORK = 0.3
# Columns of /proc/PID/stat, counted from the process's state; times are those of the process and of children it waited for.
STATE, SESSION, TIMES, START = 0, 3, (11, 12, 13, 14), 19


def spawn(lab: Lab, name: str, words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
    """Start a process unless it runs."""
    if alive(lab, name):
        return
    with (lab.log / f"{name}.out").open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in words],
            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (lab.run / f"{name}.pid").write_text(f"{child.pid} {_stat(child.pid)[START]}", encoding="ascii")


def alive(lab: Lab, name: str) -> bool:
    return _pid(lab, name) is not None


def names(lab: Lab) -> list[str]:
    """Processes that were started."""
    return sorted(file.stem for file in lab.run.glob("*.pid"))


def halt(lab: Lab, name: str, grace: float) -> None:
    """End a process: SIGTERM, and after `grace` seconds SIGKILL for its whole group."""
    pid = _pid(lab, name)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and alive(lab, name):
            time.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    (lab.run / f"{name}.pid").unlink(missing_ok=True)


def wait_for(lab: Lab, name: str, ready: Callable[[], bool]) -> None:
    """Wait until a process is ready; one that died, or that works no more, is told at once."""
    began = moved = time.monotonic()
    spent = 0.0
    while not ready():
        pid, now = _pid(lab, name), time.monotonic()
        if pid is None:
            raise LabError(f"{name} died, see {lab.log / name}.out")
        used = _seconds_of_cpu(pid)
        if used > spent + WORK:
            moved, spent = now, used
        if now > moved + IDLE or now > began + AT_MOST:
            raise LabError(f"{name} is not ready after {now - began:.0f} s, see {lab.log / name}.out")
        time.sleep(0.1)


def listens(port: int) -> bool:
    try:
        with socket.create_connection((ADDRESS, port), timeout=1):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status in ALIVE
    except urllib.error.HTTPError as error:
        return error.code in ALIVE
    except OSError:
        return False


def _pid(lab: Lab, name: str) -> int | None:
    """The living process of this name; its number may belong to somebody else by now, but not with the same beginning."""
    try:
        pid, start = (lab.run / f"{name}.pid").read_text(encoding="ascii").split()
        stat = _stat(int(pid))
    except (OSError, ValueError, IndexError):
        return None
    # A child of ours that ended is a zombie until somebody asks.
    return int(pid) if stat[START] == start and stat[STATE] != "Z" else None


def _seconds_of_cpu(leader: int) -> float:
    """What a process and its children have used since they began."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                stat = _stat(int(entry.name))
                if stat[SESSION] == str(leader):
                    ticks += sum(int(stat[column]) for column in TIMES)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Columns of /proc/PID/stat after the program's name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
