# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Health as the user defines it: rules by kind, each a Jinja2 expression on the object, in a sandbox. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._kube.errors import InputError
from .._kube.health import Health, State, health
from .._kube.health_terms import cut
from .._scheduling.validate import Problem, nearest
from .identity import Manifest, group_of
from .sandbox import Undefined, sandbox
from .verify import Judge

EXPRESSIONS = {"unhealthy": State.UNHEALTHY, "progressing": State.PROGRESSING, "healthy": State.HEALTHY}
"""In the order in which they are asked: the first that holds decides."""

FIELDS = ("apiVersion", "kind", "name", *EXPRESSIONS, "message")

_TEXT = {"type": "string", "minLength": 1}
HEALTH: Mapping[str, Any] = {
    "type": "array",
    "description": "Rules of your own for when an object is healthy.",
    "items": {
        "type": "object",
        "properties": dict.fromkeys(FIELDS, _TEXT),
        "additionalProperties": False,
        "required": ["apiVersion", "kind"],
    },
}
"""The form as JSON Schema, for editors."""


def judge_by(rules: Sequence[Mapping[str, Any]]) -> Judge:
    """The built-in rules, and before them the user's where their kind is meant."""
    if not rules:
        return health
    return lambda obj: _judged(obj, [rule for rule in rules if _fits(rule, obj)])


def validate_health(rules: object, *, path: str = "health") -> list[Problem]:
    """Everything that is wrong with the rules; empty when they are fine."""
    if not isinstance(rules, (list, tuple)):
        return [Problem(path, "expected a list of rules")]
    return [problem for index, rule in enumerate(rules) for problem in _problems(rule, f"{path}[{index}]")]


def check_health(rules: object) -> None:
    """Refuse rules that we would not understand.

    :raises InputError: naming each field.
    """
    problems = validate_health(rules)
    if problems:
        raise InputError("; ".join(map(str, problems[:10])), next_step="Correct the rules for health")


def _problems(rule: object, path: str) -> Iterator[Problem]:
    if not isinstance(rule, Mapping):
        yield Problem(path, "expected a dictionary with apiVersion, kind and healthy")
        return
    for name, value in rule.items():
        if name not in FIELDS:
            yield Problem(f"{path}.{name}", "unknown field", nearest(str(name), FIELDS))
        elif not isinstance(value, str) or not value:
            yield Problem(f"{path}.{name}", "expected a text")
        elif (name in EXPRESSIONS or name == "message") and sandbox().names_in(value) is None:
            yield Problem(f"{path}.{name}", f"`{value}` is no Jinja2 expression; write it without brackets")
    for name in ("apiVersion", "kind"):
        if rule.get(name) is None:
            yield Problem(f"{path}.{name}", "is required")
    if not any(rule.get(name) for name in EXPRESSIONS):
        yield Problem(path, f"needs one of {', '.join(EXPRESSIONS)}")


def _fits(rule: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    """``apps/*`` is for all versions of a group; a name is for that object only."""
    wanted, found = str(rule["apiVersion"]), str(obj.get("apiVersion"))
    same = wanted == found or (wanted.endswith("/*") and wanted[:-2] == group_of(found))
    named = rule.get("name") in (None, (obj.get("metadata") or {}).get("name"))
    return same and named and rule["kind"] == obj.get("kind")


def _judged(obj: Manifest, rules: Sequence[Mapping[str, Any]]) -> Health:
    if not rules or (obj.get("metadata") or {}).get("deletionTimestamp"):
        return health(obj)
    rule = rules[0]
    variables = {"status": {}, "spec": {}, **obj, "object": obj}
    for name, state in EXPRESSIONS.items():
        source = rule.get(name)
        if not source:
            continue
        try:
            holds = bool(sandbox().evaluate(source, variables))
        except Undefined:
            # What is not there yet holds nothing: most objects begin without a status.
            holds = False
        except InputError as error:
            return Health(State.UNHEALTHY, "HealthRule", cut(f"{source}: {error.message}"), final=True)
        if holds:
            return (
                Health(state)
                if state is State.HEALTHY
                else Health(state, "HealthRule", _message(rule, name, variables))
            )
    if rule.get("healthy"):
        return Health(State.PROGRESSING, "HealthRule", cut(_message(rule, "healthy", variables, holds=False)))
    return health(obj)


def _message(rule: Mapping[str, Any], name: str, variables: Mapping[str, Any], *, holds: bool = True) -> str:
    if rule.get("message"):
        try:
            return cut(sandbox().evaluate(rule["message"], variables))
        except InputError:
            return cut(rule["message"])
    return cut(f"{rule[name]} {'holds' if holds else 'does not hold'}")
