# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many clusters in few words: a fleet of a thousand must not become a thousand lines."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

NAMES = 5
"""Clusters that are named; the others are counted."""

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Alike(Generic[T]):
    """Clusters of which the same is to be said, but for the numbers in it."""

    names: tuple[str, ...]
    example: T
    """What was said of the first."""


def alike(said: Iterable[tuple[str, Sequence[str], T]]) -> list[Alike[T]]:
    """Bring together what differs in numbers only, the most frequent first.

    :param said: per cluster its name, the words by which it is compared, and what is to be kept as the example.
    """
    found: dict[Hashable, tuple[list[str], T]] = {}
    for name, words, thing in said:
        found.setdefault(tuple(_NUMBER.sub("#", word) for word in words), ([], thing))[0].append(name)
    groups = [Alike(tuple(names), thing) for names, thing in found.values()]
    return sorted(groups, key=lambda group: -len(group.names))


def named(names: Sequence[str], most: int = NAMES) -> str:
    """The names, or the first of them and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def listed(parts: Sequence[str]) -> str:
    """The parts as one reads them out: a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(number: int, what: str) -> str:
    """So many of these, in the right number."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
