# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an API server finds an etcd that is on hosts of its own: hosts of etcd come and go, API servers follow."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import api, etcd, files, kubeadm, upgrade
from .errors import NodeError
from .security import processes
from .steps import Step

TOPIC = "etcd endpoints"
_FLAG = "etcd-servers"
_CONFIGURATION = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config"
_LISTED = re.compile(r"^\s+endpoints:\n((?:\s+- \S+\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """Where etcd is."""

    endpoints: tuple[str, ...]
    documents: Mapping[str, Mapping[str, Any]]
    """kubeadm's configuration by kind, with these endpoints in it."""
    deadline: float


@dataclass(frozen=True)
class Found:
    """Where it is looked for."""

    manifest: tuple[str, ...]
    """By this host's API server."""
    configuration: tuple[str, ...]
    """By control planes that join or are upgraded."""


def observe() -> Found:
    """Look at the manifest of this API server, and at kubeadm's configuration in the cluster."""
    known = api.get(_CONFIGURATION) or {}
    return Found(etcd.servers(), in_configuration((known.get("data") or {}).get("ClusterConfiguration", "")))


def in_configuration(text: str) -> tuple[str, ...]:
    """Endpoints in kubeadm's ClusterConfiguration (YAML as kubeadm writes it)."""
    match = _LISTED.search(text)
    return tuple(line.strip().removeprefix("- ").strip("\"'") for line in match[1].splitlines()) if match else ()


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What has to follow."""
    steps = []
    before, after = "\n".join(found.configuration), "\n".join(wanted.endpoints)
    if set(found.configuration) != set(wanted.endpoints):
        steps.append(Step(TOPIC, "upload", "kubeadm-config", "hosts of etcd came or went", before, after))
    if set(found.manifest) != set(wanted.endpoints):
        manifest = "\n".join(found.manifest)
        steps.append(Step(TOPIC, "write", kubeadm.API_SERVER, "hosts of etcd came or went", manifest, after))
    return steps


def act(step: Step, wanted: Wanted) -> None:
    """Carry out one step."""
    if step.action == "upload":
        upgrade.upload_configuration("kubeadm", wanted.documents, upgrade.cluster_version(), wanted.deadline)
        return
    text = files.read(kubeadm.API_SERVER) or ""
    changed = re.sub(rf"(^\s*- --{_FLAG}=)\S+$", rf"\g<1>{','.join(wanted.endpoints)}", text, flags=re.MULTILINE)
    files.write(kubeadm.API_SERVER, changed, 0o600)


def verify(wanted: Wanted) -> None:
    """Wait until the API server runs with these endpoints, and is ready."""
    end = time.monotonic() + wanted.deadline
    while not _runs(wanted):
        if time.monotonic() >= end:
            raise NodeError(
                f"The API server did not start again within {wanted.deadline:.0f} s.",
                "See `crictl ps --all --name kube-apiserver` on the host.",
            )
        time.sleep(0.5)
    upgrade.await_api_server("", max(end - time.monotonic(), 10.0))


def _runs(wanted: Wanted) -> bool:
    process = processes.running().get("kube-apiserver")
    return process is not None and set(process.flags.get(_FLAG, "").split(",")) == set(wanted.endpoints)
