# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Label selectors of Kubernetes, compiled once and matched many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .forms import JSON

Match = Callable[[Mapping[str, str]], bool]


def label_selector(selector: JSON | None) -> tuple[Match, ...]:
    """The rules of a label selector; all of them must match."""
    if selector is None:
        return ()
    rules = [_equals(key, value) for key, value in (selector.get("matchLabels") or {}).items()]
    rules += [
        # Only node selectors compare numbers.
        _nothing if rule.get("operator") in ("Gt", "Lt") else label_rule(rule)
        for rule in selector.get("matchExpressions") or ()
    ]
    return tuple(rules)


def _nothing(labels: Mapping[str, str]) -> bool:
    return False


def _equals(key: str, value: str) -> Match:
    return lambda labels: labels.get(key) == value


def label_rule(rule: JSON) -> Match:
    """One rule of a label selector, or of a node selector, which also knows Gt and Lt; a malformed one matches nothing."""
    key, operator, values = rule.get("key") or "", rule.get("operator") or "", tuple(rule.get("values") or ())
    if operator == "In" and values:
        return lambda labels: labels.get(key) in values
    if operator == "NotIn" and values:
        return lambda labels: key not in labels or labels[key] not in values
    if operator == "Exists" and not values:
        return lambda labels: key in labels
    if operator == "DoesNotExist" and not values:
        return lambda labels: key not in labels
    if operator in ("Gt", "Lt") and len(values) == 1:
        return _compare(key, operator, values[0])
    return lambda labels: False


def _compare(key: str, operator: str, bound: str) -> Match:
    limit = _number(bound)

    def match(labels: Mapping[str, str]) -> bool:
        value = _number(labels.get(key))
        if value is None or limit is None:
            return False
        return value > limit if operator == "Gt" else value < limit

    return match


def _number(text: object) -> int | None:
    try:
        return int(str(text))
    except ValueError:
        return None
