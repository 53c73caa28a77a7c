# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hub as modules, inventory and lookup name it: one set of options, with environment fall-backs.

Nothing here needs Ansible itself, so the controller-side plugins use it as well.
"""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.credential import Credential, read_kubeconfig
from .._kube.errors import CredentialError
from .._registry.hub import Hub
from .._registry.hub import open_hub as open_registry
from .._registry.names import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from typing import Any

ENVIRONMENT = {
    "hub_kubeconfig": "NAVARCH_HUB_KUBECONFIG",
    "hub_context": "NAVARCH_HUB_CONTEXT",
    "hub_host": "NAVARCH_HUB_HOST",
    "hub_token": "NAVARCH_HUB_TOKEN",
    "hub_ca_cert": "NAVARCH_HUB_CA_CERT",
    "hub_namespace": "NAVARCH_HUB_NAMESPACE",
}
"""The environment variable that stands in for each option."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who holds a lock, in words an operator recognises."""

    holder: str
    """Unique to this play; tasks of one play share it when they are given the same one."""
    who: str
    where: str
    """Machine and process."""
    place: str
    """Machine alone: the name of an observer, which the next process on it continues."""


def open_hub(params: Mapping[str, Any]) -> Hub:
    """The hub that the options name, checked to hold a registry that this collection understands."""
    namespace = _option(params, "hub_namespace") or SYSTEM_NAMESPACE
    return open_registry(hub_credential(params), namespace=str(namespace))


def hub_credential(params: Mapping[str, Any]) -> Credential:
    """The credential for the hub's API server, from the options or their environment variables."""
    host, kubeconfig = _option(params, "hub_host"), _option(params, "hub_kubeconfig")
    if host:
        return _from_host(str(host), params)
    if not kubeconfig:
        raise CredentialError(
            "nothing says which API server is the hub",
            cluster="hub",
            next_step="Set hub_kubeconfig (or NAVARCH_HUB_KUBECONFIG), or hub_host with hub_token",
        )
    # The user's own kubeconfig for the hub is trusted as far as kubectl trusts it.
    allowed = frozenset({"exec", "file", "proxy-url"})
    context = _option(params, "hub_context")
    return read_kubeconfig(kubeconfig, context=str(context) if context else None, allowed=allowed, cluster="hub")


def play_identity(holder: str | None) -> Identity:
    """Who runs this: the given play id, or one of its own for a task that stands alone."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = f"uid {os.getuid()}"
    place = socket.gethostname()[:63] or "unknown"
    return Identity(holder or uuid.uuid4().hex, who, f"{place} pid {os.getpid()}", place)


def _from_host(host: str, params: Mapping[str, Any]) -> Credential:
    token, authority = _option(params, "hub_token"), _option(params, "hub_ca_cert")
    if not token:
        raise CredentialError("hub_host needs hub_token", cluster="hub", next_step="Set NAVARCH_HUB_TOKEN")
    server = host if "://" in host else f"https://{host}"
    return Credential(server=server.rstrip("/"), token=str(token), ca_data=_pem(str(authority)) if authority else None)


def _pem(authority: str) -> bytes:
    if "-----BEGIN" in authority:
        return authority.encode()
    try:
        with open(os.path.expanduser(authority), "rb") as handle:
            return handle.read()
    except OSError as error:
        raise CredentialError(f"hub_ca_cert {authority} can't be read: {error.strerror}", cluster="hub") from error


def _option(params: Mapping[str, Any], name: str) -> str | Mapping[str, Any] | None:
    return params.get(name) or os.environ.get(ENVIRONMENT[name]) or None
