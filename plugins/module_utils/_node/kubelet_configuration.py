# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kubelet's configuration: the cluster's, which kubeadm keeps in a ConfigMap, and what each host makes of it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import files, kubeadm, kubectl, kubelet, saved, upgrade
from .commands import attempt, run
from .errors import NodeError
from .steps import Step

TOPIC = "kubelet"
_UNIT = "kubelet.service"
_SET = "kubelet configuration"
_PHASE = (kubeadm.KUBEADM, "upgrade", "node", "phase", "kubelet-config")
_MEMORY = "/run/navarch"


def plan_cluster(documents: Mapping[str, Mapping[str, Any]], deadline: float) -> list[Step]:
    """What changes in the cluster's ConfigMap, as kubeadm fills in the inventory's fields."""
    before = _published()
    # kubeadm alone knows its defaults; it shows the object that it would write.
    with _trial_folder() as folder, kubeadm.configuration(_documents(documents)) as path:
        shutil.copy2(kubeadm.ADMIN, folder)
        environment = {"KUBEADM_INIT_DRYRUN_DIR": folder}
        command = [*upgrade.UPLOAD, "kubelet", "--config", path, "--dry-run"]
        after = _object_in(run(command, deadline=deadline, environment=environment))
    if after.strip() == before.strip():
        return []
    return [Step(TOPIC, "write", "ConfigMap kube-system/kubelet-config", "it differs", before, after)]


def publish(documents: Mapping[str, Mapping[str, Any]], deadline: float) -> None:
    """Write the cluster's ConfigMap."""
    upgrade.upload_configuration("kubelet", documents, upgrade.cluster_version(), deadline)


def plan_host(deadline: float) -> list[Step]:
    """What changes on this host."""
    before = files.read(upgrade.KUBELET_CONFIGURATION) or ""
    with _trial_folder() as folder:
        environment = {"KUBEADM_UPGRADE_DRYRUN_DIR": folder}
        run([*_PHASE, "--dry-run"], deadline=deadline, environment=environment)
        after = files.read(os.path.join(folder, os.path.basename(upgrade.KUBELET_CONFIGURATION)))
    if after is None:
        raise NodeError("kubeadm did not show the kubelet's configuration.", f"See `{' '.join(_PHASE)} --dry-run`.")
    if after.strip() == before.strip():
        return []
    return [Step(TOPIC, "write", upgrade.KUBELET_CONFIGURATION, "it differs", before, after)]


def apply_host(node: str, deadline: float) -> None:
    """Write the configuration and let the kubelet read it; one that does not come up with it gets the old one back."""
    saved.keep(_SET, [upgrade.KUBELET_CONFIGURATION])
    run(_PHASE, deadline=deadline)
    problem = _restarted(node, deadline)
    if problem:
        saved.bring_back()
        _restarted(node, deadline)
        saved.drop()
        raise NodeError(
            f"The kubelet of {node} does not come up with the new configuration, so it got the old one back: {problem}",
            "Correct KubeletConfiguration in cluster_kubeadm, and run again.",
        )
    saved.drop()


def _restarted(node: str, deadline: float) -> str:
    """Start the kubelet again and wait until it reports; what is wrong, if it does not."""
    began = time.time()
    completed = attempt(["systemctl", "restart", _UNIT], deadline=60)
    if completed.code != 0:
        return completed.errors.strip()
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        seen = kubelet.membership(node)
        if seen.ready and _reported(seen.node, began):
            return ""
        time.sleep(1)
    return attempt(["journalctl", "--unit", _UNIT, "--lines", "3", "--no-pager", "--output", "cat"]).output.strip()


def _reported(node: Mapping[str, Any], since: float) -> bool:
    """Whether the Node's conditions come from a kubelet that was started after a moment."""
    beats = [each.get("lastHeartbeatTime", "") for each in (node.get("status") or {}).get("conditions") or ()]
    return any(beat >= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since)) for beat in beats)


@contextmanager
def _trial_folder() -> Iterator[str]:
    """A folder in memory, for us alone, in which kubeadm leaves what it would write."""
    os.makedirs(_MEMORY, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="trial-", dir=_MEMORY) as folder:
        yield folder


def _documents(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return upgrade.cluster_documents(documents, upgrade.cluster_version())


def _published() -> str:
    found = kubectl.get("configmap", "kubelet-config", "kube-system") or {}
    return str((found.get("data") or {}).get("kubelet", ""))


def _object_in(said: str) -> str:
    """The text under `kubelet:` in the ConfigMap that a dry run shows."""
    lines = said.splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*kubelet: \|", line)]
    if not starts:
        raise NodeError("kubeadm did not show the ConfigMap that it would write.")
    first = starts[-1] + 1
    indent = len(lines[first]) - len(lines[first].lstrip())
    body = []
    for line in lines[first:]:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        body.append(line[indent:])
    return "\n".join(body).rstrip("\n") + "\n"
