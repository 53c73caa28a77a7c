# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster made anew from a backup: its CAs and its etcd are put where `kubeadm init` finds them and goes on from there."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from . import binaries, etcd, etcd_local, files, kubeadm
from .commands import run
from .errors import NodeError
from .steps import Step
from .urls import https

TOPIC = "restore"
_WORK = "/var/lib/navarch/restore"
_PKI = f"{kubeadm.KUBERNETES}/pki"
_MARK = f"{kubeadm.KUBERNETES}/.navarch-restore"
_OWN = ("snapshot.db", "about.json", "pki/ca.crt", "pki/ca.key")
# etcd's advice for Kubernetes: whoever saw a later revision than the snapshot's must not take the past for the present.
_REVISIONS_AHEAD = "1000000000"


class Part(Enum):
    """What of a backup goes to a host."""

    KEYS = "keys"
    """To a control plane."""
    ETCD = "etcd"
    """To wherever etcd begins; that is the same host, unless etcd is on hosts of its own."""


@dataclass(frozen=True)
class Wanted:
    """What is restored, and where."""

    parts: frozenset[Part]
    archive: str
    cluster: str
    node: str
    address: str


@dataclass(frozen=True)
class Found:
    """What is on this host."""

    remains: tuple[str, ...]
    seeded: bool
    """A restore put its part here, and kubeadm has not finished."""


def observe(wanted: Wanted) -> Found:
    """Look at what a cluster or an earlier restore left on this host."""
    found = kubeadm.observe("")
    journal = found.journal if Part.KEYS in wanted.parts else etcd_local.journal()
    began = journal.operation == ("init" if Part.KEYS in wanted.parts else "begin")
    return Found(found.remains, began and not journal.finished and bool(found.remains))


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What has to be put here."""
    if found.seeded:
        return []
    left = [path for path in found.remains if not _half_done(path)]
    if left:
        raise NodeError(
            f"This host holds parts of a cluster already: {', '.join(left)}.",
            "Reset it (`navarch.fleet.reset`) if that one is lost, then restore.",
        )
    parts = " and ".join(sorted(part.value for part in wanted.parts))
    return [Step(TOPIC, "restore", wanted.cluster, f"from {os.path.basename(wanted.archive)}", after=parts)]


def act(wanted: Wanted, deadline: float) -> Mapping[str, str]:
    """Put the CAs, the keys and the data of etcd in place; what the backup says of itself.

    The journal is written last, so that an interrupted restore is made again from its beginning.
    """
    files.remove(_WORK)
    os.makedirs(_WORK, mode=0o700)
    try:
        _unpack(wanted.archive)
        about = _checked(wanted)
        files.write(_MARK, wanted.archive, 0o600)
        if Part.KEYS in wanted.parts:
            _restore_keys(wanted, about.get("encryption_file") or "")
        if Part.ETCD in wanted.parts:
            _restore_etcd(wanted, deadline)
        if Part.KEYS in wanted.parts:
            kubeadm.write_journal(kubeadm.Journal("init"))
        else:
            etcd_local.write_journal(kubeadm.Journal("begin"))
        files.remove(_MARK)
    finally:
        files.remove(_WORK)
    return about


def _half_done(path: str) -> bool:
    """Whether an interrupted restore put this there."""
    return os.path.exists(_MARK) and path.startswith((_PKI, etcd.DATA))


def _unpack(archive: str) -> None:
    try:
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                target = os.path.normpath(os.path.join(_WORK, member.name))
                if not (member.isfile() or member.isdir()) or not (target + "/").startswith(_WORK + "/"):
                    raise NodeError(f"{archive} holds {member.name}, which no backup of ours does.", "Don't use it.")
                tar.extract(member, _WORK)
    except (tarfile.TarError, EOFError) as problem:
        raise NodeError(f"{archive} is no backup, or is damaged: {problem}.", "Take another one.") from None


def _checked(wanted: Wanted) -> Mapping[str, str]:
    """What the backup says of itself, after each of its files was compared with its checksum."""
    for line in (files.read(f"{_WORK}/SHA256SUMS") or "").splitlines():
        digest, _sign, name = line.partition("  ")
        if binaries.sha256(os.path.join(_WORK, name)) != digest:
            raise NodeError(f"{name} in {wanted.archive} is damaged.", "Take another backup.")
    missing = [name for name in _OWN if not os.path.exists(f"{_WORK}/{name}")]
    if missing:
        raise NodeError(
            f"{wanted.archive} lacks {', '.join(missing)}.", "A backup of this collection has them; take one."
        )
    about: dict[str, str] = json.loads(files.read(f"{_WORK}/about.json") or "{}")
    if about.get("cluster") != wanted.cluster:
        raise NodeError(
            f"{wanted.archive} is of cluster {about.get('cluster')}, and this host is of {wanted.cluster}.",
            "Name the backup of this cluster.",
        )
    return about


def _restore_keys(wanted: Wanted, encryption_file: str) -> None:
    shutil.copytree(f"{_WORK}/pki", _PKI, dirs_exist_ok=True)
    if Part.ETCD not in wanted.parts or not os.path.exists(f"{_PKI}/etcd/ca.key"):
        # Of an etcd on hosts of its own: the one that begins now has a CA of its own.
        for name in ("etcd", "apiserver-etcd-client.crt", "apiserver-etcd-client.key"):
            files.remove(f"{_PKI}/{name}")
    if encryption_file:
        files.write(encryption_file, files.read(f"{_WORK}/encryption.yaml") or "", 0o600)


def _restore_etcd(wanted: Wanted, deadline: float) -> None:
    """Make the data of a cluster of one member; further control planes join it."""
    peer = https(wanted.address, 2380)
    fresh = f"{etcd.DATA}/.navarch-restore"
    for path in (fresh, f"{etcd.DATA}/member"):
        files.remove(path)
    os.makedirs(etcd.DATA, mode=0o700, exist_ok=True)
    run(
        [
            etcd.ETCDUTL,
            "snapshot",
            "restore",
            f"{_WORK}/snapshot.db",
            *("--data-dir", fresh),
            *("--name", wanted.node),
            *("--initial-cluster", f"{wanted.node}={peer}"),
            *("--initial-advertise-peer-urls", peer),
            *("--bump-revision", _REVISIONS_AHEAD),
            "--mark-compacted",
        ],
        deadline=deadline,
    )
    os.replace(f"{fresh}/member", f"{etcd.DATA}/member")
    files.remove(fresh)
    os.chmod(etcd.DATA, 0o700)
