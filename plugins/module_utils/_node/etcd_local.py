# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The etcd of a host of its own, asked with the certificate that this host has for it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import etcd, etcd_certificates, files, kubeadm
from .commands import Completed, attempt
from .errors import NodeError
from .etcd import Member

UNIT = "etcd.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
JOURNAL = "/var/lib/navarch/etcd.json"
MEMBER = f"{etcd.DATA}/member"
HERE = ("https://127.0.0.1:2379",)
CLIENT_PORT, PEER_PORT = 2379, 2380
_BRIEF = ("--dial-timeout", "3s", "--command-timeout", "10s")


@dataclass(frozen=True)
class Status:
    """What the member of this host says of itself."""

    version: str
    learner: bool


def membership() -> dict[str, Any]:
    """How this host stands with an etcd that is on hosts of its own, as one of them or as a control plane."""
    return {"etcd": look(), "etcd_servers": list(etcd.servers())}


def look() -> dict[str, Any]:
    """What decides where etcd begins and whether there is anything to do here; empty where this is no host of etcd."""
    entry, data = journal(), os.path.exists(MEMBER)
    if not entry.operation and not (data and os.path.exists(UNIT_FILE)):
        return {}
    said = status()
    return {
        "journal": {"operation": entry.operation, "finished": entry.finished},
        "data": data,
        "well": bool(entry.finished and said and not unwell()),
        "version": said.version if said else "",
        "holds": holds(),
    }


def closed() -> str:
    """Why this host's etcd lets nobody in; empty: it does."""
    entry = journal()
    if not entry.finished:
        return f"its {entry.operation} is not finished" if entry.operation else "it has no etcd yet"
    return unwell()


def holds() -> bool:
    """Whether the data of a Kubernetes cluster is in it."""
    query = ("get", "/registry/", "--prefix", "--limit", "1", "--keys-only", "--consistency", "s")
    return bool(etcdctl(HERE, *query).output.strip())


def unwell() -> str:
    """Why the member of this host does not serve; empty: it does."""
    said = status()
    if said is None:
        return "the member of this host does not answer"
    return "the member of this host has not all data yet" if said.learner else unhealthy()


def unhealthy(*options: str) -> str:
    """What is wrong with this host's member, or with `--cluster` with any; empty: nothing."""
    said = etcdctl(HERE, "endpoint", "health", *options)
    lines = [line for line in (said.output + said.errors).splitlines() if "unhealthy" in line]
    return "" if said.code == 0 else "; ".join(lines) or refusal(said)


def status() -> Status | None:
    """None: the member does not answer, or there is none."""
    said = etcdctl(HERE, "endpoint", "status", "--write-out", "json")
    if said.code != 0:
        return None
    told: dict[str, Any] = json.loads(said.output)[0]["Status"]
    return Status(told.get("version", ""), bool(told.get("isLearner")))


def members(urls: Sequence[str]) -> tuple[Member, ...] | None:
    """All members as those at these addresses know them. None: nobody answers, or this host has no certificate to ask with."""
    said = etcdctl(urls, "member", "list", "--write-out", "json")
    return tuple(etcd.listed(said.output)) if said.code == 0 else None


def ask(urls: Sequence[str], *arguments: str) -> None:
    """Have the members do something; a refusal is an error."""
    said = etcdctl(urls, *arguments)
    if said.code != 0:
        raise NodeError(
            f"etcd refuses `{' '.join(arguments)}`: {refusal(said)}.",
            "See `etcdctl member list` on a host of etcd.",
        )


def etcdctl(urls: Sequence[str], *arguments: str) -> Completed:
    """Run etcdctl. Where this host has no certificate yet, it fails."""
    access = ["--cacert", etcd_certificates.AUTHORITY, "--cert", etcd_certificates.CLIENT]
    access += ["--key", etcd_certificates.CLIENT_KEY, "--endpoints", ",".join(urls)]
    if not urls or not os.path.exists(etcd_certificates.CLIENT):
        return Completed(1, "", "there is nobody to ask")
    return attempt([etcd.ETCDCTL, *access, *_BRIEF, *arguments])


def refusal(said: Completed) -> str:
    """Why etcd did not do what it was asked for, without what etcdctl logs; empty: it did."""
    if said.code == 0:
        return ""
    lines = said.errors.strip().splitlines() or ["etcdctl failed"]
    return next((line for line in lines if line.startswith("Error: ")), lines[-1]).removeprefix("Error: ")


def listens(member: Member) -> bool:
    """Whether anybody accepts connections where a member should be."""
    for address in member.addresses:
        try:
            socket.create_connection((address, PEER_PORT), timeout=3).close()
        except OSError:
            continue
        return True
    return False


def journal() -> kubeadm.Journal:
    """What we last began here with etcd."""
    try:
        return kubeadm.Journal(**json.loads(files.read(JOURNAL) or "{}"))
    except (ValueError, TypeError):
        return kubeadm.Journal()


def write_journal(entry: kubeadm.Journal) -> None:
    """Write down what begins here, or came to its end."""
    files.write(JOURNAL, json.dumps({"operation": entry.operation, "finished": entry.finished}), 0o600)
