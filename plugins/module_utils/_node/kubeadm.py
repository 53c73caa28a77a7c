# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kubeadm, driven: what an earlier or interrupted run left is recognised, and the way goes on from there."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import files, kubelet, permissions
from .commands import run
from .errors import NodeError
from .security import key_file
from .steps import Step

TOPIC = "kubeadm"
KUBEADM = "/usr/local/bin/kubeadm"
KUBERNETES = "/etc/kubernetes"
ADMIN = f"{KUBERNETES}/admin.conf"
API_SERVER = f"{KUBERNETES}/manifests/kube-apiserver.yaml"
JOURNAL = "/var/lib/navarch/kubeadm.json"
_VERSIONS = {
    "InitConfiguration": "kubeadm.k8s.io/v1beta4",
    "ClusterConfiguration": "kubeadm.k8s.io/v1beta4",
    "JoinConfiguration": "kubeadm.k8s.io/v1beta4",
    "UpgradeConfiguration": "kubeadm.k8s.io/v1beta4",
    "KubeletConfiguration": "kubelet.config.k8s.io/v1beta1",
    "KubeProxyConfiguration": "kubeproxy.config.k8s.io/v1alpha1",
}
_NETWORK_CONFIGURATION = "/etc/cni/net.d/10-containerd-net.conflist"


class Role(Enum):
    """What a host is in its cluster."""

    CONTROL_PLANE = "control_plane"
    WORKER = "worker"


class State(Enum):
    """What is wanted of kubeadm on a host."""

    INITIALISED = "initialised"
    """The cluster begins here."""
    JOINED = "joined"
    ABSENT = "absent"


class Until(Enum):
    """What the Node is waited for."""

    REGISTERED = "registered"
    """The cluster knows it. It becomes Ready when there is a network, which may come only now."""
    READY = "ready"


@dataclass(frozen=True)
class Ticket:
    """What opens a cluster to a new host. In memory only."""

    token: str
    ca_hash: str
    """`sha256:` and the hash of the CA's public key, as kubeadm wants it."""
    ca: str
    """SHA-256 of the CA certificate in DER."""
    certificate_key: str
    encryption: str = ""
    """The file with the keys that encrypt what lies in etcd; empty for a worker, and where nothing is encrypted."""


@dataclass(frozen=True)
class Encryption:
    """How a new cluster encrypts what lies in etcd."""

    provider: str
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What this host is to be."""

    state: State
    role: Role
    name: str
    """Of its Node."""
    documents: Mapping[str, Mapping[str, Any]]
    """kubeadm's configuration by kind."""
    ticket: Ticket | None
    deadline: float
    encryption: Encryption | None = None
    """For a cluster that begins here; None: nothing is encrypted."""
    permissions: tuple[permissions.Permission, ...] = ()
    """Of what kubeadm wrote."""
    until: Until = Until.READY


@dataclass(frozen=True)
class Journal:
    """What we last began here, and whether it came to its end."""

    operation: str = ""
    finished: bool = False


@dataclass(frozen=True)
class Found:
    """What kubeadm left on this host."""

    journal: Journal
    joined: bool
    """The kubelet has a credential."""
    control_plane: bool
    remains: tuple[str, ...]
    """Files of a control plane or a kubelet."""
    membership: kubelet.Membership
    api_server: str = ""
    """Version of the API server in this host's static pod."""
    serving: bool = False
    """Whether the kubelet has a serving certificate of the cluster."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "journal": {"operation": self.journal.operation, "finished": self.journal.finished},
            "control_plane": self.control_plane,
            "remains": list(self.remains),
            "api_server": self.api_server,
            "serving": self.serving,
            **self.membership.to_dict(),
        }


def observe(name: str) -> Found:
    """Look at what kubeadm left here, and ask for this host's Node."""
    paths = (kubelet.KUBECONFIG, ADMIN, API_SERVER, f"{KUBERNETES}/pki/ca.crt", "/var/lib/etcd/member")
    remains = tuple(path for path in paths if os.path.exists(path))
    return Found(
        journal=journal(),
        joined=os.path.exists(kubelet.KUBECONFIG),
        control_plane=os.path.exists(API_SERVER) and os.path.exists(ADMIN),
        remains=remains,
        membership=kubelet.membership(name),
        api_server=image_version(files.read(API_SERVER) or ""),
        serving=os.path.exists(kubelet.SERVING),
    )


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What kubeadm has to do."""
    if wanted.state is State.ABSENT:
        return [_reset("it is to leave its cluster")] if found.remains or found.journal.operation else []
    _refuse_another_cluster(wanted, found)
    if not found.remains:
        return [_begin(wanted)]
    if found.journal.operation and not found.journal.finished:
        if _arrived(wanted, found):
            return [Step(TOPIC, "record", found.journal.operation, "it was interrupted after its last step")]
        if wanted.state is State.INITIALISED and found.journal.operation == "init":
            return [Step(TOPIC, "resume", "init", "it was interrupted")]
        return [_reset(f"an interrupted {found.journal.operation}"), _begin(wanted)]
    if found.joined and found.membership.answer in (kubelet.Answer.UNKNOWN, kubelet.Answer.REFUSED):
        if wanted.state is State.INITIALISED:
            raise NodeError(
                f"This control plane began the cluster, but the API server does not know the Node {wanted.name}.",
                "Restart its kubelet, which registers the Node again.",
            )
        return [_reset("the cluster does not know this Node any more"), _begin(wanted)]
    if not found.joined or (wanted.role is Role.CONTROL_PLANE) != found.control_plane:
        raise NodeError(
            f"This host has parts of a cluster that this collection did not put there, or has another role in it: {', '.join(found.remains)}.",
            "Reset it (`navarch.fleet.reset`) if they are not needed.",
        )
    return []


def act(step: Step, wanted: Wanted) -> None:
    """Carry out one step."""
    if step.action == "reset":
        reset(wanted.deadline)
    elif step.action == "record":
        write_journal(Journal(step.subject, True))
    elif step.subject == "init":
        _initialise(wanted, resume=step.action == "resume")
    else:
        _join(wanted)


def verify(wanted: Wanted) -> kubelet.Membership:
    """Wait until the Node of this host is there, or Ready."""
    end = time.monotonic() + wanted.deadline
    while True:
        membership = kubelet.membership(wanted.name)
        if membership.ready or (wanted.until is Until.REGISTERED and membership.answer is kubelet.Answer.FOUND):
            _restrict(wanted)
            return membership
        if time.monotonic() >= end:
            raise NodeError(
                f"The Node {wanted.name} is not Ready after {wanted.deadline:.0f} s: {_why(membership)}.",
                "See `journalctl --unit kubelet` on the host.",
            )
        time.sleep(0.5)


def _restrict(wanted: Wanted) -> None:
    """What was written on the way to Ready, by kubeadm and by the container runtime, is closed."""
    for step in permissions.plan(wanted.permissions, permissions.observe(wanted.permissions)):
        permissions.act(step)


def reset(deadline: float) -> None:
    """Take away what kubeadm and the network made here; an etcd member leaves its cluster first."""
    write_journal(Journal("reset"))
    run([KUBEADM, "reset", "--force"], deadline=deadline)
    for path in (
        _NETWORK_CONFIGURATION,
        "/var/lib/cni",
        ADMIN,
        f"{KUBERNETES}/super-admin.conf",
        f"{KUBERNETES}/navarch",
    ):
        files.remove(path)
    files.remove(JOURNAL)


def journal() -> Journal:
    """What we last began on this host."""
    try:
        return Journal(**json.loads(files.read(JOURNAL) or "{}"))
    except (ValueError, TypeError):
        return Journal()


def image_version(manifest: str) -> str:
    """The tag of the image of a static pod, empty where there is none."""
    match = re.search(r"^\s*image:\s*\S+:(v[0-9][^\s@]*)", manifest, re.MULTILINE)
    return match[1] if match else ""


def configuration(documents: Sequence[str]) -> AbstractContextManager[str]:
    """A configuration file for kubeadm, in memory only and for as long as it is needed. YAML documents or JSON."""
    return files.in_memory("---\n".join(documents))


def document(kind: str, fields: Mapping[str, Any]) -> str:
    """One document of kubeadm's configuration; JSON is YAML."""
    return json.dumps({"apiVersion": _VERSIONS[kind], "kind": kind, **fields}, indent=1, sort_keys=True) + "\n"


def _initialise(wanted: Wanted, resume: bool) -> None:
    endpoint = str(wanted.documents["ClusterConfiguration"].get("controlPlaneEndpoint") or "")
    local = wanted.documents["InitConfiguration"].get("localAPIEndpoint") or {}
    if endpoint and endpoint.rpartition(":")[0].strip("[]") != local.get("advertiseAddress"):
        _await_listener(endpoint, wanted.deadline)
        if not resume:
            _refuse_running_cluster(endpoint)
    fields = dict(wanted.documents["InitConfiguration"])
    # kubeadm makes one that lives for a day if it is given none.
    fields.setdefault("bootstrapTokens", [{"token": f"{secrets.token_hex(3)}.{secrets.token_hex(8)}", "ttl": "1m0s"}])
    if resume:
        # The checks were passed when it began; now they would refuse what it made.
        registration = {**(fields.get("nodeRegistration") or {}), "ignorePreflightErrors": ["all"]}
        fields["nodeRegistration"] = registration
    documents = [document("InitConfiguration", fields)]
    documents += [
        document(kind, wanted.documents[kind])
        for kind in ("ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration")
        if kind in wanted.documents
    ]
    write_journal(Journal("init"))
    if wanted.encryption is not None:
        key_file.begin(wanted.encryption.provider, wanted.encryption.resources)
    with configuration(documents) as path:
        run([KUBEADM, "init", "--config", path, "--skip-token-print"], deadline=wanted.deadline)
    write_journal(Journal("init", True))


def _join(wanted: Wanted) -> None:
    if wanted.ticket is None:
        raise NodeError(
            "There is no ticket to join with.", "Ask a control plane for one (`navarch.fleet.join_ticket`)."
        )
    fields = dict(wanted.documents["JoinConfiguration"])
    discovery = dict(fields.get("discovery") or {})
    discovery["bootstrapToken"] = {
        **(discovery.get("bootstrapToken") or {}),
        "token": wanted.ticket.token,
        "caCertHashes": [wanted.ticket.ca_hash],
    }
    fields["discovery"] = discovery
    if wanted.role is Role.CONTROL_PLANE:
        fields["controlPlane"] = {**(fields.get("controlPlane") or {}), "certificateKey": wanted.ticket.certificate_key}
    write_journal(Journal("join"))
    if wanted.ticket.encryption:
        key_file.write(wanted.ticket.encryption)
    with configuration([document("JoinConfiguration", fields)]) as path:
        run([KUBEADM, "join", "--config", path], deadline=wanted.deadline)
    write_journal(Journal("join", True))


def _await_listener(endpoint: str, patience: float) -> None:
    """Wait until a load balancer accepts connections; kubeadm itself does not wait for it."""
    host, _sign, port = endpoint.rpartition(":")
    end = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=3).close()
        except OSError as problem:
            if time.monotonic() >= end:
                raise NodeError(
                    f"Nothing accepts connections at the cluster's endpoint {endpoint}: {problem}.",
                    "See whether the load balancer runs and holds that address.",
                ) from None
            time.sleep(1)
        else:
            return


def _refuse_running_cluster(endpoint: str) -> None:
    """Nobody else's cluster, and no second one of our own, is begun behind an endpoint where one answers."""
    context = ssl.create_default_context()
    # Whoever answers is a reason not to begin, whatever its certificate says; nothing is sent to it.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        urllib.request.build_opener(*handlers).open(f"https://{endpoint}/livez", timeout=5).close()
    except urllib.error.HTTPError:
        pass
    except (OSError, http.client.HTTPException):
        return
    raise NodeError(
        f"An API server answers at {endpoint} already, so no cluster is begun there.",
        "If it is this cluster, one of its control planes has to be in the inventory and reachable; else choose another endpoint.",
    )


def _refuse_another_cluster(wanted: Wanted, found: Found) -> None:
    ticket, there = wanted.ticket, found.membership
    if ticket and there.ca and ticket.ca and there.ca != ticket.ca and found.journal.operation != "reset":
        raise NodeError(
            f"This host belongs to another cluster, whose API is {there.server}.",
            "Reset it (`navarch.fleet.reset`) if it is to leave that one.",
        )


def _arrived(wanted: Wanted, found: Found) -> bool:
    """Whether an interrupted join did all that kubeadm does, seen from its effects."""
    labels = (found.membership.node.get("metadata") or {}).get("labels") or {}
    if found.journal.operation != "join" or not found.membership.ready:
        return False
    return wanted.role is Role.WORKER or (found.control_plane and "node-role.kubernetes.io/control-plane" in labels)


def _reset(reason: str) -> Step:
    return Step(TOPIC, "reset", "this host", reason, after="no part of a cluster")


def _begin(wanted: Wanted) -> Step:
    if wanted.state is State.INITIALISED:
        return Step(TOPIC, "run", "init", "the cluster begins here", after="control plane of a new cluster")
    return Step(TOPIC, "run", "join", "it is no Node yet", after=wanted.role.value.replace("_", " "))


def write_journal(entry: Journal) -> None:
    """Write down what begins here, or came to its end."""
    files.write(JOURNAL, json.dumps({"operation": entry.operation, "finished": entry.finished}), 0o600)


def _why(membership: kubelet.Membership) -> str:
    conditions = (membership.node.get("status") or {}).get("conditions") or []
    messages = [each.get("message", "") for each in conditions if each["type"] == "Ready"]
    return (messages or [membership.reason or membership.answer.value])[0]
