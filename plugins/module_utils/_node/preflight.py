# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a cluster may be taken to another version: all that speaks against it, at once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import etcd, kubelet, nodes
from .errors import NodeError
from .kubectl import kubectl, try_kubectl

PURPOSE = "upgrade"
"""For what an upgrade drains Nodes."""
_OLDEST_KUBELET = 3
"""A kubelet may be so many minor versions older than its API server, and none newer (Kubernetes' version skew policy)."""
_METRIC = re.compile(r"^apiserver_requested_deprecated_apis\{([^}]*)\} ([0-9.e+]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Finding:
    """Something that speaks against an upgrade."""

    kind: str
    """version, skew, api, etcd, nodes, budgets or deprecated."""
    text: str

    def to_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True)
class Version:
    """A version of Kubernetes."""

    major: int
    minor: int
    patch: int

    @classmethod
    def from_text(cls, text: str) -> Version:
        match = re.match(r"v(\d+)\.(\d+)\.(\d+)", text)
        if not match:
            raise NodeError(f"{text!r} is no version of Kubernetes.", "It looks like v1.37.2.")
        return cls(*(int(number) for number in match.groups()))

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.major, self.minor, self.patch)


@dataclass(frozen=True)
class Seen:
    """What a control plane tells of its cluster."""

    server: str
    """Version of the API server that was asked."""
    unready: str
    """What `/readyz` says, where it is not well."""
    etcd: str
    """What is wrong with etcd; empty if nothing is."""
    nodes: Sequence[Mapping[str, Any]]
    budgets: Sequence[Mapping[str, Any]]
    metrics: str
    """The API server's metrics as text."""


def observe() -> Seen:
    """Ask the API server of this control plane."""
    ready = try_kubectl(["get", "--raw", "/readyz?verbose"])
    if ready.code != 0 and not ready.output and "readyz" not in ready.errors:
        return Seen("", ready.errors.strip(), "", (), (), "")
    return Seen(
        server=server_version(),
        unready="" if ready.code == 0 else ready.errors.strip(),
        etcd=_etcd(),
        nodes=json.loads(kubectl(["get", "nodes", "--output", "json"]))["items"],
        budgets=json.loads(kubectl(["get", "poddisruptionbudgets", "--all-namespaces", "--output", "json"]))["items"],
        metrics=try_kubectl(["get", "--raw", "/metrics"]).output,
    )


def server_version() -> str:
    """The version of the API server."""
    return str(json.loads(kubectl(["get", "--raw", "/version"]))["gitVersion"])


def findings(seen: Seen, target: str) -> list[Finding]:
    """All that speaks against taking this cluster to a version."""
    if not seen.server:
        return [Finding("api", f"the API server does not answer: {seen.unready}")]
    found = [Finding("version", text) for text in version_step(seen.server, target)]
    found += [Finding("skew", text) for text in _skew(seen, Version.from_text(target))]
    if seen.unready:
        found.append(Finding("api", f"the API server is not ready: {seen.unready}"))
    if seen.etcd:
        found.append(Finding("etcd", f"etcd is not healthy: {seen.etcd}"))
    found += [Finding("nodes", text) for text in _unready_nodes(seen.nodes)]
    found += [Finding("budgets", text) for text in _stuck_budgets(seen.budgets)]
    return found + [Finding("deprecated", text) for text in _deprecated(seen.metrics, Version.from_text(target))]


def version_step(current: str, target: str) -> Iterator[str]:
    """Why a cluster can't go from one version to another, if it can't."""
    here, there = Version.from_text(current), Version.from_text(target)
    if there.order < here.order:
        yield f"it runs {current}, and kubeadm goes forward only; {target} is older."
    elif there.major != here.major or there.minor > here.minor + 1:
        yield f"it runs {current}; kubeadm goes one minor version at a time, so take a v{here.major}.{here.minor + 1} first."


def _skew(seen: Seen, target: Version) -> Iterator[str]:
    server = Version.from_text(seen.server)
    for node in seen.nodes:
        name, text = node["metadata"]["name"], node["status"]["nodeInfo"]["kubeletVersion"]
        kubelet = Version.from_text(text)
        if kubelet.minor < target.minor - _OLDEST_KUBELET:
            yield (
                f"the kubelet of {name} is {text}, and an API server v{target.major}.{target.minor} works with "
                f"v{target.major}.{target.minor - _OLDEST_KUBELET} and newer; upgrade that Node first."
            )
        elif kubelet.minor > max(server.minor, target.minor):
            yield f"the kubelet of {name} is {text}, newer than the API server ({seen.server})."


def _unready_nodes(given: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in given:
        ours = (node["metadata"].get("annotations") or {}).get(kubelet.DRAINED_FOR) == PURPOSE
        if not nodes.is_ready(node) and not ours:
            yield f"the Node {node['metadata']['name']} is not Ready."


def _stuck_budgets(budgets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for budget in budgets:
        status = budget.get("status") or {}
        expected, desired = status.get("expectedPods") or 0, status.get("desiredHealthy") or 0
        if expected and desired >= expected:
            title = f"{budget['metadata']['namespace']}/{budget['metadata']['name']}"
            yield f"the budget {title} wants all {expected} of its pods, so none of them can ever be evicted."


def _deprecated(metrics: str, target: Version) -> Iterator[str]:
    for labels, count in _METRIC.findall(metrics):
        fields = dict(_LABEL.findall(labels))
        removed = re.match(r"(\d+)\.(\d+)", fields.get("removed_release", ""))
        if removed and float(count) and (int(removed[1]), int(removed[2])) <= (target.major, target.minor):
            group = "/".join(part for part in (fields.get("group"), fields.get("version")) if part)
            yield f"somebody asks for {fields.get('resource')} in {group}, which is gone in v{removed[0]}."


def _etcd() -> str:
    """What is wrong with etcd. Every member is asked where the tool for it is there, else the API server."""
    if os.path.exists(etcd.ETCDCTL):
        return etcd.unhealthy()
    asked = try_kubectl(["get", "--raw", "/readyz/etcd"])
    return "" if asked.code == 0 else asked.errors.strip()
