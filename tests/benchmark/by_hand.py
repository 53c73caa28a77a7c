# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kubeadm by hand, on hosts that have all it needs: what an administrator would type, with the clock beside it."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from workshop.docker import docker
from workshop.hosts import Hosts

STAND_INS = Path(__file__).resolve().parents[1] / "workshop" / "data" / "stand_ins.yml"
_OF_KUBEADM = ("apiServer", "controllerManager", "scheduler", "etcd")
"""What of our configuration is left to kubeadm's defaults."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Seconds of kubeadm's steps on the critical path."""

    init: float
    join: float
    """The slowest of those that join at once."""

    @property
    def sum(self) -> float:
        return self.init + self.join

    def __str__(self) -> str:
        return f"{self.sum:.1f} s (init {self.init:.1f}, slowest join {self.join:.1f})"


def by_hand(hosts: Hosts, control_planes: Sequence[str], workers: Sequence[str]) -> Steps:
    """Take the cluster apart that these hosts are, and make it anew."""
    first, others = control_planes[0], (*control_planes[1:], *workers)
    cluster = _configuration(hosts, first)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: _reset(hosts, name), (first, *others)))
        token, key = f"{secrets.token_hex(3)}.{secrets.token_hex(8)}", secrets.token_hex(32)
        seconds, said = _timed(hosts, first, "init --upload-certs", _init(cluster, token, key))
        found = re.search(r"--discovery-token-ca-cert-hash (\S+)", said)
        if not found:
            raise SystemExit(f"kubeadm made a cluster and did not say how to join it: {said}")
        discovery = {"token": token, "caCertHashes": [found[1]], "apiServerEndpoint": cluster["controlPlaneEndpoint"]}
        asked = {name: _join(discovery, key if name in control_planes else "") for name in others}
        joins = list(pool.map(lambda name: _timed(hosts, name, "join", asked[name])[0], others))
    return Steps(seconds, max(joins))


def _configuration(hosts: Hosts, name: str) -> dict[str, Any]:
    command = "kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system get configmap kubeadm-config --output json"
    known = json.loads(docker("exec", hosts.container(name), "sh", "-c", command))
    cluster: dict[str, Any] = yaml.safe_load(known["data"]["ClusterConfiguration"])
    return {field: value for field, value in cluster.items() if field not in _OF_KUBEADM}


def _reset(hosts: Hosts, name: str) -> None:
    docker("exec", hosts.container(name), "sh", "-c", "kubeadm reset --force && rm -f /etc/cni/net.d/*")


def _timed(hosts: Hosts, name: str, words: str, documents: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    command = f"cat >/run/by-hand.yml && kubeadm {words} --config /run/by-hand.yml 2>&1"
    given = yaml.safe_dump_all(documents)
    began = time.monotonic()
    said = docker("exec", "--interactive", hosts.container(name), "sh", "-c", command, given=given)
    return time.monotonic() - began, said


def _init(cluster: Mapping[str, Any], token: str, key: str) -> list[dict[str, Any]]:
    fields = {"bootstrapTokens": [{"token": token}], "certificateKey": key}
    stand_in = _stand_in()
    return [
        _document("InitConfiguration", {**stand_in["InitConfiguration"], **fields}),
        dict(cluster),
        _document("KubeletConfiguration", stand_in["KubeletConfiguration"], "kubelet.config.k8s.io/v1beta1"),
    ]


def _join(discovery: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    control_plane = {"controlPlane": {"certificateKey": key}} if key else {}
    fields = {"discovery": {"bootstrapToken": dict(discovery)}, **control_plane}
    return [_document("JoinConfiguration", {**_stand_in()["JoinConfiguration"], **fields})]


def _stand_in() -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(STAND_INS.read_text(encoding="utf-8"))["cluster_kubeadm"]
    return settings


def _document(kind: str, fields: Mapping[str, Any], version: str = "kubeadm.k8s.io/v1beta4") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, **fields}
