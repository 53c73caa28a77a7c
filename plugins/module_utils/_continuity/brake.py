# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The storm brake: when too much seems lost at once, the fault is more likely where we stand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .observation import Judgement, State

GOOD_PART = 3
"""One in so many clusters may be lost at once."""

_SEEMS_LOST = frozenset({State.LOST, State.FAILING, State.DISPUTED, State.EXEMPT})
_NOT_IN_SERVICE = frozenset({State.AWAY, State.RETURNED})


@dataclass(frozen=True, slots=True)
class Brake:
    """Whether the play may act, and what a person has to do where it may not."""

    pulled: bool
    reason: str = ""
    next_step: str = ""


RELEASED = Brake(False)


def brake(judgements: Mapping[str, Judgement], confirmed: Collection[str] = ()) -> Brake:
    """Decide whether the losses may be acted on.

    :param judgements: of all members of the fleet, not only of those that the play was asked about.
    :param confirmed: clusters of which a person says that they are really lost.

    Clusters that failed over already count on neither side: neither as lost nor as part of what there is.
    """
    lost = sorted(name for name, found in judgements.items() if found.state is State.LOST)
    open_questions = [name for name in lost if name not in confirmed]
    if not open_questions:
        return RELEASED
    in_service = [name for name, found in judgements.items() if found.state not in _NOT_IN_SERVICE]
    seeming = sorted(name for name in in_service if judgements[name].state in _SEEMS_LOST)
    if len(seeming) > max(1, len(in_service) / GOOD_PART):
        return Brake(
            True,
            f"{len(seeming)} of {len(in_service)} clusters seem lost at once ({', '.join(seeming)}), more than a third",
            f"Look whether the fault is on this side; then name what is really lost: {_confirm(lost)}",
        )
    alone = [name for name in open_questions if not judgements[name].witnesses]
    if len(in_service) <= 2 and alone:
        return Brake(
            True,
            f"{alone[0]} is one of {_number(len(in_service))} clusters in service and nobody else has looked at it",
            f"Probe it from a second place, or name it as lost: {_confirm(lost)}",
        )
    return RELEASED


def _confirm(lost: list[str]) -> str:
    return f"failover_confirmed={','.join(lost)}"


def _number(count: int) -> str:
    return {1: "one", 2: "two"}.get(count, str(count))
