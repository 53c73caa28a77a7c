# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A credential for one API server, read from a kubeconfig.

A kubeconfig can run programs, read any file and switch verification off, so all of that is refused unless the
caller allows it by name (see :data:`REFUSALS`).
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import library
from .errors import CredentialError

if TYPE_CHECKING:
    from typing import Any

REFUSALS = {
    "exec": "runs a program",
    "auth-provider": "runs a program or calls a third party",
    "file": "reads other files",
    "proxy-url": "sends everything through a proxy",
    "insecure-skip-tls-verify": "trusts any server",
}
"""What a kubeconfig may hold only when allowed, and why: the key is the word to allow it by."""


@dataclass(frozen=True, slots=True)
class Credential:
    """How to reach one API server and who we are there. Secrets stay out of ``repr``."""

    server: str
    """URL, with a path prefix where the server sits behind one."""
    ca_data: bytes | None = field(default=None, repr=False)
    """PEM; ``None`` trusts the system's authorities."""
    token: str | None = field(default=None, repr=False)
    client_certificate_data: bytes | None = field(default=None, repr=False)
    client_key_data: bytes | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_server_name: str | None = None
    proxy_url: str | None = field(default=None, repr=False)
    verification: str = "full"
    """``full``, or ``none`` where the kubeconfig switched it off and the caller allowed that."""

    def secrets(self) -> list[str]:
        """Every string that must never be shown."""
        found = [self.token, self.password, self.proxy_url if self.proxy_url and "@" in self.proxy_url else None]
        for data in (self.client_key_data, self.client_certificate_data):
            if data:
                found += [data.decode("ascii", "replace"), base64.b64encode(data).decode("ascii")]
        return [secret for secret in found if secret]

    def kubeconfig(self, name: str) -> dict[str, Any]:
        """The credential as a kubeconfig with one context, cluster and user, all called ``name``."""
        cluster: dict[str, Any] = {"server": self.server}
        if self.ca_data:
            cluster["certificate-authority-data"] = _encode(self.ca_data)
        if self.tls_server_name:
            cluster["tls-server-name"] = self.tls_server_name
        if self.proxy_url:
            cluster["proxy-url"] = self.proxy_url
        if self.verification == "none":
            cluster["insecure-skip-tls-verify"] = True
        user: dict[str, Any] = {}
        if self.token:
            user["token"] = self.token
        if self.client_certificate_data and self.client_key_data:
            user["client-certificate-data"] = _encode(self.client_certificate_data)
            user["client-key-data"] = _encode(self.client_key_data)
        if self.username:
            user.update(username=self.username, password=self.password or "")
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }


def read_kubeconfig(
    source: str | Mapping[str, Any],
    *,
    context: str | None = None,
    allowed: frozenset[str] = frozenset(),
    cluster: str | None = None,
) -> Credential:
    """Read the credential of one context.

    :param source: a path, the text of a kubeconfig, or its parsed form.
    :param context: which context; ``None`` is the kubeconfig's current one.
    :param allowed: words of :data:`REFUSALS` that this kubeconfig may use.
    :param cluster: the name to blame in errors.
    :raises CredentialError: unreadable, incomplete, or holding what is refused.
    """
    document, folder = _load(source, cluster)
    name = context or document.get("current-context")
    if not name:
        known = ", ".join(str(entry.get("name")) for entry in document.get("contexts") or []) or "none"
        raise CredentialError(
            "the kubeconfig has no current-context",
            cluster=cluster,
            next_step=f"Name a context; it has: {known}",
        )
    chosen = _entry(document, "contexts", "context", str(name), cluster)
    server = _entry(document, "clusters", "cluster", str(chosen.get("cluster")), cluster)
    user = _entry(document, "users", "user", str(chosen.get("user")), cluster) if chosen.get("user") else {}
    _refuse(server, user, allowed, cluster)
    if not server.get("server"):
        raise CredentialError(f"context {name} names no server", cluster=cluster)
    material = _Material(folder, cluster)
    token = user.get("token") or material.text(user, "tokenFile")
    certificate = material.data(user, "client-certificate")
    key = material.data(user, "client-key")
    if user.get("exec"):
        token, certificate, key = _run_exec(user["exec"], server, folder, cluster)
    return Credential(
        server=str(server["server"]).rstrip("/"),
        ca_data=material.data(server, "certificate-authority"),
        token=token,
        client_certificate_data=certificate,
        client_key_data=key,
        username=user.get("username"),
        password=user.get("password"),
        tls_server_name=server.get("tls-server-name"),
        proxy_url=server.get("proxy-url"),
        verification="none" if server.get("insecure-skip-tls-verify") else "full",
    )


def _load(source: str | Mapping[str, Any], cluster: str | None) -> tuple[Mapping[str, Any], str]:
    """The parsed kubeconfig, and the folder that its relative paths start from."""
    if isinstance(source, Mapping):
        return source, os.getcwd()
    folder, text = os.getcwd(), source
    if "\n" not in source and not source.lstrip().startswith("{"):
        path = os.path.abspath(os.path.expanduser(source))
        folder = os.path.dirname(path)
        try:
            with open(path, encoding="utf-8") as handle:
                text = handle.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise CredentialError(
                f"the kubeconfig {path} can't be read: {reason}",
                cluster=cluster,
                next_step="Give the path of a readable kubeconfig, or its content",
            ) from error
    library.require("PyYAML")
    try:
        document = library.yaml.safe_load(text)
    except library.yaml.YAMLError:
        # The parser quotes the line it failed at, which may hold a secret, so its text and the chain end here.
        raise CredentialError("the kubeconfig is not YAML", cluster=cluster) from None
    if not isinstance(document, Mapping) or "clusters" not in document:
        raise CredentialError("that is not a kubeconfig: it has no clusters", cluster=cluster)
    return document, folder


def _entry(document: Mapping[str, Any], section: str, key: str, name: str, cluster: str | None) -> Mapping[str, Any]:
    for entry in document.get(section) or []:
        if isinstance(entry, Mapping) and entry.get("name") == name:
            return entry.get(key) or {}
    known = ", ".join(str(entry.get("name")) for entry in document.get(section) or []) or "none"
    raise CredentialError(f"the kubeconfig has no {key} named {name}; it has: {known}", cluster=cluster)


def _refuse(server: Mapping[str, Any], user: Mapping[str, Any], allowed: frozenset[str], cluster: str | None) -> None:
    files = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
    found = [word for word in ("exec", "auth-provider") if user.get(word)]
    found += [word for word in ("proxy-url", "insecure-skip-tls-verify") if server.get(word)]
    if any(server.get(word) or user.get(word) for word in files):
        found.append("file")
    refused = [word for word in found if word not in allowed]
    if refused:
        reasons = ", ".join(f"{word} ({REFUSALS[word]})" for word in refused)
        raise CredentialError(
            f"the kubeconfig uses {reasons}, which is refused",
            cluster=cluster,
            next_step=f"Flatten it (kubectl config view --raw --flatten), or allow it by name: {', '.join(refused)}",
        )
    if user.get("auth-provider"):
        raise CredentialError(
            "auth-provider was removed from Kubernetes and is not supported",
            cluster=cluster,
            next_step="Use a kubeconfig with exec, a token or a client certificate",
        )


class _Material:
    """Reads keys that come inline (``x-data``) or by file (``x``)."""

    def __init__(self, folder: str, cluster: str | None) -> None:
        self._folder = folder
        self._cluster = cluster

    def data(self, section: Mapping[str, Any], key: str) -> bytes | None:
        inline = section.get(f"{key}-data")
        if inline:
            try:
                return base64.b64decode(inline, validate=False)
            except (binascii.Error, ValueError):
                raise CredentialError(f"{key}-data is not base64", cluster=self._cluster) from None
        return self._file(section.get(key), key)

    def text(self, section: Mapping[str, Any], key: str) -> str | None:
        content = self._file(section.get(key), key)
        return content.decode("utf-8").strip() if content else None

    def _file(self, path: str | None, key: str) -> bytes | None:
        if not path:
            return None
        try:
            with open(os.path.join(self._folder, path), "rb") as handle:
                return handle.read()
        except OSError as error:
            raise CredentialError(f"{key} {path} can't be read: {error.strerror}", cluster=self._cluster) from error


def _run_exec(
    settings: Mapping[str, Any], server: Mapping[str, Any], folder: str, cluster: str | None
) -> tuple[str | None, bytes | None, bytes | None]:
    """Run the allowed credential plugin; the client library knows its protocol."""
    try:
        from kubernetes.config.exec_provider import ExecProvider
        from kubernetes.config.kube_config import ConfigNode
    except ImportError as error:
        raise CredentialError(
            "exec needs the Python library kubernetes", cluster=cluster, next_step="pip install kubernetes"
        ) from error
    try:
        status = ExecProvider(ConfigNode("exec", dict(settings)), folder, ConfigNode("cluster", dict(server))).run()
    except Exception as error:
        raise CredentialError(
            f"the credential plugin {settings.get('command')} failed: {type(error).__name__}", cluster=cluster
        ) from None
    certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    return status.get("token"), certificate and certificate.encode(), key and key.encode()


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
