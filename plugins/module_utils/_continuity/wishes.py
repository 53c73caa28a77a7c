# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one application wants to be failed over, as its record says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING

from .._kube.errors import InputError

if TYPE_CHECKING:
    from typing import Any

NO_EXECUTE = "NoExecute"


class Failback(Enum):
    """What happens to a share when its cluster is back."""

    AUTOMATIC = "automatic"
    """The application is placed afresh, which gives the cluster its share again."""
    MANUAL = "manual"
    """It stays where it is until somebody asks for it."""


class Mode(Enum):
    """Whether a lost share is started elsewhere."""

    MOVE = "move"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Wishes:
    """An application's ``failover`` settings."""

    mode: Mode = Mode.MOVE
    toleration: float = 0.0
    """Seconds that its cluster may be lost before it moves; the play's own toleration comes first."""
    failback: Failback | None = None
    """``None`` leaves it to the play."""
    fencing: str = "none"


def read_wishes(settings: Mapping[str, Any]) -> Wishes:
    """Read ``failover`` of an application.

    :raises InputError: a field or value that is not known, with the nearest right one.
    """
    known = ("mode", "tolerationSeconds", "failback", "fencing")
    for field in settings:
        if field not in known:
            nearest = get_close_matches(str(field), known, 1)
            hint = f"Did you mean {nearest[0]}?" if nearest else f"Known are {', '.join(known)}"
            raise InputError(f"unknown field failover.{field}", next_step=hint)
    failback = settings.get("failback")
    return Wishes(
        mode=Mode(_choice(settings, "mode", [mode.value for mode in Mode], Mode.MOVE.value)),
        toleration=_seconds(settings.get("tolerationSeconds") or 0),
        failback=Failback(_choice(settings, "failback", [way.value for way in Failback], "")) if failback else None,
        fencing=_choice(settings, "fencing", ["none", "required"], "none"),
    )


def tolerated_seconds(tolerations: Sequence[Mapping[str, Any]], key: str) -> float:
    """How long a placement's ``clusterTolerations`` put up with a NoExecute taint; infinite when for ever.

    As in Kubernetes, several that match are as patient as the least patient of them.
    """
    matching = [toleration for toleration in tolerations if _tolerates(toleration, key)]
    if not matching:
        return 0.0
    limits = [
        float(found) for found in (toleration.get("tolerationSeconds") for toleration in matching) if found is not None
    ]
    return max(0.0, min(limits)) if limits else float("inf")


def _tolerates(toleration: Mapping[str, Any], key: str) -> bool:
    if toleration.get("effect") not in (None, "", NO_EXECUTE):
        return False
    operator = toleration.get("operator") or "Equal"
    if not toleration.get("key"):
        return operator == "Exists"
    # Our taint has no value, so "Equal" matches only without one.
    return toleration["key"] == key and (operator == "Exists" or not toleration.get("value"))


def _choice(settings: Mapping[str, Any], field: str, choices: list[str], default: str) -> str:
    value = str(settings.get(field) or default)
    if value not in choices:
        raise InputError(f"failover.{field} is {value[:40]}", next_step=f"It can be {' or '.join(choices)}")
    return value


def _seconds(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -1.0
    if found < 0:
        raise InputError(f"failover.tolerationSeconds is {str(value)[:40]}", next_step="It is a number of seconds")
    return found
