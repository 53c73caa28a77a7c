# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data locality: volumes and services that are in a cluster already draw the application there, or tie it to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .forms import JSON
from .rejection import Rejection
from .request import Cluster

REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class DataLocality:
    """The objects that an application wants to be near."""

    objects: tuple[str, ...]
    """Each as Kind/namespace/name, or Kind/name where the kind has no namespace."""
    required: bool

    @classmethod
    def from_dict(cls, data: JSON | None) -> DataLocality | None:
        """None when the placement names no data."""
        objects = (data or {}).get("objects") or ()
        if not data or not objects:
            return None
        return cls(tuple(sorted({held_name(each) for each in objects})), data.get("mode") == REQUIRED)

    def lacking(self, cluster: Cluster) -> list[str]:
        return [name for name in self.objects if name not in cluster.holds]


def held_name(data: JSON) -> str:
    """How an object is called among what a cluster holds."""
    return "/".join(part for part in (data.get("kind"), data.get("namespace"), data.get("name")) if part)


def locality_rule(data: DataLocality) -> Callable[[Cluster], Rejection | None]:
    """Only clusters that hold all of it."""

    def rule(cluster: Cluster) -> Rejection | None:
        lacking = data.lacking(cluster)
        if not lacking:
            return None
        return Rejection(
            "dataLocality",
            f"it does not hold {', '.join(lacking)}",
            "bring the data there, or say mode: preferred",
        )

    return rule
