"""Docker on this machine: there, or made to be there, or a reason why it can't be."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]

PACKAGES = ("docker.io", "debootstrap", "iptables", "nftables", "openssh-client")
_PROGRAMS = ("dockerd", "docker", "debootstrap", "iptables", "nft", "ssh-keygen")
_START = 30.0
_ROOM = {
    Path("/proc/sys/fs/inotify/max_user_instances"): 8192,
    # The part of the tree that Docker made for its containers.
    Path("/sys/fs/cgroup/cpu/docker/cpu.shares"): 20480,
}


class UnavailableError(Exception):
    """Docker cannot run here; the text says why."""


def ensure(folder: Path, say: Say) -> None:
    """Have a Docker daemon answer, and what images and networks are made with; `folder` takes the log of one that is started here."""
    if os.geteuid() != 0:
        raise UnavailableError("only root can make the image and the networks of hosts")
    if any(shutil.which(program) is None for program in _PROGRAMS):
        _install(say)
    if not answers():
        _start(folder, say)


def answers() -> bool:
    """Whether a daemon is there."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def make_room() -> None:
    """Have this machine hold many systems: each systemd and kubelet watches files, and all their watchers are root's.

    The scheduler takes all containers together for one process; hosts are more.
    """
    for file, least in _ROOM.items():
        with contextlib.suppress(OSError):
            if int(file.read_text(encoding="utf-8")) < least:
                file.write_text(str(least), encoding="utf-8")


def end(folder: Path, say: Say) -> None:
    """End the daemon that was started with this folder, unless somebody's containers run in it."""
    file = folder / "dockerd.pid"
    if not file.exists():
        return
    process = int(file.read_text(encoding="utf-8"))
    if not answers() or "dockerd" not in _command(process):
        return
    if docker("ps", "--quiet"):
        say("dockerd is left running: there are containers in it")
        return
    os.kill(process, signal.SIGTERM)
    say("dockerd ended")


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""


def docker(*words: str, given: str | None = None) -> str:
    """What the client prints; its own words are the error."""
    done = subprocess.run(["docker", *words], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"docker {' '.join(words[:2])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _install(say: Say) -> None:
    if shutil.which("apt-get") is None or not Path("/etc/debian_version").exists():
        raise UnavailableError("Docker is not installed, and this is no Debian on which it could be")
    say(f"installing {', '.join(PACKAGES)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-q"), ("install", "-q", "-y", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnavailableError(f"apt-get {words[0]} failed: {done.stderr.strip()[-300:]}")


def _start(folder: Path, say: Say) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "dockerd.log"
    say(f"starting dockerd; it stays, and its log is {log}")
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    (folder / "dockerd.pid").write_text(str(daemon.pid), encoding="utf-8")
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if answers():
            return
        if daemon.poll() is not None:
            break
        time.sleep(0.5)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    raise UnavailableError(f"dockerd does not run: {lines[-1] if lines else 'it says nothing'} ({log})")
