"""Programs of the OpenStack lab: two from Debian, the rest from PyPI at exact versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .places import DATA, PACKAGES, Lab

Say = Callable[[str], None]

MARIADB = Path("/usr/sbin/mariadbd")
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
POLICY = Path("/usr/sbin/policy-rc.d")
MARK = "complete"
LOCK_PATIENCE = 300.0


class LabError(Exception):
    """The lab can't be brought up; the text says why and where to look."""


def install(lab: Lab, say: Say) -> None:
    """Have all programs; what is there already is used."""
    if not MARIADB.exists() or not RABBITMQ.exists():
        _install_packages(say)
    if not (lab.venv / MARK).exists():
        _make_venv(lab, say)


def _install_packages(say: Say) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise LabError(
            "mariadb-server and rabbitmq-server are missing, and only root on a Debian can install them here"
        )
    say("installing mariadb-server and rabbitmq-server")
    # The packages must not start anything: this script is what Debian asks before it does.
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        _apt("update", "-q")
        _apt("install", "-q", "-y", "--no-install-recommends", "mariadb-server", "rabbitmq-server")
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        command = ["apt-get", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if "Could not get lock" not in done.stderr or time.monotonic() > deadline:
            raise LabError(f"apt-get {words[0]} failed: {done.stderr.strip()[-300:]}")
        time.sleep(5)


def _make_venv(lab: Lab, say: Say) -> None:
    say(f"installing OpenStack into {lab.venv}")
    shutil.rmtree(lab.venv, ignore_errors=True)
    lab.folder.mkdir(parents=True, exist_ok=True)
    _run(sys.executable, "-m", "venv", str(lab.venv))
    constraints = str(DATA / "openstack" / "constraints.txt")
    _run(str(lab.python), "-m", "pip", "install", "-q", "uv")
    packages = [name for name in PACKAGES if name != "uwsgi"]
    uv = [str(lab.venv / "bin" / "uv"), "pip", "install", "-q", "--python", str(lab.python), "-c", constraints]
    _run(*uv, *packages)
    # It is built here, and uv's way of building is none that it knows.
    _run(str(lab.python), "-m", "pip", "install", "-q", "-c", constraints, "uwsgi")
    _hasten(lab)
    (lab.venv / MARK).touch()


def _hasten(lab: Lab) -> None:
    """oslo.messaging's client looks for its answer twice a second, and a boot makes some 15 calls in a row."""
    (client,) = lab.venv.glob("lib/python3*/site-packages/oslo_messaging/_drivers/amqpdriver.py")
    text = client.read_text(encoding="utf-8")
    faster, count = re.subn(r"(get\(block=False\)(?:.|\n){0,400}?time\.sleep\()0\.5\)", r"\g<1>0.01)", text)
    if count != 1:
        raise LabError(f"{client} is not as expected: these versions of OpenStack were not tried")
    client.write_text(faster, encoding="utf-8")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{words[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")
