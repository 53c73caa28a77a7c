# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests of kubelets for serving certificates: judged against what the inventory knows, approved or left."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .. import api
from ..steps import Step
from .der import Request, request

TOPIC = "kubelet_serving"
SIGNER = "kubernetes.io/kubelet-serving"
_USER = "system:node:"
_GROUP = "system:nodes"
_USAGES = {"digital signature", "key encipherment", "server auth"}
_PAUSE = 0.5
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_RECORD, _RECORDS = "navarch-nodes", "/api/v1/namespaces/kube-system/configmaps"
RECORD = "record"


@dataclass(frozen=True)
class Node:
    """A Node as the inventory knows it."""

    name: str
    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()
    """Further DNS names that it may have a certificate for."""

    def to_text(self) -> str:
        """How it is written down in the cluster."""
        return " ".join((*self.addresses, *self.names))

    @classmethod
    def from_text(cls, name: str, text: str) -> Node:
        words = text.split()
        addresses = tuple(word for word in words if _is_address(word))
        return cls(name, addresses, tuple(word for word in words if word not in addresses))


@dataclass(frozen=True)
class Asked:
    """A request that waits."""

    name: str
    user: str
    problem: str
    """Why it must not be approved; empty: it may."""

    @property
    def node(self) -> str:
        return self.user[len(_USER) :] if self.user.startswith(_USER) else ""


def judged(objects: Iterable[Mapping[str, Any]], nodes: Sequence[Node]) -> list[Asked]:
    """Requests that nobody has decided about, of the nodes that are known. Pure."""
    known = {node.name: node for node in nodes}
    found = []
    for each in objects:
        spec = each.get("spec") or {}
        user = str(spec.get("username") or "")
        node = known.get(user[len(_USER) :]) if user.startswith(_USER) else None
        if spec.get("signerName") == SIGNER and node is not None and not (each.get("status") or {}).get("conditions"):
            found.append(Asked(each["metadata"]["name"], user, _problem(spec, node)))
    return found


def plan(nodes: Sequence[Node], recorded: Mapping[str, str], asked: Iterable[Asked]) -> list[Step]:
    """What is written down, and what is approved."""
    unknown = [node for node in nodes if recorded.get(node.name) != node.to_text()]
    steps = [
        Step(TOPIC, RECORD, node.name, "so that renewals can be judged", recorded.get(node.name, ""), node.to_text())
        for node in unknown
    ]
    return steps + [
        Step(TOPIC, "approve", each.name, f"serving certificate of {each.node}", after="approved")
        for each in asked
        if not each.problem
    ]


def observe(nodes: Sequence[Node], patience: float) -> list[Asked]:
    """Requests that wait; waits up to `patience` seconds until each node has asked, or has a certificate."""
    end = time.monotonic() + patience
    while True:
        objects = _requests()
        waiting = judged(objects, nodes)
        missing = {node.name for node in nodes} - {each.node for each in waiting} - _served(objects)
        if not missing or time.monotonic() >= end:
            return waiting
        time.sleep(_PAUSE)


def of_node(name: str) -> tuple[str, ...]:
    """Names of the requests that kubelets made under this Node's name, decided or not; the cluster keeps them for an hour."""
    return tuple(each["metadata"]["name"] for each in _requests() if each["spec"].get("username") == f"{_USER}{name}")


def act(step: Step) -> None:
    """Carry out one step."""
    if step.action == RECORD:
        _write(step.subject, step.after)
        return
    approved = {"type": "Approved", "status": "True", "reason": "NavarchApprove", "message": step.reason}
    api.merge(f"{_REQUESTS}/{quote(step.subject)}/approval", {"status": {"conditions": [approved]}})


def recorded() -> dict[str, str]:
    """Nodes that were written down in the cluster, by name; no kubelet can write there."""
    found = api.get(f"{_RECORDS}/{_RECORD}") or {}
    return dict(found.get("data") or {})


def _write(name: str, text: str) -> None:
    change = {"data": {name: text}}
    if not api.merge(f"{_RECORDS}/{_RECORD}", change):
        # Another host may make it at the same moment.
        api.create(_RECORDS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _RECORD}})
        api.merge(f"{_RECORDS}/{_RECORD}", change)


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _requests() -> list[dict[str, Any]]:
    found = api.get(f"{_REQUESTS}?{urlencode({'fieldSelector': f'spec.signerName={SIGNER}'})}") or {}
    return list(found.get("items") or ())


def _served(objects: Iterable[Mapping[str, Any]]) -> set[str]:
    """Nodes of which a request was approved not long ago: the cluster forgets them after an hour."""
    return {
        str(each["spec"].get("username"))[len(_USER) :]
        for each in objects
        if any(condition.get("type") == "Approved" for condition in (each.get("status") or {}).get("conditions") or ())
    }


def _problem(spec: Mapping[str, Any], node: Node) -> str:
    if _GROUP not in (spec.get("groups") or ()):
        return f"{spec.get('username')} is not in the group {_GROUP}"
    usages = set(spec.get("usages") or ())
    if not usages <= _USAGES or "server auth" not in usages:
        return f"it asks for the usages {', '.join(sorted(usages))}"
    try:
        pem = base64.b64decode(spec.get("request") or "").decode("ascii")
        asked = request(_der(pem))
    except (ValueError, binascii.Error, UnicodeDecodeError) as problem:
        return f"it can't be read: {problem}"
    return _of_names(asked, node)


def _of_names(asked: Request, node: Node) -> str:
    if asked.common_name != f"{_USER}{node.name}" or asked.organizations != (_GROUP,):
        return f"it is for {asked.common_name or 'nobody'} of {', '.join(asked.organizations) or 'nothing'}"
    if asked.others:
        return "it asks for names that are neither DNS names nor addresses"
    known = {ipaddress.ip_address(address) for address in node.addresses}
    strange = [address for address in asked.addresses if ipaddress.ip_address(address) not in known]
    strange += [name for name in asked.names if name not in {node.name, *node.names}]
    if strange:
        return f"it asks for {', '.join(strange)}, which the inventory does not give to {node.name}"
    return "" if asked.addresses or asked.names else "it asks for no name"


def _der(pem: str) -> bytes:
    lines = [line for line in pem.strip().splitlines() if not line.startswith("-----")]
    return base64.b64decode("".join(lines), validate=True)
