# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The etcd of a control plane, asked with the credential that its API server uses. Stacked or external, that is the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from . import files, kubeadm
from .commands import Completed, attempt
from .errors import NodeError

ETCDCTL = "/usr/local/bin/etcdctl"
ETCDUTL = "/usr/local/bin/etcdutl"
DATA = "/var/lib/etcd"


@dataclass(frozen=True)
class Member:
    """A member of etcd."""

    identity: str
    """Hexadecimal."""
    name: str
    """Empty while it has not started."""
    addresses: tuple[str, ...] = ()
    """Of hosts, where the other members reach it."""
    learner: bool = False
    """It has not all data yet, and does not count for the majority."""


def flag(name: str) -> str:
    """An option of this host's API server, from its manifest."""
    match = re.search(rf"^\s*- --{re.escape(name)}=(\S+)$", files.read(kubeadm.API_SERVER) or "", re.MULTILINE)
    return match[1] if match else ""


def servers() -> tuple[str, ...]:
    """Where this host's API server finds etcd; empty where there is none."""
    return tuple(each for each in flag("etcd-servers").split(",") if each)


def etcdctl(arguments: Sequence[str], deadline: float = 60.0) -> Completed:
    """Run etcdctl against the etcd that this host's API server uses."""
    endpoints = flag("etcd-servers")
    if not endpoints:
        raise NodeError("This host has no API server, so no etcd is known here.", "Ask a control plane.")
    access = ["--cacert", flag("etcd-cafile"), "--cert", flag("etcd-certfile"), "--key", flag("etcd-keyfile")]
    return attempt([ETCDCTL, "--endpoints", endpoints, *access, *arguments], deadline=deadline)


def members() -> list[Member]:
    """The members of etcd."""
    said = etcdctl(["member", "list", "--write-out", "json"])
    if said.code != 0:
        raise NodeError(f"etcd does not tell its members: {said.errors.strip()}")
    return listed(said.output)


def listed(output: str) -> list[Member]:
    """Members as `etcdctl member list` writes them in JSON."""
    found: list[dict[str, Any]] = json.loads(output)["members"]
    return [
        Member(
            f"{each['ID']:x}",
            each.get("name", ""),
            _hosts(each.get("peerURLs") or ()),
            bool(each.get("isLearner")),
        )
        for each in found
    ]


def stacked() -> bool:
    """Whether the members of etcd are on the control planes."""
    return any(host in ("127.0.0.1", "::1", "localhost") for host in _hosts(flag("etcd-servers").split(",")))


def remove_member(identity: str) -> None:
    """Remove a member; etcd itself refuses where too few would be left."""
    said = etcdctl(["member", "remove", identity])
    if said.code != 0:
        raise NodeError(
            f"etcd does not let the member {identity} go: {said.errors.strip()}", "See `etcdctl member list`."
        )


def unhealthy() -> str:
    """What is wrong with the members of etcd; empty if nothing is."""
    said = etcdctl(["endpoint", "health", "--cluster"])
    lines = (said.output + said.errors).splitlines()
    return "" if said.code == 0 else "; ".join(line for line in lines if "unhealthy" in line) or said.errors.strip()


def _hosts(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(host for url in urls if (host := urlsplit(url).hostname))
