# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line-up: ranked candidates that are kept from one application to the next, in order while the room changes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .task import Candidate

FEW = 16
"""Up to one in so many candidates are moved one by one; of more, all are sorted anew."""


class Lineup:
    """The candidates for applications that run nowhere yet and ask the same."""

    def __init__(self, ranked: list[Candidate], seen: int) -> None:
        self.ranked = ranked
        self.seen = seen
        """Up to which promise the order is true."""
        self._by_name = {candidate.name: candidate for candidate in ranked}

    def renew(
        self,
        names: Iterable[str],
        recount: Callable[[list[Candidate]], None],
        order: Callable[[Candidate], tuple[object, ...]],
    ) -> None:
        """Bring those back into order whose room has changed."""
        changed = [self._by_name[name] for name in set(names) if name in self._by_name]
        ranked = self.ranked
        if len(changed) * FEW > len(ranked):
            recount(changed)
            ranked.sort(key=order)
            return
        for candidate in changed:
            del ranked[bisect_left(ranked, order(candidate), key=order)]
        recount(changed)
        for candidate in changed:
            insort(ranked, candidate, key=order)
