# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as it was before us: everything that its ledger lists is undone, and what is left is named."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import files, ledger, network_rules, packages
from .commands import attempt
from .steps import Step

TOPIC = "undo"
STATE = "/var/lib/navarch"
"""Where all that we know of this host lies."""
_MOUNTS = ("/var/lib/kubelet/", "/run/containerd/", "/var/lib/containerd/", "/run/netns/cni-")
_KEPT = ("/var/backups/navarch",)
_OWN_FOLDERS = ("/etc/systemd/system/", "/etc/navarch", "/etc/containerd", "/etc/kubernetes", "/etc/cni", "/opt/cni")
_COMMANDS: Mapping[str, Sequence[str]] = {
    "stop": ("systemctl", "disable", "--now"),
    "unmount": ("umount", "--lazy"),
    "switch on": ("swapon",),
    "unload": ("modprobe", "--remove"),
}


@dataclass(frozen=True)
class Found:
    """What there is to undo."""

    ledger: ledger.Ledger
    known: bool
    """There is a ledger; without one only what Kubernetes itself leaves is undone."""
    folders: tuple[str, ...]
    """Folders of Kubernetes that hold something and did not before us."""
    mounts: tuple[str, ...]
    packages: tuple[str, ...]
    """Packages that were installed for us, and are still there."""


def observe() -> Found:
    """Look at what the ledger lists, and at what a cluster leaves."""
    book = ledger.read()
    known = book is not None
    book = book or ledger.Ledger()
    installed = packages.observe(packages.manager()) if book.packages else {}
    return Found(
        ledger=book,
        known=known,
        folders=tuple(path for path in ledger.FOLDERS if os.path.exists(path) and path not in book.folders),
        mounts=tuple(_mounts()),
        packages=tuple(name for name in book.packages if name in installed),
    )


def plan(found: Found, *, with_packages: bool) -> list[Step]:
    """What is undone, in this order."""
    book = found.ledger
    stopped = [name for name, before in book.units.items() if not (before["active"] and before["enabled"])]
    # What uses containerd stops before containerd does.
    steps = [Step(TOPIC, "stop", name) for name in reversed(stopped) if _runs(name)]
    steps += [Step(TOPIC, "unmount", path) for path in found.mounts]
    steps += network_rules.plan(book.tables)
    steps += [Step(TOPIC, "remove", path) for path in found.folders if _holds_something(path)]
    for path, copy in book.files.items():
        if _differs(path, copy):
            steps.append(Step(TOPIC, "bring back" if copy else "remove", path))
    for name, value in book.parameters.items():
        if value and _now(name) != value:
            steps.append(Step(TOPIC, "set", name, before=_now(name), after=value))
    swaps = files.read("/proc/swaps") or ""
    steps += [Step(TOPIC, "switch on", swap) for swap in book.swaps if swap not in swaps]
    steps += [Step(TOPIC, "unload", name) for name in book.modules if os.path.exists(f"/sys/module/{name}")]
    if with_packages and found.packages:
        steps.append(Step(TOPIC, "purge", "packages", after="\n".join(found.packages)))
    if steps or os.path.exists(STATE):
        steps.append(Step(TOPIC, "forget", STATE))
    return steps


def act(steps: Sequence[Step], found: Found, deadline: float) -> None:
    """Undo all of it. What can't be undone does not stop the rest; it is named afterwards."""
    for step in steps:
        if step.topic == network_rules.TOPIC:
            network_rules.act(step)
        elif step.action == "bring back":
            os.makedirs(os.path.dirname(step.subject), exist_ok=True)
            shutil.copy2(str(found.ledger.files[step.subject]), step.subject)
        elif step.action == "purge":
            packages.purge(found.packages, deadline)
        elif step.action in _COMMANDS:
            attempt([*_COMMANDS[step.action], step.subject], deadline=180)
        elif step.action == "set":
            attempt(["sysctl", "--quiet", "--write", f"{step.subject}={step.after}"])
        else:
            _remove(step.subject)
    _remove_empty_folders(found.ledger.files)
    attempt(["systemctl", "daemon-reload"])
    attempt(["systemctl", "reset-failed"])


def left(found: Found) -> list[str]:
    """What of us is still on the host, in words."""
    rest = [f"folder {path}" for path in found.folders if _holds_something(path)]
    rest += [f"mount {path}" for path in _mounts()]
    rest += network_rules.left(found.ledger.tables)
    rest += [f"kernel module {name}" for name in found.ledger.modules if os.path.exists(f"/sys/module/{name}")]
    if found.packages:
        still = packages.observe(packages.manager())
        rest += [f"package {name}" for name in found.packages if name in still]
    return rest + [f"folder {path} (backups)" for path in _KEPT if os.path.exists(path)]


def _remove(path: str) -> None:
    """Remove a file or a folder. One that something is mounted on is emptied."""
    if not os.path.ismount(path):
        files.remove(path)
        return
    for name in os.listdir(path):
        files.remove(os.path.join(path, name))


def _remove_empty_folders(paths: Iterable[str]) -> None:
    """Remove the folders that our files lay in, if nothing is in them now and no package brought them."""
    for path in sorted({os.path.dirname(path) for path in paths}, key=len, reverse=True):
        if path.startswith(_OWN_FOLDERS) and os.path.isdir(path) and not os.listdir(path):
            os.rmdir(path)


def _differs(path: str, copy: str | None) -> bool:
    if not copy:
        # A folder that was there (an empty text) stays, as long as something is in it.
        return copy is None and os.path.lexists(path)
    return os.path.exists(copy) and (not os.path.isfile(path) or not filecmp.cmp(copy, path, shallow=False))


def _holds_something(path: str) -> bool:
    return os.path.exists(path) and (not os.path.ismount(path) or bool(os.listdir(path)))


def _runs(unit: str) -> bool:
    said = attempt(["systemctl", "show", "--property", "ActiveState,UnitFileState", unit]).output
    return "ActiveState=active" in said or "UnitFileState=enabled" in said


def _now(parameter: str) -> str:
    return " ".join((files.read("/proc/sys/" + parameter.replace(".", "/")) or "").split())


def _mounts() -> list[str]:
    """What is mounted below the folders of the kubelet and containerd, the deepest first."""
    lines = (files.read("/proc/self/mounts") or "").splitlines()
    paths = {line.split()[1].replace("\\040", " ") for line in lines}
    return sorted((path for path in paths if path.startswith(_MOUNTS)), key=len, reverse=True)
