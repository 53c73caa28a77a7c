# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab on this machine: a hub and members, looked at and worked on side by side."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from . import kwok, kwokctl, lab_nodes, processes
from .errors import InfrastructureError
from .files import holds, locked, write_atomically
from .lab_plan import Act, Lab, LabSeen, Seen, State, Step, all_ready, member_list, plan
from .ports import PortBook

_A = TypeVar("_A")
_R = TypeVar("_R")
_AT_ONCE = 2 * (os.cpu_count() or 1)
"""Clusters that start together. An API server computes for seconds before it answers; twenty of them at once on a small
machine answer nobody in time."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one cluster."""

    state: str
    server: str | None
    kubeconfig: str | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was to be done to a lab, and how its clusters are afterwards."""

    steps: tuple[Step, ...]
    before: Mapping[str, str]
    clusters: Mapping[str, Result]


def preview(lab: Lab, state: State) -> Report:
    """What `reconcile` would do; touches nothing."""
    seen = observe(lab)
    return Report(
        plan(lab, seen, state),
        _states(seen),
        {name: _result(lab, name, one, 0.0) for name, one in seen.clusters.items()},
    )


def reconcile(lab: Lab, state: State) -> Report:
    """Make the lab what it should be. Another run on the same directory is waited for."""
    if state is not State.PRESENT and not lab.directory.exists():
        return preview(lab, state)
    with locked(lab.lock_file):
        lab.directory.chmod(0o700)
        kwokctl.end_strays(lab.cluster(""))
        seen = observe(lab)
        steps = plan(lab, seen, state)
        return Report(steps, _states(seen), carry_out(lab, steps, seen))


def observe(lab: Lab) -> LabSeen:
    """The lab as it is: every cluster that is wanted or found."""
    clusters = lab.cluster("").clusters
    wanted = [member.name for member in lab.clusters]
    folders = {entry.name for entry in clusters.iterdir() if entry.is_dir()} if clusters.is_dir() else set()
    # A cluster may have lost its folder and still have processes.
    found = folders | {process.cluster for process in processes.find(clusters)}
    names = wanted + sorted(found - set(wanted))
    looks = _side_by_side(names, lambda name: _look(lab, name))
    return LabSeen(
        dict(zip(names, looks, strict=True)),
        holds(lab.list_file, member_list(lab), 0o644),
        lab.list_file.exists() or clusters.parent.exists(),
    )


def carry_out(lab: Lab, steps: Iterable[Step], seen: LabSeen) -> dict[str, Result]:
    """Do these steps, so many clusters side by side as the machine can start; one that fails does not hold up the others."""
    work: dict[str, list[Step]] = {name: [] for name in ("", *seen.clusters)}
    for step in steps:
        work[step.cluster].append(step)
    whole = work.pop("")
    reserved = [
        port
        for one in seen.clusters.values()
        if one.installed
        for name in kwok.COMPONENTS
        for port in one.installed.ports.of(name)
    ]
    worker = _Worker(lab, PortBook(lab.directory, reserved), time.monotonic() + lab.timeout)
    results = dict(
        zip(
            work,
            _side_by_side(work, lambda name: worker.run(name, work[name], seen.clusters[name]), _AT_ONCE),
            strict=True,
        )
    )
    if not any(result.error for result in results.values()):
        for step in whole:
            if step.act is Act.LIST:
                write_atomically(lab.list_file, member_list(lab), 0o644)
            else:
                _clear(lab)
    return results


def component_state(lab: Lab, cluster: str, component: str) -> tuple[str, int | None]:
    """Whether one process is `running`, `frozen` or `killed` (not there), and its pid."""
    process = kwok.running(lab.cluster(cluster)).get(component)
    if process is None:
        return "killed", None
    return ("frozen" if process.frozen else "running"), process.pid


def disturb(lab: Lab, cluster: str, component: str, state: str) -> None:
    """Kill, freeze or bring back one process of one cluster: what a failure drill does."""
    subject = lab.cluster(cluster)
    installed = kwok.installation(subject)
    if installed is None:
        raise InfrastructureError(
            f"There is no such cluster in {lab.directory}.", cluster=cluster, next_step=_known(lab)
        )
    process = kwok.running(subject).get(component)
    if state == "running":
        with locked(lab.lock_file):
            kwokctl.end_strays(subject)
            reserved = installed.ports.of(component)
            kwok.start(subject, installed, PortBook(lab.directory, reserved), time.monotonic() + lab.timeout)
    elif state == "killed" and process is not None:
        processes.end([process], subject.clusters, grace=0)
    elif state == "frozen":
        if process is None:
            raise InfrastructureError(f"{component} does not run, so it cannot be frozen.", cluster=cluster)
        processes.send(process, signal.SIGSTOP)


class _Worker:
    """Carries out the steps of one cluster; one for all threads."""

    def __init__(self, lab: Lab, ports: PortBook, deadline: float) -> None:
        self._lab = lab
        self._ports = ports
        self._deadline = deadline
        self._members = {member.name: member for member in lab.clusters}

    def run(self, name: str, steps: Sequence[Step], seen: Seen) -> Result:
        if not steps:
            return _result(self._lab, name, seen, 0.0)
        began = time.monotonic()
        error = None
        installed = seen.installed
        try:
            for step in steps:
                installed = self._do(step, self._lab.cluster(name), installed)
        except InfrastructureError as failure:
            error = str(failure)
        except OSError as failure:
            error = f"{failure.strerror or failure}: {failure.filename}"
        return _result(self._lab, name, _look(self._lab, name), time.monotonic() - began, error)

    def _do(
        self, step: Step, cluster: kwokctl.Cluster, installed: kwok.Installation | None
    ) -> kwok.Installation | None:
        if step.act in (Act.CREATE, Act.REPLACE):
            return kwok.create(cluster, self._lab.binaries, self._ports, self._deadline)
        if step.act is Act.STOP:
            kwok.stop(cluster)
            return installed
        if step.act is Act.REMOVE or installed is None:
            kwok.remove(cluster)
            return None
        if step.act is Act.RELINK:
            kwok.stop(cluster)
            return kwok.relink(cluster, installed, self._lab.binaries)
        if step.act is Act.START:
            return kwok.start(cluster, installed, self._ports, self._deadline)
        if step.act is Act.NODES:
            self._nodes(cluster, installed)
        else:
            write_atomically(cluster.kubeconfig, kwok.kubeconfig(cluster, installed))
        return installed

    def _nodes(self, cluster: kwokctl.Cluster, installed: kwok.Installation) -> None:
        wanted = {
            lab_nodes.node_name(node): node for node in lab_nodes.nodes(self._members[cluster.name], self._lab.version)
        }
        create, correct, delete = lab_nodes.drifted(list(wanted.values()), _get_nodes(cluster, installed) or [])
        apply = ["apply", "--server-side", "--force-conflicts", "--field-manager=navarch-lab", "-f", "-"]
        for names, arguments in (
            (create, ["create", "-f", "-"]),
            (correct, apply),
            (correct, [*apply, "--subresource=status"]),
        ):
            if names:
                items = {"apiVersion": "v1", "kind": "List", "items": [wanted[name] for name in names]}
                _kubectl(cluster, installed, arguments, json.dumps(items))
        if delete:
            _kubectl(cluster, installed, ["delete", "node", *delete], None)
        while not all_ready(_get_nodes(cluster, installed), len(wanted)):
            if time.monotonic() > self._deadline:
                raise InfrastructureError("Not all of its nodes became Ready in time.")
            time.sleep(0.2)


def _look(lab: Lab, name: str) -> Seen:
    cluster = lab.cluster(name)
    alive = kwok.running(cluster)
    installed = kwok.installation(cluster)
    if installed is None:
        return Seen(cluster.folder.exists(), None, alive)
    answers = "kube-apiserver" in alive and not alive["kube-apiserver"].frozen
    return Seen(
        True,
        installed,
        alive,
        _get_nodes(cluster, installed) if answers else None,
        kwok.taken_ports(installed, alive),
        kwok.missing_links(cluster, installed, lab.binaries) if lab.binaries else (),
        kwok.has_kubeconfig(cluster, installed),
    )


def _result(lab: Lab, name: str, seen: Seen, seconds: float, error: str | None = None) -> Result:
    config = lab.cluster(name).kubeconfig
    return Result(
        seen.state,
        f"https://127.0.0.1:{seen.installed.ports.apiserver}" if seen.installed else None,
        str(config) if config.exists() else None,
        round(seconds, 1),
        error,
    )


def _states(seen: LabSeen) -> dict[str, str]:
    return {name: cluster.state for name, cluster in seen.clusters.items()}


def _known(lab: Lab) -> str:
    clusters = lab.cluster("").clusters
    names = sorted(entry.name for entry in clusters.iterdir()) if clusters.is_dir() else []
    return f"It has {', '.join(names)}." if names else "Bring the lab up first (navarch.fleet.lab)."


def _clear(lab: Lab) -> None:
    """Remove what is ours; a folder that holds anything else stays."""
    shutil.rmtree(lab.directory / "kwok", ignore_errors=True)
    lab.list_file.unlink(missing_ok=True)
    lab.lock_file.unlink(missing_ok=True)
    if not any(lab.directory.iterdir()):
        lab.directory.rmdir()


def _get_nodes(cluster: kwokctl.Cluster, installed: kwok.Installation) -> list[Mapping[str, object]] | None:
    answer = kwokctl.kubectl(
        cluster, installed.binaries["kubectl"], ["get", "nodes", "-o", "json", "--request-timeout=10s"]
    )
    return list(json.loads(answer.stdout)["items"]) if answer.returncode == 0 else None


def _kubectl(
    cluster: kwokctl.Cluster, installed: kwok.Installation, arguments: list[str], manifest: str | None
) -> None:
    answer = kwokctl.kubectl(cluster, installed.binaries["kubectl"], arguments, manifest)
    if answer.returncode != 0:
        raise InfrastructureError(f"kubectl {arguments[0]} of its nodes failed: {answer.stderr.strip()[:400]}")


def _side_by_side(items: Iterable[_A], work: Callable[[_A], _R], at_once: int | None = None) -> list[_R]:
    items = list(items)
    with ThreadPoolExecutor(max_workers=at_once or max(1, len(items))) as pool:
        return list(pool.map(work, items))
