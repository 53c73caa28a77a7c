# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules did something, and which didn't: said once, for the whole fleet."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..._scheduling.request import Cluster
from .rules import ORDER, Overrides, Rule

_Key = tuple[str, str, int]


@dataclass(slots=True)
class Tally:
    """What happened to each part of each rule, over all objects and clusters of one rendering."""

    _hits: set[_Key] = field(default_factory=set)
    _misses: dict[_Key, str] = field(default_factory=dict)
    _selecting: set[str] = field(default_factory=set)

    def selected(self, rule: Rule) -> None:
        """A rule means an object of the application."""
        self._selecting.add(rule.label)

    def hit(self, rule: Rule, overrider: str, number: int) -> None:
        """A part found what it is for."""
        self._hits.add((rule.label, overrider, number))

    def miss(self, rule: Rule, overrider: str, number: int, reason: str, names: Iterable[str]) -> None:
        """A part did not; the first reason with a hint is kept."""
        key = (rule.label, overrider, number)
        said = f"{reason}{_hint(reason, names)}"
        if key not in self._misses or ("did you mean" in said and "did you mean" not in self._misses[key]):
            self._misses[key] = said

    def warnings(self, overrides: Overrides, members: Mapping[str, Cluster], chosen: Sequence[str]) -> tuple[str, ...]:
        """What matched nothing, a line for each rule or part."""
        found = []
        idle: dict[tuple[str, ...], list[str]] = {}
        for rule in overrides.rules:
            meant = [name for name, cluster in sorted(members.items()) if rule.target.mismatch(cluster) is None]
            if not meant:
                found.append(f"{rule.label} matches no cluster of the registry")
            elif not set(meant) & set(chosen):
                idle.setdefault(tuple(meant), []).append(rule.label)
            elif any(rule.overriders.get(part) for part in ORDER):
                found.extend(self._of(rule))
        for names, labels in idle.items():
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            verb = "has" if len(labels) == 1 else "have"
            found.append(f"{', '.join(labels)} {verb} no effect now: {shown} not chosen")
        return tuple(found)

    def _of(self, rule: Rule) -> list[str]:
        if rule.label not in self._selecting:
            return [f"{rule.label} matches no object of the application"]
        return [
            f"{rule.label}, {overrider} {number + 1}, matches nothing: {self._misses[key]}"
            for overrider, number, _part in rule.parts()
            if (key := (rule.label, overrider, number)) in self._misses and key not in self._hits
        ]


def _hint(reason: str, names: Iterable[str]) -> str:
    if "did you mean" in reason:
        return ""
    for word in reason.replace("'", " ").replace(",", " ").split()[::-1]:
        close = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
        if close:
            return f" (did you mean {close[0]}?)"
    return ""
