# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a selector can say that nothing can match: rules over one key that leave no value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

JSON = Mapping[str, Any]
Found = tuple[str, str]
"""(path, message)"""


def contradictions_in(selector: JSON, path: str) -> Iterator[Found]:
    """The rules that contradict another one, or are no rules."""
    labels = selector.get("matchLabels") or {}
    left: dict[str, _Left] = {}
    for index, rule in enumerate(selector.get("matchExpressions") or ()):
        at, operator, values = f"{path}.matchExpressions[{index}]", rule["operator"], rule.get("values") or ()
        if operator in ("In", "NotIn") and not values:
            yield f"{at}.values", f"operator {operator} needs at least one value"
            continue
        if operator in ("Exists", "DoesNotExist") and values:
            yield f"{at}.values", f"operator {operator} takes no values"
            continue
        key = rule["key"]
        # A cluster may stand in several zones, so one rule over them hardly ever excludes another.
        if key == "zone" and "matchLabels" not in selector:
            continue
        known = left.setdefault(key, _Left(labels.get(key)))
        if known.excludes(operator, frozenset(values)):
            other = f"matchLabels {key}: {labels[key]}" if key in labels else f"the rules before it on {key}"
            yield at, f"contradicts {other}, so no cluster can match"


class _Left:
    """Which values of one key the rules so far leave."""

    def __init__(self, value: str | None) -> None:
        self.allowed: frozenset[str] | None = None if value is None else frozenset({value})
        """None when any will do."""
        self.refused: frozenset[str] = frozenset()
        self.present = value is not None
        self.absent = False

    def excludes(self, operator: str, values: frozenset[str]) -> bool:
        """Add a rule; whether nothing is left then."""
        if operator == "In":
            self.allowed = values if self.allowed is None else self.allowed & values
            self.present = True
        elif operator == "NotIn":
            self.refused |= values
        elif operator == "Exists":
            self.present = True
        else:
            self.absent = True
        nothing_allowed = self.allowed is not None and not self.allowed - self.refused
        return nothing_allowed or (self.present and self.absent)
