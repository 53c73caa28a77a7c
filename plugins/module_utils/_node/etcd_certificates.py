# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an etcd that is on hosts of its own. Its CA lies on these hosts alone; kubeadm signs, under its own names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import files, kubeadm
from .commands import run
from .errors import NodeError

PKI = f"{kubeadm.KUBERNETES}/pki"
AUTHORITY = f"{PKI}/etcd/ca.crt"
AUTHORITY_KEY = f"{PKI}/etcd/ca.key"
CLIENT = f"{PKI}/etcd/healthcheck-client.crt"
CLIENT_KEY = f"{PKI}/etcd/healthcheck-client.key"
_OF_A_MEMBER = ("server", "peer", "healthcheck-client")
_API_SERVERS = "apiserver-etcd-client"
_NOWHERE = "192.0.2.1"
"""Nobody's address (RFC 5737). kubeadm wants one, and the certificate of a client has none."""


@dataclass(frozen=True)
class Authority:
    """The CA of an etcd. In memory only, on its way from one of its hosts to another."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Credential:
    """What API servers reach etcd with."""

    authority: str
    certificate: str
    key: str


@dataclass(frozen=True)
class Subject:
    """For whom certificates are made."""

    name: str
    """Of the member."""
    address: str
    kubernetes_version: str
    """Of the kubeadm that makes them."""


def authority() -> Authority | None:
    """The CA that lies here, or None where there is none."""
    certificate, key = files.read(AUTHORITY), files.read(AUTHORITY_KEY)
    return Authority(certificate, key) if certificate and key else None


def take_in(given: Authority) -> None:
    """Have the CA of an etcd that this host joins. Certificates of another one go."""
    if authority() == given:
        return
    forget()
    files.write(AUTHORITY, given.certificate, 0o644)
    files.write(AUTHORITY_KEY, given.key, 0o600)


def forget() -> None:
    """Remove the certificates of the member; the CA stays."""
    for name in _OF_A_MEMBER:
        for ending in ("crt", "key"):
            files.remove(f"{PKI}/etcd/{name}.{ending}")


def make(subject: Subject) -> None:
    """Have the certificates of a member, and a CA if there is none. Those that are there stay."""
    names = [f"etcd-{name}" for name in _OF_A_MEMBER]
    _sign(subject, names if authority() else ["etcd-ca", *names], PKI)


def credential(kubernetes_version: str) -> Credential:
    """Sign a new certificate for API servers. Nothing of it stays on this host."""
    subject = Subject("kube-apiserver", _NOWHERE, kubernetes_version)
    own = authority()
    if own is None:
        raise NodeError("The CA of etcd is not on this host.", "Ask another host of etcd.")
    # In memory, and open to root alone.
    with tempfile.TemporaryDirectory(prefix="navarch-", dir="/run") as folder:
        os.makedirs(f"{folder}/etcd")
        files.write(f"{folder}/etcd/ca.crt", own.certificate, 0o600)
        files.write(f"{folder}/etcd/ca.key", own.key, 0o600)
        _sign(subject, [_API_SERVERS], folder)
        certificate, key = (files.read(f"{folder}/{_API_SERVERS}.{ending}") or "" for ending in ("crt", "key"))
    return Credential(own.certificate, certificate, key)


def give(given: Credential) -> None:
    """Put what API servers reach etcd with where kubeadm looks for it."""
    files.write(AUTHORITY, given.authority, 0o644)
    files.write(f"{PKI}/{_API_SERVERS}.crt", given.certificate, 0o644)
    files.write(f"{PKI}/{_API_SERVERS}.key", given.key, 0o600)


def looked_at(documents_of_kubeadm: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """kubeadm's documents without its question to every host of etcd for a version: it refuses to begin while one of them is silent."""
    first = dict(documents_of_kubeadm.get("InitConfiguration") or {})
    registration = dict(first.get("nodeRegistration") or {})
    accepted = [*(registration.get("ignorePreflightErrors") or ()), "ExternalEtcdVersion"]
    first["nodeRegistration"] = {**registration, "ignorePreflightErrors": accepted}
    return {**documents_of_kubeadm, "InitConfiguration": first}


def documents(subject: Subject, folder: str = PKI) -> list[str]:
    """What kubeadm has to know to make or to renew these certificates."""
    own = {"nodeRegistration": {"name": subject.name}, "localAPIEndpoint": {"advertiseAddress": subject.address}}
    cluster = {"kubernetesVersion": subject.kubernetes_version, "certificatesDir": folder}
    return [kubeadm.document("InitConfiguration", own), kubeadm.document("ClusterConfiguration", cluster)]


def _sign(subject: Subject, names: Iterable[str], folder: str) -> None:
    with kubeadm.configuration(documents(subject, folder)) as path:
        for name in names:
            run([kubeadm.KUBEADM, "init", "phase", "certs", name, "--config", path])
