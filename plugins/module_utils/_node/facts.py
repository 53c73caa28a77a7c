# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host is, and what it lacks to be a node."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import files
from .commands import attempt

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Facts:
    """What a host is."""

    hostname: str
    distribution: str
    distribution_version: str
    architecture: str
    """In Go's words."""
    memory: int
    """MiB."""
    processors: int
    addresses: tuple[str, ...]
    address_interface: str
    """The interface that carries the address which was asked about; empty if none does."""
    address_network: str
    """The network of that address."""
    listening: frozenset[int]
    """TCP ports that somebody listens on."""
    time: float

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "listening": sorted(self.listening), "addresses": list(self.addresses)}


@dataclass(frozen=True)
class Carried:
    """An address of an interface, with its network."""

    interface: str
    address: ipaddress.IPv4Interface | ipaddress.IPv6Interface


@dataclass(frozen=True)
class Requirements:
    """What a host has to bring along."""

    memory: int
    processors: int
    ports: tuple[int, ...]
    address: str

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Requirements:
        return cls(
            memory=given.get("memory") or 0,
            processors=given.get("processors") or 0,
            ports=tuple(given.get("ports") or ()),
            address=given.get("address") or "",
        )


def observe(address: str) -> Facts:
    """Look at the host; `address` is one that it should carry, or empty."""
    release = dict(line.split("=", 1) for line in (files.read("/etc/os-release") or "").splitlines() if "=" in line)
    carried = _carried()
    own = next((each for each in carried if address and str(each.address.ip) == address), None)
    return Facts(
        hostname=socket.gethostname(),
        distribution=release.get("ID", "").strip('"'),
        distribution_version=release.get("VERSION_ID", "").strip('"'),
        architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
        memory=_memory(),
        processors=os.cpu_count() or 1,
        addresses=tuple(str(each.address.ip) for each in carried),
        address_interface=own.interface if own else "",
        address_network=str(own.address.network) if own else "",
        listening=_listening(),
        time=time.time(),
    )


def findings(facts: Facts, wanted: Requirements, in_a_cluster: bool) -> list[str]:
    """What the host lacks, each as a sentence. Ports are looked at only while it is in no cluster."""
    found = []
    if facts.memory < wanted.memory:
        found.append(f"It has {facts.memory} MiB of memory; {wanted.memory} MiB are needed.")
    if facts.processors < wanted.processors:
        found.append(f"It has {facts.processors} processors; {wanted.processors} are needed.")
    if wanted.address and not facts.address_network:
        found.append(f"No interface carries the address {wanted.address}; there are {', '.join(facts.addresses)}.")
    taken = sorted(facts.listening & set(wanted.ports))
    if taken and not in_a_cluster:
        found.append(
            f"{'Ports' if len(taken) > 1 else 'Port'} {_with_listeners(taken)} taken already; end what listens there."
        )
    return found


def filled_in(resources: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Resources as a role lists them, with what only the host knows put into the texts of its files."""
    known = {"@ADDRESS_INTERFACE@": facts.address_interface, "@ADDRESS_NETWORK@": facts.address_network}

    def filled(file: Mapping[str, Any]) -> Mapping[str, Any]:
        text = file.get("content")
        for mark, value in known.items():
            text = text and text.replace(mark, value)
        return {**file, "content": text}

    return {**resources, "files": [filled(file) for file in resources.get("files") or ()]}


def _with_listeners(ports: Sequence[int]) -> str:
    by = _listeners()
    named = [f"{port} (by {by[port]})" if port in by else str(port) for port in ports]
    return f"{', '.join(named)} {'are' if len(ports) > 1 else 'is'}"


def _listeners() -> dict[int, str]:
    """Programs that listen, by TCP port, as far as they can be seen."""
    said = attempt(["ss", "--listening", "--tcp", "--numeric", "--processes", "--no-header"])
    pairs = re.findall(r':(\d+)\s+\S+\s+users:\(\("([^"]+)"', said.output)
    return {int(port): name for port, name in pairs}


def _memory() -> int:
    lines = (files.read("/proc/meminfo") or "").splitlines()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("MemTotal:")), 0)


def _carried() -> list[Carried]:
    said = attempt(["ip", "-json", "address", "show", "scope", "global"])
    if said.code != 0:
        return []
    return [
        Carried(link["ifname"], ipaddress.ip_interface(f"{address['local']}/{address['prefixlen']}"))
        for link in json.loads(said.output or "[]")
        for address in link.get("addr_info") or []
        if "local" in address
    ]


def _listening() -> frozenset[int]:
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (files.read(table) or "").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return frozenset(ports)
