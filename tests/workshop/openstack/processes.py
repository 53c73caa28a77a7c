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

MARKER = "NAVARCH_OPENSTACK_LAB"
# Answers that show a living API: some want a token, some offer several versions.
ALIVE = frozenset({200, 300, 401})
PATIENCE = 300.0


def spawn(lab: Lab, name: str, words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
    """Start a process unless it runs."""
    if alive(lab, name):
        return
    with (lab.log / f"{name}.out").open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in words],
            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {}), MARKER: str(lab.folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (lab.run / f"{name}.pid").write_text(str(child.pid), encoding="ascii")


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
    """Wait until a process is ready; one that died is told at once."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if not alive(lab, name):
            raise LabError(f"{name} died, see {lab.log / name}.out")
        if time.monotonic() > deadline:
            raise LabError(f"{name} is not ready after {PATIENCE:.0f} s, see {lab.log / name}.out")
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
    """The living process of this name; after a reboot its number may belong to somebody else."""
    try:
        pid = int((lab.run / f"{name}.pid").read_text(encoding="ascii"))
        marked = f"{MARKER}={lab.folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        # A child of ours that ended is a zombie until somebody asks.
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return pid if marked and state != "Z" else None


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
