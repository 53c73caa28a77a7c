# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which Go's ``sort.Sort`` leaves things, equal ones included.

Karmada ranks clusters by room alone with it where it aggregates, so which of several equal clusters gets a replica
hangs on how Go sorts. That is not by chance: Go's pattern-defeating quicksort is unstable, but the same for the same
input. Up to twelve things are sorted by insertion, which keeps equal ones in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_BY_INSERTION = 12
"""Up to so many are sorted by insertion."""
_NINTHER = 50
"""From so many on the pivot is the median of three medians, and a few that stand wrong are shifted into place."""
_SHIFTS = 5
_WORD = 2**64 - 1


def go_sorted(items: Iterable[T], key: Callable[[T], int]) -> list[T]:
    """The items by key, ascending, as Go would leave them."""
    found = list(items)
    keys = [key(item) for item in found]
    run = _Run(keys)
    run.sort(0, len(keys), len(keys).bit_length())
    return [found[place] for place in run.places]


class _Run:
    """The keys while they are sorted, and where each of them stood before."""

    def __init__(self, keys: list[int]) -> None:
        self.keys = keys
        self.places = list(range(len(keys)))
        self.exchanges = 0
        """Made in the search for a pivot: none speaks for rising keys, all that can be for falling ones."""

    def sort(self, begin: int, end: int, bad_pivots_left: int) -> None:
        """Sort that part. Too many bad pivots, and it is sorted by heap instead."""
        balanced = partitioned = True
        while end - begin > _BY_INSERTION:
            length = end - begin
            if bad_pivots_left == 0:
                self._by_heap(begin, end)
                return
            if not balanced:
                self._scatter(begin, end)
                bad_pivots_left -= 1
            pivot = self._pivot(begin, end)
            rising, falling = self.exchanges == 0, self.exchanges == 12
            if falling:
                self._reverse(begin, end)
                pivot = end - 1 - (pivot - begin)
            if balanced and partitioned and (rising or falling) and self._nearly_sorted(begin, end):
                return
            if begin > 0 and not self.keys[begin - 1] < self.keys[pivot]:
                begin = self._part_equals(begin, end, pivot)
                continue
            middle, partitioned = self._part(begin, end, pivot)
            left, right = middle - begin, end - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self.sort(begin, middle, bad_pivots_left)
                begin = middle + 1
            else:
                self.sort(middle + 1, end, bad_pivots_left)
                end = middle
        self._by_insertion(begin, end)

    def _swap(self, one: int, other: int) -> None:
        keys, places = self.keys, self.places
        keys[one], keys[other] = keys[other], keys[one]
        places[one], places[other] = places[other], places[one]

    def _reverse(self, begin: int, end: int) -> None:
        self.keys[begin:end] = self.keys[begin:end][::-1]
        self.places[begin:end] = self.places[begin:end][::-1]

    def _by_insertion(self, begin: int, end: int) -> None:
        for start in range(begin + 1, end):
            self._shift_left(start, begin)

    def _shift_left(self, index: int, floor: int) -> None:
        while index > floor and self.keys[index] < self.keys[index - 1]:
            self._swap(index, index - 1)
            index -= 1

    def _shift_right(self, index: int, end: int) -> None:
        while index < end and self.keys[index] < self.keys[index - 1]:
            self._swap(index, index - 1)
            index += 1

    def _by_heap(self, begin: int, end: int) -> None:
        size = end - begin
        for root in range((size - 1) // 2, -1, -1):
            self._sift_down(root, size, begin)
        for last in range(size - 1, -1, -1):
            self._swap(begin, begin + last)
            self._sift_down(0, last, begin)

    def _sift_down(self, root: int, size: int, begin: int) -> None:
        keys = self.keys
        while (child := 2 * root + 1) < size:
            if child + 1 < size and keys[begin + child] < keys[begin + child + 1]:
                child += 1
            if not keys[begin + root] < keys[begin + child]:
                return
            self._swap(begin + root, begin + child)
            root = child

    def _scatter(self, begin: int, end: int) -> None:
        """Three keys of the middle change places with others, drawn from a generator that the length seeds."""
        length = end - begin
        mask, state = (1 << length.bit_length()) - 1, length
        middle = begin + length // 4 * 2
        for index in range(middle - 1, middle + 2):
            state ^= state << 13 & _WORD
            state ^= state >> 7
            state ^= state << 17 & _WORD
            drawn = state & mask
            self._swap(index, begin + (drawn - length if drawn >= length else drawn))

    def _pivot(self, begin: int, end: int) -> int:
        self.exchanges = 0
        quarter = (end - begin) // 4
        candidates = [begin + quarter, begin + 2 * quarter, begin + 3 * quarter]
        if end - begin >= _NINTHER:
            candidates = [self._median(each - 1, each, each + 1) for each in candidates]
        return self._median(*candidates)

    def _median(self, first: int, second: int, third: int) -> int:
        first, second = self._in_order(first, second)
        second, third = self._in_order(second, third)
        return self._in_order(first, second)[1]

    def _in_order(self, one: int, other: int) -> tuple[int, int]:
        if self.keys[other] < self.keys[one]:
            self.exchanges += 1
            return other, one
        return one, other

    def _nearly_sorted(self, begin: int, end: int) -> bool:
        """Whether it is sorted, once up to five keys were shifted into place; few keys are not worth the shifts."""
        keys, index = self.keys, begin + 1
        for _shift in range(_SHIFTS):
            while index < end and not keys[index] < keys[index - 1]:
                index += 1
            if index == end:
                return True
            if end - begin < _NINTHER:
                return False
            self._swap(index, index - 1)
            if index - begin >= 2:
                self._shift_left(index - 1, 0)
            if end - index >= 2:
                self._shift_right(index + 1, end)
        return False

    def _part(self, begin: int, end: int, pivot: int) -> tuple[int, bool]:
        """Smaller keys to the left of the pivot, the others to its right; where it stands then, and whether they did so."""
        keys = self.keys
        self._swap(begin, pivot)
        left, right = begin + 1, end - 1
        swaps = 0
        while True:
            while left <= right and keys[left] < keys[begin]:
                left += 1
            while left <= right and not keys[right] < keys[begin]:
                right -= 1
            if left > right:
                break
            self._swap(left, right)
            swaps, left, right = swaps + 1, left + 1, right - 1
        self._swap(right, begin)
        return right, swaps == 0

    def _part_equals(self, begin: int, end: int, pivot: int) -> int:
        """Keys equal to the pivot to the left of the greater ones; where these begin."""
        keys = self.keys
        self._swap(begin, pivot)
        left, right = begin + 1, end - 1
        while True:
            while left <= right and not keys[begin] < keys[left]:
                left += 1
            while left <= right and keys[begin] < keys[right]:
                right -= 1
            if left > right:
                return left
            self._swap(left, right)
            left, right = left + 1, right - 1
