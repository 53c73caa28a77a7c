# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider of machines has to be able to do.

A provider is asked for a state ("this set has five machines, without that one"), never for an act ("make one more"):
so a call can be repeated after any error, and a run that was killed is completed by the next. Whoever calls holds a
lock, so that no two callers change one set at once.

Small on purpose. What machines are called, how they are found again and what they are made of is the provider's own
matter; that they become nodes is somebody else's, unless the provider does it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from .errors import InfrastructureError

if TYPE_CHECKING:
    from typing import Any


class Phase(Enum):
    """How far a machine is."""

    CREATING = "Creating"
    RUNNING = "Running"
    """It is there and answers as far as its provider can tell; that says nothing of it as a node."""
    FAILED = "Failed"
    """It will not come by itself; :attr:`Machine.fault` says why."""
    DELETING = "Deleting"


class Joins(Enum):
    """Who makes a node of a machine."""

    BY_ITSELF = "itself"
    """The provider, or what it starts."""
    BY_PLAY = "play"
    """Our roles, over SSH."""


@dataclass(frozen=True, slots=True)
class MachineSet:
    """Machines that look alike and belong to one cluster."""

    name: str
    cluster: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What only the provider understands: flavor, image, network, a list of hosts."""
    zones: tuple[str, ...] = ()
    """Machines are dealt to them in turn."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What its nodes carry from the start; a provider whose machines join by themselves sees to it."""
    taints: tuple[Mapping[str, str], ...] = ()
    """The same of taints, as Kubernetes writes them."""
    recorded: tuple[str, ...] = ()
    """Machines that the hub knows to be in use in this set."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a set."""

    name: str
    phase: Phase
    node: str = ""
    """The name of its node; empty where that is the name of the machine."""
    address: str = ""
    """Where SSH answers; empty while there is none."""
    zone: str = ""
    created: str = ""
    """RFC 3339; empty where the provider doesn't know."""
    fault: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What one machine of a set is."""

    capacity: Mapping[str, str]
    """Resources as Kubernetes names and writes them: cpu, memory, and others where known."""
    cost_per_hour: float | None
    """In no currency; None when nobody said."""
    seconds_to_create: int
    """Until it is a node, as far as known beforehand."""
    joins: Joins
    outlives_its_node: bool = False
    """A machine that is removed from the set goes on existing, so our roles clear it of its node first."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many more machines there could be now."""

    machines: int
    limit: str = ""
    """What allows no more, in words: ``quota: 18 of 20 cores used``. Empty when nothing known does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done to bring a set to its size. Data; nothing was changed."""

    machine_set: MachineSet
    replicas: int
    create: tuple[str, ...] = ()
    """Names; where the provider gives them only when it creates, placeholders, one for each machine."""
    remove: tuple[str, ...] = ()
    quota: Mapping[str, int] = field(default_factory=dict)
    """What the new machines take of limited things: cores, memory in MiB, addresses."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.create or self.remove)


@dataclass(frozen=True, slots=True)
class Result:
    """The set after a plan was carried out, as far as it could be."""

    machines: tuple[Machine, ...]
    errors: tuple[InfrastructureError, ...] = ()
    """What failed; machines that are there are in `machines` all the same."""


class Provider(Protocol):
    """Somebody who has machines. Every method may raise InfrastructureError when nobody answers."""

    @property
    def name(self) -> str:
        """As ``provider`` of a cluster and of a machine set names it."""

    def describe(self, machine_set: MachineSet) -> Description:
        """What a machine would be; raises InfrastructureError for a flavor, image or zone that there is not."""

    def machines(self, machine_set: MachineSet) -> tuple[Machine, ...]:
        """All machines of this set and no others, by marks of ownership; half made and failed ones too."""

    def room(self, machine_set: MachineSet, wanted: int) -> Room:
        """How many of `wanted` more machines there could be: quota, hosts, limits."""

    def plan(self, machine_set: MachineSet, replicas: int, remove: Sequence[str] = ()) -> Plan:
        """What is missing for a set of that size, and what is too many.

        :param remove: machines that go in any case. Where more have to go, failed ones go first, then the newest.
        :raises InfrastructureError: one of `remove` is no machine of the set.
        """

    def apply(self, plan: Plan) -> Result:
        """Carry out a plan, machines side by side, and wait. Safe to repeat after any error, and after a kill.

        A failure of one machine is in the result and hides no other. A machine that is there already is left as it is.
        """
