# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Apportionment by Webster's method (Sainte-Laguë): seats in proportion to votes.

Seat after seat goes to the party with the highest votes / (2 * seats + 1). Large houses would make that slow, so most
seats are given at once: everything clearly above the price that the last seat will have is won in any case.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

_OFFSET = 2166136261
_PRIME = 16777619


def webster(
    seats: int,
    votes: Mapping[str, int],
    *,
    uid: str = "",
    initial: Mapping[str, int] | None = None,
    favour: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Seats per party, those in `initial` included, sorted by name.

    Of two parties with the same claim the one with fewer seats comes first, then in turn; see :func:`tie_order`.
    """
    won = dict.fromkeys(sorted({*votes, *(initial or ())}), 0)
    won.update(initial or {})
    if not won or seats <= 0:
        return won
    seats -= _win_the_clear_ones(seats, votes, won)
    order = tie_order(won, uid, favour)
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


def webster_within(
    seats: int,
    votes: Mapping[str, int],
    *,
    least: Mapping[str, int],
    most: Mapping[str, int],
    uid: str = "",
    favour: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """The same where each party has its least from the start and leaves the race with its most.

    All seats are counted here, also those that the parties have from the start.
    """
    won = {name: least[name] for name in sorted(votes)}
    _win_the_clear_ones_within(seats, votes, won, most)
    order = tie_order(won, uid, favour)
    claims = [
        (-(votes[name] / (2 * won[name] + 1)), won[name], position)
        for position, name in enumerate(order)
        if won[name] < most[name]
    ]
    heapq.heapify(claims)
    for _seat in range(seats - sum(won.values())):
        _claim, held, position = heapq.heappop(claims)
        name = order[position]
        won[name] = held + 1
        if won[name] < most[name]:
            heapq.heappush(claims, (-(votes[name] / (2 * held + 3)), held + 1, position))
    return won


def tie_order(names: Iterable[str], uid: str, favour: Mapping[str, int] | None = None) -> list[str]:
    """The order of parties with the same claim and as many seats: most in favour first, then the first by name.

    It is the last by name where the hash of `uid` is odd, so that the left-over does not always land on the same
    cluster.
    """
    order = sorted(names, reverse=descending(uid))
    return sorted(order, key=lambda name: -favour.get(name, 0)) if favour else order


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


def _win_the_clear_ones_within(
    seats: int, votes: Mapping[str, int], won: dict[str, int], most: Mapping[str, int]
) -> None:
    """The same between bounds. There is no formula for the price, so it is sought by halving."""
    total = sum(votes.values())
    if seats - sum(won.values()) <= 2 * len(won) or total <= 0:
        return

    def held_at(step: int, less: int) -> dict[str, int]:
        """What the parties hold at the price total / (2 * step), each so many seats less."""
        return {
            name: min(max(held, (2 * votes[name] * step + total) // (2 * total) - less), most[name])
            for name, held in won.items()
        }

    low, high = 0, total * (seats + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(held_at(middle, 0).values()) <= seats:
            low = middle
        else:
            high = middle - 1
    # At that price no more seats are gone than there are; one seat less keeps rounding out of the question.
    won.update(held_at(low, 1))
