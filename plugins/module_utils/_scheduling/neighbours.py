# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other applications of the fleet, as far as the rules between applications need to know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import RequestError
from .forms import JSON, listed, mapping, object_of

DEFAULT_TENANT = "default"
_FIELDS = ("tenant", "name", "labels", "clusters", "group")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An application: whose it is, what it is marked with, and where it stands."""

    name: str = ""
    tenant: str = DEFAULT_TENANT
    labels: Mapping[str, str] = field(default_factory=dict)
    clusters: tuple[str, ...] = ()
    """Sorted; none while it is not placed."""
    group: str = ""
    """Its applicationGroup."""

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "neighbours") -> Neighbour:
        for name in data:
            if name not in _FIELDS:
                raise RequestError(f"{path}.{name}", f"unknown field; known are {', '.join(_FIELDS)}")
        return cls(
            name=str(data.get("name") or ""),
            tenant=str(data.get("tenant") or DEFAULT_TENANT),
            labels=mapping(data, "labels", path),
            clusters=tuple(sorted(set(listed(data, "clusters", path)))),
            group=str(data.get("group") or ""),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "name": self.name,
            "labels": dict(self.labels),
            "clusters": list(self.clusters),
            "group": self.group,
        }

    def is_same(self, other: Neighbour) -> bool:
        """Whether both are one application; one without a name is nobody else's."""
        return bool(self.name) and (self.tenant, self.name) == (other.tenant, other.name)

    def __str__(self) -> str:
        return self.name if self.tenant == DEFAULT_TENANT else f"{self.tenant}/{self.name}"


NOBODY = Neighbour()


def parse_neighbours(neighbours: Iterable[JSON | Neighbour], *, path: str = "neighbours") -> tuple[Neighbour, ...]:
    """The neighbours, in an order that does not hang on that of the input."""
    found = (
        each
        if isinstance(each, Neighbour)
        else Neighbour.from_dict(object_of(each, f"{path}[{index}]"), path=f"{path}[{index}]")
        for index, each in enumerate(neighbours)
    )
    return tuple(sorted(found, key=lambda each: (each.tenant, each.name)))
