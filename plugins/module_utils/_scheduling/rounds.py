# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rounds: a division told replica by replica, so that it can be redone on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .webster import tie_order

LONGEST = 200
"""Replicas told one by one; a division is understood long before."""
SHOWN = 10
"""Claims shown in a round, the highest ones."""


def rounds_of(
    seats: int,
    votes: Mapping[str, int],
    *,
    least: Mapping[str, int] | None = None,
    most: Mapping[str, int] | None = None,
    uid: str = "",
    favour: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Who claimed each replica with what, and who got it; the least of each party is given before the first round."""
    won = {name: (least or {}).get(name, 0) for name in votes}
    given = sum(won.values())
    order = {name: place for place, name in enumerate(tie_order(votes, uid, favour))}
    rounds: list[dict[str, Any]] = []
    while given < seats and len(rounds) < LONGEST:
        claims = {
            name: vote / (2 * won[name] + 1) for name, vote in votes.items() if most is None or won[name] < most[name]
        }
        ranked = sorted(claims, key=lambda name: (-claims[name], won[name], order[name]))
        won[ranked[0]] += 1
        given += 1
        rounds.append(
            {"replica": given, "to": ranked[0], "claims": {name: round(claims[name], 6) for name in ranked[:SHOWN]}}
        )
    told: dict[str, Any] = {"rounds": rounds}
    if given < seats:
        told["roundsLeftOut"] = seats - given
    return told
