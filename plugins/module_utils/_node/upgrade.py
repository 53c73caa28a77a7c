# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kubeadm's part of an upgrade on one host: what ran before is put aside, kubeadm goes forward, or all comes back."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import files, kubeadm, saved
from .commands import attempt, run
from .errors import NodeError
from .kubectl import try_kubectl
from .steps import Step
from .urls import https

TOPIC = "upgrade"
KUBELET_CONFIGURATION = "/var/lib/kubelet/config.yaml"
_JOURNAL = "/var/lib/navarch/upgrade.json"
_ALWAYS_KEPT = (f"{kubeadm.KUBERNETES}/manifests", KUBELET_CONFIGURATION, "/var/lib/kubelet/kubeadm-flags.env")
_COMPONENTS = ("KubeletConfiguration", "KubeProxyConfiguration")
UPLOAD = (kubeadm.KUBEADM, "init", "phase", "upload-config")
_UNITS = ("containerd.service", "kubelet.service", "etcd.service")


class State(Enum):
    """What is wanted of an upgrade on this host."""

    PREPARED = "prepared"
    """What runs now is put aside."""
    UPGRADED = "upgraded"
    """kubeadm has done its part."""
    SETTLED = "settled"
    """The upgrade is over; what was put aside is not needed any more."""
    RESTORED = "restored"
    """The host is as it was before."""


class Phase(Enum):
    """How far an upgrade of this host came."""

    NONE = ""
    PREPARED = "prepared"
    BEGUN = "begun"
    APPLIED = "applied"


@dataclass(frozen=True)
class Wanted:
    """What this host is to become."""

    state: State
    version: str
    paths: tuple[str, ...]
    """Programs and files that the upgrade replaces."""
    documents: Mapping[str, Mapping[str, Any]]
    """kubeadm's configuration by kind."""
    deadline: float


@dataclass(frozen=True)
class Found:
    """How far this host is."""

    phase: Phase
    target: str
    """The version that the upgrade under way goes to."""
    control_plane: bool
    api_server: str
    """Version in the manifest of its API server; empty on workers."""
    cluster: str
    """Version in the cluster's configuration, read on control planes only."""
    kubelet: str
    """Version of the kubelet's program."""


def observe() -> Found:
    """Look how far an upgrade of this host is."""
    journal = _journal()
    manifest = files.read(kubeadm.API_SERVER)
    return Found(
        phase=Phase(journal.get("phase", "")),
        target=journal.get("target", ""),
        control_plane=manifest is not None,
        api_server=kubeadm.image_version(manifest or ""),
        cluster=cluster_version() if manifest is not None else "",
        kubelet=attempt(["/usr/local/bin/kubelet", "--version"]).output.rpartition(" ")[2].strip(),
    )


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What has to be done here."""
    under_way = found.phase is not Phase.NONE and found.target == wanted.version
    if wanted.state is State.PREPARED:
        return [] if under_way else [Step(TOPIC, "put aside", "what runs now", after="a way back")]
    if wanted.state is State.UPGRADED:
        if (under_way and found.phase is Phase.APPLIED) or (
            found.phase is not Phase.BEGUN and _is_there(wanted, found)
        ):
            return []
        verb = "apply" if _applies(wanted, found) else "node"
        return [Step(TOPIC, "run", f"kubeadm upgrade {verb}", "", found.api_server, wanted.version)]
    if found.phase is Phase.NONE:
        return []
    if wanted.state is State.SETTLED:
        return [Step(TOPIC, "drop", "what was put aside", after="upgraded")]
    return [Step(TOPIC, "bring back", "what ran before", before=wanted.version)]


def act(step: Step, wanted: Wanted, found: Found) -> None:
    """Carry out one step."""
    if step.action == "put aside":
        saved.keep(wanted.version, (*_ALWAYS_KEPT, *wanted.paths))
        _write_journal(Phase.PREPARED, wanted.version)
    elif step.action == "run":
        _write_journal(Phase.BEGUN, wanted.version)
        _run_kubeadm(wanted, found, apply=_applies(wanted, found))
        _write_journal(Phase.APPLIED, wanted.version)
    elif step.action == "drop":
        files.remove(_JOURNAL)
        saved.drop()
    else:
        _bring_back(wanted)


def verify(wanted: Wanted, found: Found) -> None:
    """On a control plane, wait until its API server answers; with the new version, if that is what was brought about."""
    if not found.control_plane:
        return
    version = wanted.version if wanted.state in (State.UPGRADED, State.SETTLED) else ""
    await_api_server(version, wanted.deadline)


def await_api_server(version: str, patience: float) -> None:
    """Wait until this host's API server is ready, with this version if one is named."""
    end = time.monotonic() + patience
    server = local_server()
    while True:
        ready = try_kubectl([*server, "get", "--raw", "/readyz"], deadline=15)
        said = try_kubectl([*server, "get", "--raw", "/version"], deadline=15)
        running = json.loads(said.output).get("gitVersion", "") if said.code == 0 else ""
        if ready.code == 0 and version in ("", running):
            return
        if time.monotonic() >= end:
            raise NodeError(
                f"The API server of this host is not ready after {patience:.0f} s (version {running or 'unknown'}"
                + (f", wanted {version}" if version else "")
                + f"): {ready.errors.strip()}",
                "See `crictl ps --all` and the log of kube-apiserver on the host.",
            )
        time.sleep(1)


def local_server() -> list[str]:
    """Options of kubectl that ask this host's own API server instead of the cluster's endpoint."""
    manifest = files.read(kubeadm.API_SERVER) or ""
    address = re.search(r"--advertise-address=(\S+)", manifest)
    port = re.search(r"--secure-port=(\d+)", manifest)
    if not address or not port:
        return []
    return ["--server", https(address[1], port[1])]


def cluster_version() -> str:
    """The version in kubeadm's configuration of the cluster; empty while nobody answers."""
    query = ["--namespace", "kube-system", "get", "configmap", "kubeadm-config"]
    said = try_kubectl([*query, "--output", "jsonpath={.data.ClusterConfiguration}"])
    match = re.search(r"^kubernetesVersion:\s*(\S+)", said.output, re.MULTILINE)
    return match[1] if match else ""


def _is_there(wanted: Wanted, found: Found) -> bool:
    """Whether kubeadm has nothing to do: only programs beside Kubernetes differ."""
    versions = {found.kubelet, found.api_server, found.cluster} if found.control_plane else {found.kubelet}
    return versions == {wanted.version}


def _applies(wanted: Wanted, found: Found) -> bool:
    """Whether this is the control plane that takes the cluster itself to the new version."""
    interrupted = found.phase is Phase.BEGUN and _journal().get("verb") == "apply"
    return found.control_plane and (interrupted or found.cluster != wanted.version)


def _run_kubeadm(wanted: Wanted, found: Found, *, apply: bool) -> None:
    fields = dict(wanted.documents.get("UpgradeConfiguration") or {})
    if apply:
        _write_journal(Phase.BEGUN, wanted.version, "apply")
        upload_configuration("kubeadm", wanted.documents, found.cluster, wanted.deadline)
    command = ["apply", wanted.version, "--yes"] if apply else ["node"]
    with kubeadm.configuration([kubeadm.document("UpgradeConfiguration", fields)]) as path:
        run([kubeadm.KUBEADM, "upgrade", *command, "--config", path], deadline=wanted.deadline)


def upload_configuration(part: str, documents: Mapping[str, Mapping[str, Any]], version: str, deadline: float) -> None:
    """Write the inventory's configuration into the cluster, where kubeadm takes it from. `part`: kubeadm or kubelet."""
    with kubeadm.configuration(cluster_documents(documents, version)) as path:
        run([*UPLOAD, part, "--config", path], deadline=deadline)


def cluster_documents(documents: Mapping[str, Mapping[str, Any]], version: str) -> list[str]:
    """What kubeadm has to be told to write the configuration of a cluster of this version."""
    cluster = {**documents.get("ClusterConfiguration", {}), "kubernetesVersion": version}
    given = {"ClusterConfiguration": cluster, "InitConfiguration": documents.get("InitConfiguration", {})}
    given.update({kind: documents[kind] for kind in _COMPONENTS if kind in documents})
    return [kubeadm.document(kind, fields) for kind, fields in given.items()]


def _bring_back(wanted: Wanted) -> None:
    """Put programs and files back. What kubeadm brought to its end stays: older kubelets work with a newer API server."""
    if _journal().get("phase") == Phase.APPLIED.value:
        saved.forget(f"{kubeadm.KUBERNETES}/manifests")
    saved.bring_back()
    run(["systemctl", "daemon-reload"])
    for unit in filter(_is_ours, _UNITS):
        completed = attempt(["systemctl", "restart", unit], deadline=180)
        if completed.code != 0:
            raise NodeError(f"The way back is blocked: {unit} does not start: {completed.errors.strip()}")
    files.remove(_JOURNAL)
    saved.drop()


def _is_ours(unit: str) -> bool:
    return os.path.exists(f"/etc/systemd/system/{unit}")


def _journal() -> dict[str, str]:
    try:
        found = json.loads(files.read(_JOURNAL) or "{}")
    except ValueError:
        return {}
    return {key: str(value) for key, value in found.items()}


def _write_journal(phase: Phase, target: str, verb: str = "") -> None:
    os.makedirs(os.path.dirname(_JOURNAL), exist_ok=True)
    files.write(_JOURNAL, json.dumps({"phase": phase.value, "target": target, "verb": verb}), 0o600)
