# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host's kubelet knows of its cluster: its credential opens its own Node object, so nobody else is asked."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import files
from .kubeconfig import connections, field

SERVING = "/var/lib/kubelet/pki/kubelet-server-current.pem"
"""What the kubelet shows to clients, once somebody has approved it."""
KUBECONFIG = "/etc/kubernetes/kubelet.conf"
DRAINED_FOR = "fleet.navarch.dev/drained-for"
OWN_LABELS = "fleet.navarch.dev/labels"
OWN_TAINTS = "fleet.navarch.dev/taints"
CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"


class Answer(Enum):
    """How the API server answered a kubelet that asked for its own Node."""

    NOT_ASKED = "not asked"
    """This host has no kubelet credential."""
    SILENT = "silent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The cluster has no such Node."""
    FOUND = "found"


@dataclass(frozen=True)
class Membership:
    """How this host stands with a cluster."""

    answer: Answer
    server: str
    ca: str
    """SHA-256 of the CA certificate (DER) that the kubelet trusts."""
    node: Mapping[str, Any]
    """The Node object, empty unless found."""
    reason: str = ""

    @property
    def ready(self) -> bool:
        conditions = (self.node.get("status") or {}).get("conditions") or []
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def to_dict(self) -> dict[str, Any]:
        status, spec = self.node.get("status") or {}, self.node.get("spec") or {}
        metadata = self.node.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        return {
            "answer": self.answer.value,
            "server": self.server,
            "ca": self.ca,
            "reason": self.reason,
            "ready": self.ready,
            "version": (status.get("nodeInfo") or {}).get("kubeletVersion", ""),
            "labels": metadata.get("labels") or {},
            "own_labels": [each for each in annotations.get(OWN_LABELS, "").split(",") if each],
            "taints": spec.get("taints") or [],
            "own_taints": [each for each in annotations.get(OWN_TAINTS, "").split(",") if each],
            "drained_for": annotations.get(DRAINED_FOR, ""),
            "pod_cidrs": spec.get("podCIDRs") or [],
            "unschedulable": bool(spec.get("unschedulable")),
        }


def membership(name: str, patience: float = 10.0) -> Membership:
    """Ask the API server for this host's own Node, twice where it is silent. `name` is the Node's, `patience` in seconds."""
    said = _ask(name, patience)
    return _ask(name, patience) if said.answer is Answer.SILENT else said


def _ask(name: str, patience: float) -> Membership:
    text = files.read(KUBECONFIG) or ""
    server, authority = field(text, "server"), field(text, "certificate-authority-data")
    if not server or not authority or not os.path.exists(CERTIFICATE):
        return Membership(Answer.NOT_ASKED, server, "", {}, "this host has no credential of a kubelet")
    pem = base64.b64decode(authority).decode("ascii")
    authority_digest = fingerprint(pem)
    try:
        request = urllib.request.Request(f"{server}/api/v1/nodes/{name}", headers={"Accept": "application/json"})
        with connections(pem, CERTIFICATE).open(request, timeout=patience) as response:
            return Membership(Answer.FOUND, server, authority_digest, json.load(response))
    except urllib.error.HTTPError as problem:
        answers = {404: Answer.UNKNOWN, 401: Answer.REFUSED, 403: Answer.REFUSED}
        return Membership(answers.get(problem.code, Answer.SILENT), server, authority_digest, {}, str(problem))
    except (OSError, ValueError) as problem:
        return Membership(Answer.SILENT, server, authority_digest, {}, str(problem))


def fingerprint(pem: str) -> str:
    """The SHA-256 of a certificate in DER."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip() + "\n")).hexdigest()
