# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two programs that act on a cluster of a lab, and what can be learnt from what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .errors import InfrastructureError, PortTakenError

# Without these two nothing else can come up, so their death ends the wait at once.
_VITAL = ("etcd", "kube-apiserver")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster by name, inside one lab directory (absolute, without symbolic links)."""

    directory: Path
    name: str

    @property
    def workdir(self) -> Path:
        return self.directory / "kwok"

    @property
    def clusters(self) -> Path:
        return self.workdir / "clusters"

    @property
    def folder(self) -> Path:
        return self.clusters / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.directory / f"{self.name}.kubeconfig"

    @property
    def record(self) -> Path:
        return self.folder / "navarch.json"


def run(cluster: Cluster, binary: str, arguments: list[str], deadline: float) -> None:
    """Run kwokctl; end it as soon as the store or the API server has died, and say what it died of."""
    log = cluster.workdir / f"{cluster.name}.log"
    with open(log, "w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            [binary, *arguments, f"--name={cluster.name}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(cluster),
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                time.sleep(0.1)
                if time.monotonic() > deadline:
                    raise InfrastructureError("The cluster did not start in time.", next_step=where_to_look(cluster))
                _check_vital(cluster)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        words = output.read()
    log.unlink(missing_ok=True)
    _check_vital(cluster)
    if process.returncode != 0:
        raise InfrastructureError(f"kwokctl {' '.join(arguments[:2])} failed: {_last_message(words)}")


def kubectl(
    cluster: Cluster, binary: str, arguments: list[str], manifest: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run kubectl against this cluster and no other."""
    command = [binary, f"--kubeconfig={cluster.folder / 'kubeconfig.yaml'}", *arguments]
    try:
        return subprocess.run(
            command,
            input=manifest or "",
            capture_output=True,
            text=True,
            env=_environment(cluster),
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "no answer within 60 s")


def end_strays(cluster: Cluster) -> None:
    """End what a play that was killed left at work in this lab. Only for who holds the lab's lock."""
    for pid in processes.callers("kwokctl", f"KWOK_WORKDIR={cluster.workdir}"):
        processes.kill(pid)


def where_to_look(cluster: Cluster) -> str:
    """Advice for who wants to know why a process ended."""
    return f"See the logs in {cluster.folder / 'logs'}."


def _check_vital(cluster: Cluster) -> None:
    for component in _VITAL:
        # By number and not by what it runs: between its start and its first instruction a process runs nothing.
        pid = _pid(cluster, component)
        if pid is not None and processes.is_dead(pid):
            last = _log_tail(cluster, component)
            if "address already in use" in last:
                raise PortTakenError(f"{component} found its port taken: {last}")
            raise InfrastructureError(f"{component} ended: {last}.", next_step=where_to_look(cluster))


def _pid(cluster: Cluster, component: str) -> int | None:
    try:
        return int((cluster.folder / "pids" / f"{component}.pid").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _log_tail(cluster: Cluster, component: str) -> str:
    try:
        lines = (
            (cluster.folder / "logs" / f"{component}.log")
            .read_text(encoding="utf-8", errors="replace")
            .splitlines()[-40:]
        )
    except OSError:
        return "it wrote no log"
    telling = [line for line in lines if "address already in use" in line] or [
        line for line in lines if line.startswith(("E", "F", "Error"))
    ]
    return (telling or lines or ["it wrote no log"])[-1].strip()[:400]


def _last_message(words: str) -> str:
    for line in reversed(words.splitlines()):
        try:
            entry = json.loads(line)
        except ValueError:
            return line.strip()[:400]
        if isinstance(entry, dict) and entry.get("msg"):
            return f"{entry['msg']} {entry.get('err', '')}".strip()[:400]
    return "it said nothing"


def _environment(cluster: Cluster) -> dict[str, str]:
    """The user's environment without what would steer kwokctl or kubectl elsewhere, or let them write to the home."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("KWOK_") and key not in ("KUBECONFIG", "KUBERC")
    }
    return kept | {
        "KWOK_WORKDIR": str(cluster.workdir),
        "KUBECACHEDIR": str(cluster.workdir / "cache"),
        "KUBERC": "off",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
