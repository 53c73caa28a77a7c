# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets for hosts that join: a token of minutes, the hash of the CA, and for control planes the key to the certificates."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import api, files, kubeadm, kubelet, predecessor
from .commands import run
from .errors import NodeError
from .lock import failures
from .security.texts import ENCRYPTION
from .steps import Step

_PAUSE = 1.0
_SIGNATURE_PATIENCE = 20.0
_SIGNATURE_PAUSE = 0.1
_CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
_KEY_PURPOSE = b"navarch.fleet certificate key"


@dataclass(frozen=True)
class Request:
    """Who wants in, and as what."""

    role: kubeadm.Role
    minutes: int
    """How long the token is to live."""
    newcomer: predecessor.Newcomer | None = None
    """None: one that the cluster may go on knowing under its name."""


@dataclass(frozen=True)
class Reply:
    """Whether the cluster lets a host in, and with what."""

    open: bool
    reason: str = ""
    """Why it does not."""
    steps: tuple[Step, ...] = ()
    """What of an earlier host was removed, or has to be."""
    ticket: kubeadm.Ticket | None = None


def look(request: Request) -> Reply:
    """Say whether the host would be let in, and change nothing."""
    return _told(_look, request)


def give(request: Request, patience: float, known_failures: int | None = None) -> Reply:
    """Let a host in; where that can't be yet, try for `patience` seconds.

    With `known_failures`, what `failures` said here when the play began, the wait ends as soon as this host fails at its own part.
    """
    end = time.monotonic() + patience
    while True:
        failed = known_failures is not None and failures() > known_failures
        reply = _told(_give, request)
        if reply.open or not patience:
            return reply
        if failed:
            return replace(reply, reason=f"its control plane failed in this play ({reply.reason})")
        if time.monotonic() >= end:
            return replace(reply, reason=f"{reply.reason}, still after {patience:g} s")
        time.sleep(_PAUSE)


def _told(ask: Callable[[Request], Reply], request: Request) -> Reply:
    """No failure: whoever asks does so with no_log, and the reason would be hidden with the secret."""
    try:
        return ask(request)
    except (NodeError, OSError) as problem:
        return Reply(False, str(problem))


def _look(request: Request) -> Reply:
    """Whether this control plane is one, whether its API server is ready, and whether nobody lives under the newcomer's name."""
    journal = kubeadm.journal()
    if journal.operation and not journal.finished:
        return Reply(False, f"its {journal.operation} is not finished")
    if files.read(kubeadm.ADMIN) is None:
        return Reply(False, "it is no control plane yet")
    api.text("/readyz")
    newcomer = request.newcomer
    if newcomer is None:
        return Reply(True)
    found = predecessor.observe(newcomer)
    if address := predecessor.elsewhere(newcomer, found):
        return Reply(
            False,
            f"the Node {newcomer.node} is Ready at {address}, but its host in the inventory is {newcomer.address}; "
            f"if that one is gone, the cluster will see it within a minute, else give the new host another name",
        )
    return Reply(True, steps=tuple(predecessor.plan(newcomer, found)))


def _give(request: Request) -> Reply:
    reply = _look(request)
    if not reply.open:
        return reply
    for step in reply.steps:
        predecessor.act(step)
    return replace(reply, ticket=_issue(request.role, request.minutes))


def _issue(role: kubeadm.Role, minutes: int) -> kubeadm.Ticket:
    """Make a token, and for a control plane upload the certificates under a key."""
    command = [kubeadm.KUBEADM, "token", "create", "--kubeconfig", kubeadm.ADMIN, "--ttl", f"{minutes}m"]
    said = run([*command, "--description", "navarch.fleet: a host joins", "--print-join-command"], deadline=60)
    token = re.search(r"--token (\S+)", said)
    ca_hash = re.search(r"--discovery-token-ca-cert-hash (\S+)", said)
    if not token or not ca_hash:
        raise NodeError("kubeadm made a token but did not say how to use it.")
    _await_signature(token[1])
    joins_control_plane = role is kubeadm.Role.CONTROL_PLANE
    key = _upload_certificates() if joins_control_plane else ""
    encryption = (files.read(ENCRYPTION) or "") if joins_control_plane else ""
    authority = files.read(f"{kubeadm.KUBERNETES}/pki/ca.crt") or ""
    return kubeadm.Ticket(token[1], ca_hash[1], kubelet.fingerprint(authority), key, encryption)


def _await_signature(token: str) -> None:
    """Wait until the controller manager has signed the cluster's address with this token.

    kubeadm looks whether it did and then, if not, sleeps for five seconds (kubernetes/kubernetes, `cmd/kubeadm/app/discovery/token`).
    Where nothing is signed for long, that is left to it, because it says why.
    """
    signature = f"jws-kubeconfig-{token.partition('.')[0]}"
    end = time.monotonic() + _SIGNATURE_PATIENCE
    while time.monotonic() < end:
        if signature in ((api.get(_CLUSTER_INFO) or {}).get("data") or {}):
            return
        time.sleep(_SIGNATURE_PAUSE)


def _upload_certificates() -> str:
    """Put the certificates into the cluster, encrypted; the key that opens them.

    The key is derived from the CA's private key, so that control planes which join side by side get the same one, and it
    need not be kept anywhere: who has the CA's key needs no other.
    """
    authority = files.read(f"{kubeadm.KUBERNETES}/pki/ca.key")
    if authority is None:
        raise NodeError("The key of the cluster's CA is not on this control plane.", "Ask another control plane.")
    key = hmac.new(authority.encode(), _KEY_PURPOSE, hashlib.sha256).hexdigest()
    known = api.get("/api/v1/namespaces/kube-system/configmaps/kubeadm-config")
    if known is None:
        raise NodeError("kubeadm's configuration is not in the cluster.", "Was it made by kubeadm?")
    cluster = known["data"]["ClusterConfiguration"]
    own = kubeadm.document("InitConfiguration", {"certificateKey": key})
    with kubeadm.configuration([own, cluster.rstrip("\n") + "\n"]) as path:
        run([kubeadm.KUBEADM, "init", "phase", "upload-certs", "--upload-certs", "--config", path], deadline=60)
    return key
