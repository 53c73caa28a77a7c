# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at to judge the security of a host: command lines, files, what answers a stranger, what lies in etcd."""

from __future__ import annotations

import contextlib
import glob
import itertools
import json
import os
import re
import socket
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import files, permissions
from ..errors import NodeError
from ..urls import https
from . import etcd_values, processes

_AUTHORITY = "/etc/kubernetes/pki/ca.crt"
_KUBELET_PORT = 10250
_STRANGERS = ("/livez", "/api", "/api/v1/nodes", "/version")
_NAMED = 5


@dataclass(frozen=True)
class FileFact:
    """A file or a folder."""

    path: str
    mode: int
    owner: str
    """`user:group`."""


@dataclass(frozen=True)
class Evidence:
    """All that was looked at. A part of Kubernetes that is missing in `flags` does not run here."""

    flags: Mapping[str, Mapping[str, str]]
    files: Mapping[str, tuple[FileFact, ...]] = field(default_factory=dict)
    """By the pattern that was looked for."""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """Configuration files that command lines name, by flag; None: not readable as JSON."""
    kubelet: Mapping[str, Any] = field(default_factory=dict)
    """Configuration that the kubelet says it runs with (configz); empty: not known."""
    proxy: str = ""
    """kube-proxy's configuration."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    """How the API server answers requests without credentials: status by path; 0: no answer."""
    kubelet_certificate: str = ""
    """What is wrong with the certificate that the kubelet shows; empty: nothing, or there is no kubelet."""
    open_values: tuple[str, ...] = ()
    """Objects that lie in etcd as they are, of resources that are to be encrypted; a few of them."""
    unread: str = ""
    """Why etcd could not be read."""


def observe(patterns: Iterable[str], address: str, kubelet: Mapping[str, Any]) -> Evidence:
    """Look at this host, and change nothing.

    Args:
        patterns: files to look at; `*` stands for any name.
        address: at which this host's kubelet is reached.
        kubelet: what the kubelet says it runs with, asked for elsewhere.
    """
    running = processes.running()
    flags = {name: process.flags for name, process in running.items()}
    api_server = flags.get("kube-apiserver")
    open_values: tuple[str, ...] = ()
    unread = ""
    documents = _documents(api_server or {})
    if api_server:
        try:
            open_values = _open_values(api_server, documents)
        except NodeError as problem:
            unread = str(problem)
    return Evidence(
        flags=flags,
        files={pattern: _facts(pattern) for pattern in patterns},
        documents=documents,
        kubelet=kubelet,
        proxy=_proxy(running),
        strangers=_strangers(api_server) if api_server else {},
        kubelet_certificate=_kubelet_certificate(address) if "kubelet" in flags else "",
        open_values=open_values,
        unread=unread,
    )


def _facts(pattern: str) -> tuple[FileFact, ...]:
    found = []
    for path in sorted(glob.glob(pattern)):
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(path)
            owner = f"{permissions.user(status.st_uid)}:{permissions.group(status.st_gid)}"
            found.append(FileFact(path, stat.S_IMODE(status.st_mode), owner))
    return tuple(found)


def _documents(flags: Mapping[str, str]) -> dict[str, Any]:
    names = ("audit-policy-file", "admission-control-config-file", "encryption-provider-config")
    return {name: _document(flags[name]) for name in names if name in flags}


def _document(path: str) -> Any:
    try:
        return json.loads(files.read(path) or "")
    except ValueError:
        return None


def _open_values(flags: Mapping[str, str], documents: Mapping[str, Any]) -> tuple[str, ...]:
    document = documents.get("encryption-provider-config") or {}
    access = etcd_values.Access.of(flags)
    resources = [name for group in document.get("resources") or () for name in group.get("resources") or ()]
    found = (
        f"{resource} {name}"
        for resource in resources
        for name, value in etcd_values.beginnings(access, resource)
        if not value.startswith(b"k8s:enc:")
    )
    return tuple(itertools.islice(found, _NAMED))


def _strangers(flags: Mapping[str, str]) -> dict[str, int]:
    host = flags.get("bind-address", "")
    host = flags.get("advertise-address", "127.0.0.1") if host in ("", "0.0.0.0", "::") else host
    place = https(host, flags.get("secure-port", "6443"))
    return {path: _status(f"{place}{path}") for path in _STRANGERS}


def _status(url: str) -> int:
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_trusting(_AUTHORITY))]
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as problem:
        return problem.code
    except OSError:
        return 0


def _kubelet_certificate(address: str) -> str:
    try:
        with socket.create_connection((address, _KUBELET_PORT), timeout=10) as connection:
            _trusting(_AUTHORITY).wrap_socket(connection, server_hostname=address).close()
    except (OSError, ValueError) as problem:
        return str(problem)
    return ""


def _trusting(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    with contextlib.suppress(OSError):
        context = ssl.create_default_context(cafile=authority)
    return context


def _proxy(running: Mapping[str, processes.Process]) -> str:
    process = running.get("kube-proxy")
    if process is None:
        return ""
    path = process.flags.get("config", "")
    return files.read(f"/proc/{process.number}/root{path}") or ""


def field_of(text: str, name: str) -> str:
    """A field at the top of a YAML document as Kubernetes writes it."""
    match = re.search(rf"^{re.escape(name)}:\s*(\S+)\s*$", text, re.MULTILINE)
    return match[1].strip("\"'") if match else ""
