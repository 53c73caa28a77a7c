# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host was before us: each thing is written down before it is changed for the first time, so that reset can undo it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import binaries, files, kernel, network_rules, units
from .steps import Step

_FILE = "/var/lib/navarch/ledger.json"
_ORIGINALS = "/var/lib/navarch/originals"
FOLDERS = (
    "/etc/cni",
    "/etc/containerd",
    "/etc/kubernetes",
    "/etc/navarch",
    "/opt/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/flannel",
    "/run/kubernetes",
    "/run/navarch",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)
"""Folders of Kubernetes, its network and its runtime. Those that held something before us are left alone."""


@dataclass
class Ledger:
    """The host as it was."""

    files: dict[str, str | None] = field(default_factory=dict)
    """By path: where the original lies; None where there was none."""
    parameters: dict[str, str] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    """Modules of the kernel that were loaded for us."""
    units: dict[str, dict[str, bool]] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    """Packages that were installed for us, with those that they need."""
    swaps: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Folders out of `FOLDERS` that were in use."""
    tables: list[str] = field(default_factory=list)
    """Tables of nftables."""


def read() -> Ledger | None:
    """The ledger of this host, or None where we never changed it."""
    text = files.read(_FILE)
    return None if text is None else Ledger(**json.loads(text))


def note(steps: Sequence[Step], seen: Mapping[str, units.Found]) -> None:
    """Write down what these steps are about to change. `seen` is what systemd says of units."""
    ledger = read() or _first()
    for step in steps:
        if step.topic in (files.TOPIC, binaries.TOPIC) or step.action == "write":
            _note_file(ledger, step.subject)
        elif step.topic == kernel.PARAMETERS:
            ledger.parameters.setdefault(step.subject, step.before)
        elif step.topic == kernel.MODULES and step.subject not in ledger.modules:
            ledger.modules.append(step.subject)
        elif step.topic == kernel.SWAP:
            ledger.swaps = ledger.swaps or step.subject.split()
        elif step.topic == units.TOPIC and step.subject in seen:
            unit = seen[step.subject]
            ledger.units.setdefault(step.subject, {"active": unit.active, "enabled": unit.enabled})
    _write(ledger)


def note_packages(before: Collection[str], after: Collection[str]) -> None:
    """Write down which packages were installed."""
    ledger = read() or _first()
    ledger.packages = sorted({*ledger.packages, *(set(after) - set(before))})
    _write(ledger)


def _first() -> Ledger:
    return Ledger(folders=[path for path in FOLDERS if _in_use(path)], tables=network_rules.tables())


def _note_file(ledger: Ledger, path: str) -> None:
    if path in ledger.files or not path.startswith("/"):
        return
    if not os.path.isfile(path):
        ledger.files[path] = "" if os.path.isdir(path) else None
        return
    os.makedirs(_ORIGINALS, mode=0o700, exist_ok=True)
    copy = os.path.join(_ORIGINALS, str(len(ledger.files)))
    shutil.copy2(path, copy)
    ledger.files[path] = copy


def _in_use(path: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(os.listdir(path))
    return False


def _write(ledger: Ledger) -> None:
    fields: dict[str, Any] = dict(vars(ledger))
    files.write(_FILE, json.dumps(fields, indent=1), 0o600)
