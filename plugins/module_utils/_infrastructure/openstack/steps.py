# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps and plans: pure data, made by the planner, shown in check mode and carried out by nobody but the executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .cloud import Kind
from .observe import Item


class Act(Enum):
    """What a step does."""

    CREATE = "create"
    TAG = "tag"
    LEARN = "learn"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Ref:
    """The id of an object that may not be there yet."""

    key: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to one object."""

    act: Act
    kind: Kind
    key: str
    name: str
    reason: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """For a create: openstacksdk's words, with :class:`Ref` where an id goes. Else what the kind needs."""
    after: tuple[str, ...] = ()
    """Ids of steps that have to be done before."""
    item: Item | None = None
    """The object as it was seen; None for a create."""

    @property
    def seen(self) -> Item:
        """The object of a step that is not a create."""
        if self.item is None:
            raise AssertionError(f"{self.id} was planned without the object that it is about")
        return self.item

    @property
    def id(self) -> str:
        suffix = f" {self.item.id}" if self.item is not None and self.act is Act.DELETE else ""
        return f"{self.act.value} {self.key}{suffix}"

    def to_dict(self) -> dict[str, str]:
        """For people and their tools; user data and keys stay out of it."""
        return {"act": self.act.value, "kind": self.kind.word, "name": self.name, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as it will be when the plan is carried out."""

    name: str
    machine_set: str
    role: str
    address: str
    zone: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done, and what is there afterwards."""

    steps: tuple[Step, ...] = ()
    machines: tuple[Machine, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    """Ids of the objects that are there already, by key."""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(step.id for step in self.steps)


def after(steps: Iterable[Step], *keys: str) -> tuple[str, ...]:
    """The steps among `steps` that make or change one of these objects."""
    making = (Act.CREATE, Act.UPDATE, Act.REPLACE)
    return tuple(step.id for step in steps if step.key in keys and step.act in making)
