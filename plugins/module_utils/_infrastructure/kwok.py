# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cluster of a lab: real etcd and Kubernetes processes, started by kwokctl, with simulated nodes.

kwokctl trusts its pid files and its ports; this module makes both true before it is called, so that a
reboot, a killed process, a half-made folder or a stranger on our port does not confuse it.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from . import kwokctl, processes
from .errors import InfrastructureError, PortTakenError
from .files import holds, write_atomically
from .kwokctl import Cluster
from .ports import PortBook, is_free

COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl", "kwokctl")
_LINKS = {component: "kwok" if component == "kwok-controller" else component for component in COMPONENTS}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the processes of one cluster listen, all on loopback."""

    apiserver: int
    etcd: int
    etcd_peer: int
    controller_manager: int
    scheduler: int
    kwok: int

    def of(self, component: str) -> tuple[int, ...]:
        """The ports of one component."""
        return {
            "etcd": (self.etcd, self.etcd_peer),
            "kube-apiserver": (self.apiserver,),
            "kube-controller-manager": (self.controller_manager,),
            "kube-scheduler": (self.scheduler,),
            "kwok-controller": (self.kwok,),
        }[component]


@dataclass(frozen=True, slots=True)
class Installation:
    """What was created, written down when creating it had succeeded; without it a folder is a leftover."""

    ports: Ports
    binaries: Mapping[str, str]


def installation(cluster: Cluster) -> Installation | None:
    """What is installed; None when nothing is, or only half."""
    try:
        record = json.loads(cluster.record.read_text(encoding="utf-8"))
        whole = all(
            (cluster.folder / part).stat().st_size
            for part in ("kwok.yaml", "pki/ca.crt", "pki/admin.crt", "pki/admin.key")
        )
        return Installation(Ports(**record["ports"]), dict(record["binaries"])) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def running(cluster: Cluster) -> dict[str, processes.Process]:
    """The cluster's living processes by component."""
    return {
        process.component: process for process in processes.find(cluster.clusters) if process.cluster == cluster.name
    }


def missing_links(cluster: Cluster, installed: Installation, binaries: Mapping[str, str]) -> list[str]:
    """Components whose binary is another one than asked for, or is gone."""
    return [
        component
        for component, binary in _LINKS.items()
        if installed.binaries.get(binary) != binaries[binary] or not (cluster.folder / "bin" / component).exists()
    ]


def create(cluster: Cluster, binaries: Mapping[str, str], ports: PortBook, deadline: float) -> Installation:
    """Make a cluster and start it; what an earlier attempt left is removed first."""
    for attempt in (1, 2, 3):
        remove(cluster)
        installed = Installation(Ports(*ports.take(6)), {name: binaries[name] for name in BINARIES})
        configuration = cluster.workdir / f"{cluster.name}.json"
        write_atomically(configuration, json.dumps(_configuration(installed), indent=1))
        try:
            kwokctl.run(
                cluster,
                binaries["kwokctl"],
                ["create", "cluster", f"--config={configuration}", "--kubeconfig=", "--node-lease-duration-seconds=0"],
                deadline,
            )
        except PortTakenError:
            if attempt == 3:
                raise
            continue
        finally:
            configuration.unlink(missing_ok=True)
        break
    write_atomically(cluster.record, json.dumps(asdict(installed), indent=1))
    return start(cluster, installed, ports, deadline)


def start(cluster: Cluster, installed: Installation, ports: PortBook, deadline: float) -> Installation:
    """Start what is not running, wake what is frozen, and wait until the API server says it is ready."""
    _wake(cluster)
    while True:
        installed = _settle(cluster, installed, ports)
        if not _is_complete(cluster):
            try:
                kwokctl.run(cluster, installed.binaries["kwokctl"], ["start", "cluster"], deadline)
            except PortTakenError:
                if time.monotonic() > deadline:
                    raise
                continue
        # A controller gives up when the API server takes long to come, so look again once it is there.
        while not ready(cluster, installed):
            if time.monotonic() > deadline:
                raise InfrastructureError(
                    "The API server did not become ready in time.", next_step=kwokctl.where_to_look(cluster)
                )
            time.sleep(0.2)
        if _is_complete(cluster):
            return installed
        if time.monotonic() > deadline:
            dead = ", ".join(component for component in COMPONENTS if component not in running(cluster))
            raise InfrastructureError(f"{dead} keeps ending.", next_step=kwokctl.where_to_look(cluster))


def stop(cluster: Cluster) -> None:
    """End the cluster's processes, the store last and in peace; everything in it stays."""
    alive = running(cluster)
    _wake(cluster)
    processes.end([process for name, process in alive.items() if name != "etcd"], cluster.clusters, grace=5)
    processes.end([process for name, process in alive.items() if name == "etcd"], cluster.clusters, grace=10)
    _write_pids(cluster)


def remove(cluster: Cluster) -> None:
    """End the cluster's processes and remove its folder and kubeconfig."""
    processes.end(running(cluster).values(), cluster.clusters, grace=0)
    shutil.rmtree(cluster.folder, ignore_errors=True)
    if cluster.folder.exists():
        shutil.rmtree(cluster.folder)
    cluster.kubeconfig.unlink(missing_ok=True)


def relink(cluster: Cluster, installed: Installation, binaries: Mapping[str, str]) -> Installation:
    """Point a stopped cluster at other binaries; its data stays."""
    configuration = cluster.folder / "kwok.yaml"
    text = configuration.read_text(encoding="utf-8")
    for name in BINARIES:
        text = text.replace(installed.binaries[name], binaries[name])
    write_atomically(configuration, text)
    for component, binary in _LINKS.items():
        link = cluster.folder / "bin" / component
        link.unlink(missing_ok=True)
        link.symlink_to(binaries[binary])
    after = Installation(installed.ports, {name: binaries[name] for name in BINARIES})
    write_atomically(cluster.record, json.dumps(asdict(after), indent=1))
    return after


def ready(cluster: Cluster, installed: Installation) -> bool:
    """Whether the API server answers that it is ready."""
    arguments = ["get", "--raw", "/readyz", "--request-timeout=5s"]
    return kwokctl.kubectl(cluster, installed.binaries["kubectl"], arguments).returncode == 0


def kubeconfig(cluster: Cluster, installed: Installation) -> str:
    """The administrator's kubeconfig, with everything embedded: it may be copied away."""
    pki = cluster.folder / "pki"
    ca, certificate, key = (
        base64.b64encode((pki / name).read_bytes()).decode() for name in ("ca.crt", "admin.crt", "admin.key")
    )
    name = cluster.name
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: {name}\n"
        f"clusters:\n  - name: {name}\n    cluster:\n"
        f"      server: https://127.0.0.1:{installed.ports.apiserver}\n      certificate-authority-data: {ca}\n"
        f"contexts:\n  - name: {name}\n    context:\n      cluster: {name}\n      user: {name}\n"
        f"users:\n  - name: {name}\n    user:\n      client-certificate-data: {certificate}\n      client-key-data: {key}\n"
    )


def has_kubeconfig(cluster: Cluster, installed: Installation) -> bool:
    """Whether the kubeconfig beside the folder is the right one."""
    return holds(cluster.kubeconfig, kubeconfig(cluster, installed))


def taken_ports(installed: Installation, alive: Mapping[str, processes.Process]) -> list[int]:
    """Ports of processes that don't run and on which somebody else listens."""
    return [
        port
        for component in COMPONENTS
        if component not in alive
        for port in installed.ports.of(component)
        if not is_free(port)
    ]


def _configuration(installed: Installation) -> dict[str, object]:
    ports, binaries = installed.ports, installed.binaries
    # A single copy needs no election, and one that lost the API server for ten seconds must not end itself.
    alone = [{"name": name, "extraArgs": [{"key": "leader-elect", "value": "false"}]} for name in COMPONENTS[2:4]]
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "bindAddress": "127.0.0.1",
            "components": list(COMPONENTS),
            "kubeApiserverPort": ports.apiserver,
            "etcdPort": ports.etcd,
            "etcdPeerPort": ports.etcd_peer,
            "kubeControllerManagerPort": ports.controller_manager,
            "kubeSchedulerPort": ports.scheduler,
            "kwokControllerPort": ports.kwok,
            "kubeApiserverBinary": binaries["kube-apiserver"],
            "kubeControllerManagerBinary": binaries["kube-controller-manager"],
            "kubeSchedulerBinary": binaries["kube-scheduler"],
            "kubectlBinary": binaries["kubectl"],
            "etcdBinary": binaries["etcd"],
            "kwokControllerBinary": binaries["kwok"],
        },
        "componentsPatches": alone,
    }


def _is_complete(cluster: Cluster) -> bool:
    alive = running(cluster)
    return all(component in alive for component in COMPONENTS)


def _settle(cluster: Cluster, installed: Installation, ports: PortBook) -> Installation:
    """Make pid files and ports true, so that kwokctl starts exactly what is not running."""
    alive = _write_pids(cluster)
    taken = taken_ports(installed, alive)
    if not taken:
        return installed
    # Other processes of this cluster may know the port that moves, so all start anew.
    processes.end(alive.values(), cluster.clusters, grace=5)
    _write_pids(cluster)
    text = {name: (cluster.folder / name).read_text(encoding="utf-8") for name in ("kwok.yaml", "kubeconfig.yaml")}
    moved = dict(zip(taken, ports.take(len(taken)), strict=True))
    after = Installation(
        Ports(**{name: moved.get(port, port) for name, port in asdict(installed.ports).items()}), installed.binaries
    )
    for name, content in text.items():
        write_atomically(cluster.folder / name, _renumber(content, moved))
    write_atomically(cluster.record, json.dumps(asdict(after), indent=1))
    return after


def _renumber(content: str, moved: Mapping[int, int]) -> str:
    """Replace port numbers where a port stands, and nowhere else."""
    pattern = re.compile(r"((?:[pP]ort: |-port=|127\.0\.0\.1:))(\d+)\b")
    return pattern.sub(lambda match: match[1] + str(moved.get(int(match[2]), int(match[2]))), content)


def _write_pids(cluster: Cluster) -> dict[str, processes.Process]:
    alive = running(cluster)
    pids = cluster.folder / "pids"
    if pids.is_dir():
        for component in COMPONENTS:
            if component in alive:
                write_atomically(pids / f"{component}.pid", str(alive[component].pid))
            else:
                (pids / f"{component}.pid").unlink(missing_ok=True)
    return alive


def _wake(cluster: Cluster) -> None:
    for process in running(cluster).values():
        if process.frozen:
            processes.send(process, signal.SIGCONT)
