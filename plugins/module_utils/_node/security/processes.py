# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command lines of the parts of Kubernetes that run on this host."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kubelet", "kube-proxy")


@dataclass(frozen=True)
class Process:
    """One of them."""

    number: int
    flags: Mapping[str, str] = field(default_factory=dict)
    """By name without dashes; one without a value is `true`."""


def running() -> dict[str, Process]:
    """The parts that run, by the name of their program."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                    words = file.read().split("\0")
                name = os.path.basename(words[0])
                if name in COMPONENTS and _is_ours(entry):
                    found[name] = Process(int(entry), flags(words[1:]))
    return found


def flags(words: Sequence[str]) -> dict[str, str]:
    """What a command line says, by flag."""
    said: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            said[name] = value if equals else "true"
            name = "" if equals else name
        elif name and word:
            said[name], name = word, ""
    return said


def _is_ours(number: str) -> bool:
    """Whether it is in the host's own network, as the parts of Kubernetes are; a pod may run programs of the same names."""
    return os.readlink(f"/proc/{number}/ns/net") == os.readlink("/proc/self/ns/net")
