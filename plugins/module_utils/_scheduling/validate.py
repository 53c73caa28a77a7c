# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find everything that is wrong with a placement at once, before anything is asked of a cluster."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .contradictions import contradictions
from .schema import PLACEMENT, Schema

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "object": (Mapping, "a dictionary"),
    "array": (list, "a list"),
    "string": (str, "a string"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
}
_SPEAKS_OF = {
    "clusterAffinities": {"replicaScheduling"},
    "scoring": {"applicationAffinity", "applicationAntiAffinity", "dataLocality"},
    "applicationAntiAffinity": {"applicationAffinity"},
}
"""Parts whose sense hangs on other parts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and what was probably meant."""

    path: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.suggestion}?)" if self.suggestion else ""
        return f"{self.path}: {self.message}{hint}"

    def to_dict(self) -> dict[str, str | None]:
        return {"path": self.path, "message": self.message, "suggestion": self.suggestion}


def validate_placement(placement: object, *, path: str = "placement") -> list[Problem]:
    """All problems of the placement, those of form before those of sense; empty when it is fine."""
    problems = list(check(placement, PLACEMENT, path))
    if not isinstance(placement, Mapping):
        return problems
    sound = _sound_parts(placement, problems, path)
    return [*problems, *(Problem(where, message) for where, message in contradictions(sound, path))]


def _sound_parts(placement: Mapping[str, Any], problems: Sequence[Problem], path: str) -> dict[str, Any]:
    """The parts whose form is right, and that of the parts they speak of: only of these the sense can be judged."""
    flawed = {re.split(r"[.\[]", problem.path.removeprefix(f"{path}."))[0] for problem in problems}
    return {
        name: value
        for name, value in placement.items()
        if name not in flawed and flawed.isdisjoint(_SPEAKS_OF.get(name, ()))
    }


def check(value: object, schema: Schema, path: str) -> Iterator[Problem]:
    """The ways in which the value does not have the form that the schema describes."""
    if "enum" in schema:
        yield from _check_enum(value, schema["enum"], path)
        return
    if "type" not in schema:
        return
    expected, title = _TYPES[schema["type"]]
    if not isinstance(value, expected) or isinstance(value, bool):
        yield Problem(path, f"expected {title}, not {_shown(value)}")
    elif isinstance(value, Mapping):
        yield from _check_object(value, schema, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check(item, schema["items"], f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _check_length(value, schema, path)
    elif isinstance(value, (int, float)):
        if value < schema.get("minimum", value):
            yield Problem(path, f"expected at least {schema['minimum']}, not {value}")
        if value > schema.get("maximum", value):
            yield Problem(path, f"expected at most {schema['maximum']}, not {value}")


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The name that was probably meant."""
    by_fold = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def _check_object(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", False)
    for name, item in value.items():
        if name in properties:
            # A field set to null counts as left out, as in Kubernetes.
            if item is not None:
                yield from check(item, properties[name], f"{path}.{name}")
        elif others is not False:
            yield from check(item, others, f"{path}.{name}")
        else:
            known = ", ".join(properties)
            suggestion = nearest(str(name), list(properties))
            yield Problem(
                f"{path}.{name}", "unknown field" + ("" if suggestion else f"; known are {known}"), suggestion
            )
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Problem(f"{path}.{name}", "is required")


def _check_enum(value: object, allowed: Sequence[str], path: str) -> Iterator[Problem]:
    if value not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed if choice)
        yield Problem(
            path,
            f"expected one of {choices}, not {_shown(value)}",
            nearest(str(value), [choice for choice in allowed if choice]),
        )


def _check_range(value: float, schema: Schema, path: str) -> Iterator[Problem]:
    if value < schema.get("minimum", value):
        yield Problem(path, f"expected at least {schema['minimum']}, not {value}")
    elif value > schema.get("maximum", value):
        yield Problem(path, f"expected at most {schema['maximum']}, not {value}")


def _check_length(value: str, schema: Schema, path: str) -> Iterator[Problem]:
    if len(value) < schema.get("minLength", 0):
        yield Problem(path, "must not be empty")
    elif len(value) > schema.get("maxLength", len(value)):
        yield Problem(path, f"is longer than {schema['maxLength']} characters")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
