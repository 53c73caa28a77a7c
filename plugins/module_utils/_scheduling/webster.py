# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Apportionment by Webster's method (Sainte-Laguë): seats in proportion to votes.

Seat after seat goes to the party with the highest votes / (2 * seats + 1). Large houses would make that slow, so most
seats are given at once: everything clearly above the price that the last seat will have is won in any case.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

_OFFSET = 2166136261
_PRIME = 16777619


def webster(
    seats: int, votes: Mapping[str, int], *, uid: str = "", initial: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Seats per party, those in `initial` included, sorted by name.

    Of two parties with the same claim the one with fewer seats comes first, then the first by name; by the last name
    where the hash of `uid` is odd, so that the left-over does not always land on the same cluster.
    """
    won = dict.fromkeys(sorted({*votes, *(initial or ())}), 0)
    won.update(initial or {})
    if not won or seats <= 0:
        return won
    seats -= _win_the_clear_ones(seats, votes, won)
    order = sorted(won, reverse=descending(uid))
    rank = {name: position for position, name in enumerate(order)}
    claims = [(-(votes.get(name, 0) / (2 * held + 1)), held, rank[name]) for name, held in won.items()]
    heapq.heapify(claims)
    for _seat in range(seats):
        _claim, held, position = claims[0]
        name = order[position]
        held += 1
        heapq.heapreplace(claims, (-(votes.get(name, 0) / (2 * held + 1)), held, position))
        won[name] = held
    return won


def descending(uid: str) -> bool:
    """Whether ties go to the last name: the 32-bit FNV-1a hash of the UID is odd. No UID counts as even."""
    if not uid:
        return False
    value = _OFFSET
    for byte in uid.encode():
        value = ((value ^ byte) * _PRIME) & 0xFFFFFFFF
    return value % 2 == 1


def _win_the_clear_ones(seats: int, votes: Mapping[str, int], won: dict[str, int]) -> int:
    """Give each party what it wins whatever the ties, and return how many seats that were."""
    if any(won.values()) or seats <= 2 * len(won):
        return 0
    total = sum(votes.values())
    if total <= 0:
        return 0
    given = 0
    for name, share in votes.items():
        # At price t a party holds (share / t + 1) / 2 seats. The price below is above the final one; one seat less
        # than that keeps rounding out of the question.
        certain = (share * (2 * seats - len(won)) + total) // (2 * total) - 1
        if certain > 0:
            won[name] = certain
            given += certain
    return given
