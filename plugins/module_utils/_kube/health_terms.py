# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of health, and how to read an object that may have any form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Object = Mapping[str, Any]

_LONGEST_MESSAGE = 500


class State(StrEnum):
    """What is known about an object."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    UNHEALTHY = "Unhealthy"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """A state, one word why, and a sentence for people."""

    state: State
    reason: str = ""
    message: str = ""
    final: bool = False
    """Whether waiting can't help any more."""


HEALTHY = Health(State.HEALTHY)


def is_observed(obj: Object) -> bool:
    """Whether a controller has seen the present generation; one that never says so can't be asked."""
    observed = mapping_at(obj, "status").get("observedGeneration")
    generation = mapping_at(obj, "metadata").get("generation")
    if observed is None:
        return (str(obj.get("apiVersion", "")), str(obj.get("kind"))) not in _ALWAYS_OBSERVE
    return not isinstance(generation, int) or observed >= generation


_ALWAYS_OBSERVE = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "DaemonSet"),
        ("policy/v1", "PodDisruptionBudget"),
    }
)


def not_observed() -> Health:
    return progressing("NotObserved", "its controller has not seen the change yet")


def progressing(reason: str, message: object) -> Health:
    return Health(State.PROGRESSING, reason, cut(message) or reason)


def unhealthy(reason: str, message: object) -> Health:
    return Health(State.UNHEALTHY, reason, cut(message) or reason)


def cut(message: object) -> str:
    """A member's text is foreign: one line, and bounded."""
    printable = "".join(
        letter if letter.isprintable() else " " for letter in str(message or "")[: 4 * _LONGEST_MESSAGE]
    )
    return " ".join(printable.split())[:_LONGEST_MESSAGE]


def wanted_of(obj: Object) -> int:
    replicas = mapping_at(obj, "spec").get("replicas")
    return 1 if replicas is None else int(replicas)


def count_of(obj: Object, field: str) -> int:
    return int(mapping_at(obj, "status").get(field) or 0)


def condition_of(obj: Object, type_: str) -> dict[str, Any]:
    for condition in mappings_in(mapping_at(obj, "status"), "conditions"):
        if condition.get("type") == type_:
            return condition
    return {}


def mappings_in(obj: Object, field: str) -> list[dict[str, Any]]:
    value = obj.get(field)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping_at(obj: Object, *path: str) -> dict[str, Any]:
    """The mapping at a path, empty where there is none; a member's objects may have any form."""
    value: Any = obj
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}
