# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster still has of a host that joins it, because the host was lost or its join broken off. Looked at and removed on a control plane.

A new etcd under the identity of a lost member has forgotten what that member promised to the others, so the member has to go
before the host joins. kubeadm refuses to join under the name of a Node that is Ready, and asks lost control planes for their etcd.
A request for a serving certificate that was approved for the lost host would be taken for the newcomer's, whose own nobody then approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from . import api, etcd, kubectl
from .security import serving
from .steps import Step

TOPIC = "predecessor"
_PODS = "/api/v1/namespaces/kube-system/pods"


@dataclass(frozen=True)
class Newcomer:
    """A host that joins."""

    node: str
    """Name of its Node."""
    address: str
    """Where the other hosts reach it."""


@dataclass(frozen=True)
class Found:
    """What the cluster has under the newcomer's name or address."""

    node: Mapping[str, Any] | None
    members: tuple[str, ...] = ()
    """Identities of members of etcd."""
    pods: tuple[str, ...] = ()
    """Static pods of a control plane, as `pod/name`."""
    requests: tuple[str, ...] = ()
    """Requests for serving certificates of its kubelet."""


def observe(newcomer: Newcomer) -> Found:
    """Look what the cluster has of it."""
    members = tuple(
        each.identity
        for each in (etcd.members() if etcd.stacked() else ())
        if each.name == newcomer.node or newcomer.address in each.addresses
    )
    static = {"labelSelector": "tier=control-plane", "fieldSelector": f"spec.nodeName={newcomer.node}"}
    pods = (api.get(f"{_PODS}?{urlencode(static)}") or {}).get("items") or ()
    names = tuple(f"pod/{each['metadata']['name']}" for each in pods)
    return Found(api.get(f"/api/v1/nodes/{quote(newcomer.node)}"), members, names, serving.of_node(newcomer.node))


def elsewhere(newcomer: Newcomer, found: Found) -> str:
    """The address of a living host that has the newcomer's name, or an empty text."""
    status = (found.node or {}).get("status") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
    addresses = [each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP"]
    return str(addresses[0]) if ready and addresses and newcomer.address not in addresses else ""


def plan(newcomer: Newcomer, found: Found) -> list[Step]:
    """What has to go, members of etcd first: etcd itself refuses where too few would be left."""
    steps = [
        Step(TOPIC, "remove etcd member", identity, f"of an earlier {newcomer.node}") for identity in found.members
    ]
    steps += [Step(TOPIC, "delete pod", pod, f"of an earlier {newcomer.node}") for pod in found.pods]
    steps += [Step(TOPIC, "delete request", name, f"of an earlier {newcomer.node}") for name in found.requests]
    if found.node is not None:
        steps.append(Step(TOPIC, "delete node", newcomer.node, "its host joins anew"))
    return steps


def act(step: Step) -> None:
    """Carry out one step."""
    if step.action == "remove etcd member":
        etcd.remove_member(step.subject)
    elif step.action == "delete pod":
        kubectl.kubectl(["delete", "--namespace", "kube-system", step.subject, *kubectl.AT_ONCE])
    elif step.action == "delete request":
        kubectl.kubectl(["delete", "certificatesigningrequest", step.subject, "--ignore-not-found"])
    else:
        kubectl.kubectl(["delete", "node", step.subject, "--ignore-not-found", "--wait=true"])
