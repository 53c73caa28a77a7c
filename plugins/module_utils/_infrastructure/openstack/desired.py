# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of one cluster on OpenStack, as somebody wants them: pure data, read from plain dictionaries."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from .errors import CloudError

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?")


class Role(Enum):
    """What the machines of a set become; the values are inventory groups of the provisioning playbook."""

    CONTROL_PLANE = "control_plane"
    WORKER = "worker"
    LOAD_BALANCER = "load_balancer"


class Spread(Enum):
    """How Nova has to spread the machines of a set over its hosts."""

    ALWAYS = "anti-affinity"
    WHERE_POSSIBLE = "soft-anti-affinity"
    ANYHOW = "none"


class Balancer(Enum):
    """What stands before the API servers."""

    AUTOMATIC = "automatic"
    """Octavia where there is one and more than one control plane, else machines, else nothing."""
    OCTAVIA = "octavia"
    MACHINES = "machines"
    """An address that the machines of role load_balancer pass between them."""
    NONE = "none"


class HostKeys(Enum):
    """Where the machines' SSH host keys are learnt."""

    CONSOLE = "console"
    NONE = "none"


class Keeper(Enum):
    """Who says how many machines a set has; the values are kept in the metadata of its servers."""

    PLAY = "play"
    """Whoever lists it among the sets of its cluster."""
    MACHINE_SET = "machine-set"
    """A machine set of the hub. A play that does not list it leaves it alone."""


@dataclass(frozen=True, slots=True)
class ServerSet:
    """Machines that are alike."""

    name: str
    role: Role
    count: int
    flavor: str
    image: str
    zones: tuple[str, ...] = ()
    """Availability zones, dealt in turn; none: the cloud chooses."""
    spread: Spread = Spread.ANYHOW
    floating: bool = False
    """Each machine gets a floating address."""
    volumes: tuple[int, ...] = ()
    """Sizes in GiB of empty volumes that live and die with the machine."""
    remove: tuple[str, ...] = ()
    """Machines that go first when there are too many, and whatever the count is."""
    keeper: Keeper = Keeper.PLAY
    replace: Mapping[str, str] | None = None
    """Machines to make anew: name to the id of the server that has to go; any other id is left alone."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where the machines are."""

    existing: str = ""
    """Name or id of a network that somebody else keeps; empty: one of our own."""
    cidr: str = "10.64.0.0/24"
    gateway: str = ""
    """Address of the router; empty: the first one of the range."""
    dns: tuple[str, ...] = ()
    external: str = ""
    """Network that the router leads to and that floating addresses come from; empty: no router."""


@dataclass(frozen=True, slots=True)
class Key:
    """The SSH key that machines are made with: the name of one that exists, or the public key of one to make."""

    name: str = ""
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Who may reach the machines from outside of the cluster, as CIDRs."""

    ssh: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    node_ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """All machines of one cluster and what they need."""

    cluster: str
    sets: tuple[ServerSet, ...] = ()
    network: Network = Network()
    key: Key = Key()
    sources: Sources = Sources()
    pod_cidrs: tuple[str, ...] = ()
    balancer: Balancer = Balancer.AUTOMATIC
    balancer_floating: bool = False
    host_keys: HostKeys = HostKeys.CONSOLE
    user_data: str = ""
    """Handed to cloud-init as it is."""

    def of_role(self, role: Role) -> tuple[ServerSet, ...]:
        return tuple(each for each in self.sets if each.role is role)


def read_desired(document: Mapping[str, Any]) -> Desired:
    """Read the options of module ``openstack_machines``; raises :class:`CloudError` that names what is wrong."""
    cluster = document["cluster"]
    desired = Desired(
        cluster=cluster,
        sets=tuple(_set(cluster, each) for each in document.get("sets") or ()),
        network=_part(cluster, "network", Network, document.get("network")),
        key=_part(cluster, "key", Key, document.get("key")),
        sources=_part(cluster, "sources", Sources, document.get("sources")),
        pod_cidrs=tuple(document.get("pod_cidrs") or ()),
        balancer=Balancer(document.get("balancer") or "automatic"),
        balancer_floating=bool(document.get("balancer_floating")),
        host_keys=HostKeys(document.get("host_keys") or "console"),
        user_data=document.get("user_data") or "",
    )
    problems = list(_problems(desired))
    if problems:
        raise CloudError("; ".join(problems) + ".", cluster=cluster, next_step="Correct it and run again.")
    return desired


def _set(cluster: str, given: Mapping[str, Any]) -> ServerSet:
    filled = {name: value for name, value in given.items() if value is not None}
    role = Role(filled.get("role", "worker"))
    standard = Spread.ALWAYS if role is Role.CONTROL_PLANE else Spread.ANYHOW
    for name in ("zones", "volumes", "remove"):
        filled[name] = tuple(filled.get(name, ()))
    made: ServerSet = _part(
        cluster,
        "a machine set",
        ServerSet,
        {**filled, "role": role, "spread": Spread(filled["spread"]) if "spread" in filled else standard},
    )
    return made


def _part(cluster: str, what: str, kind: type[Any], given: Mapping[str, Any] | None) -> Any:
    filled = {name: value for name, value in (given or {}).items() if value is not None}
    unknown = sorted(set(filled) - {field.name for field in fields(kind)})
    if unknown:
        raise CloudError(f"{what} has no option {', '.join(unknown)}.", cluster=cluster)
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in filled.items()})
    except TypeError as error:
        raise CloudError(f"{what}: {error}", cluster=cluster) from error


def _problems(desired: Desired) -> Iterable[str]:
    if not NAME.fullmatch(desired.cluster):
        yield f"{desired.cluster!r} is no name for a cluster: lower case letters, digits and dashes"
    for name, times in Counter(each.name for each in desired.sets).items():
        if times > 1:
            yield f"{times} machine sets are named {name!r}"
        if not NAME.fullmatch(name):
            yield f"{name!r} is no name for a machine set: lower case letters, digits and dashes"
    for each in desired.sets:
        if each.count < 0:
            yield f"machine set {each.name} has count {each.count}"
    for text in (desired.network.cidr, *desired.pod_cidrs, *_sources(desired.sources)):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            yield f"{text!r} is no network range ({error})"


def _sources(sources: Sources) -> Iterable[str]:
    return (*sources.ssh, *sources.api, *sources.node_ports)
