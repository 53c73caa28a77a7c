# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values per cluster, written `[[ cluster.region ]]`: Jinja2 expressions in a sandbox, with the cluster's facts as data.

Ansible would expand its own `{{ }}` before we see them. Text of others may hold these brackets too: `[[ -f x ]]` in a
script, `[[inputs.cpu]]` in TOML. So an expression is what names one of our variables; where the text was written for
us, a name that is none of them is an error as well. What an expression gives is never looked at again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from .._kube.errors import InputError
from .sandbox import Undefined, sandbox

OPEN, CLOSE = "[[", "]]"
LONGEST = 1_000_000
"""Characters that one expression may make."""

Facts = Mapping[str, Any]
"""The variables of one cluster: `cluster`, `application`, `values`."""
ROOTS = ("application", "cluster", "values")

_TEXT_OVERRIDERS = frozenset(
    {"annotationsOverrider", "argsOverrider", "commandOverrider", "imageOverrider", "labelsOverrider"}
)

Path: TypeAlias = "tuple[str | int, ...]"

_TABLE = re.compile(r"\[\[[\w.\"'-]+\]\]")
_MEANT = re.compile(r"\s+[A-Za-z_]\w*\s*([.|\[]|$)")
"""``[[ region ]]`` or ``[[ clustr.name ]]``: nobody else writes that, so it was meant for us."""

_TEXT_ONLY = frozenset({"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "stringData"})
"""Mappings of the API whose values are text: a number there is meant as its digits."""


class Reading(Enum):
    """How brackets are read that name none of our variables."""

    OURS = "ours"
    """The text was written for us: an unknown name is a mistake."""
    ANYBODYS = "anybodys"
    """The text is a manifest of anybody's: what does not name our variables is left alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands, for errors."""

    cluster: str
    object: str
    """The object, or what else holds the expression."""


@dataclass(frozen=True, slots=True)
class _Hole:
    """A text in a document that holds expressions: literal parts, and the sources of expressions."""

    path: Path
    parts: tuple[str | _Expression, ...]


@dataclass(frozen=True, slots=True)
class _Expression:
    source: str


@dataclass(frozen=True, slots=True)
class Template:
    """A document, compiled once: its expressions are found, and filled for each cluster."""

    document: Any
    holes: tuple[_Hole, ...]

    def answers(self, facts: Facts, place: Place) -> tuple[Any, ...]:
        """What the expressions give for a cluster. Equal answers make equal documents.

        :raises InputError: naming the cluster, the object and the path of what has no value.
        """
        return tuple(_fill(hole, facts, place) for hole in self.holes)

    def filled(self, answers: tuple[Any, ...]) -> Any:
        """The document with the answers in it; parts without expressions are shared with the original."""
        document = self.document
        for hole, answer in zip(self.holes, answers, strict=True):
            document = _replaced(document, hole.path, answer)
        return document


def compiled(document: Any, reading: Reading, name: str) -> Template:
    """Find the expressions of a document.

    :param name: what holds them, for errors.
    """
    return Template(document, tuple(_holes(document, reading, name, ())))


def path_text(path: Path) -> str:
    """``spec.containers[0].image`` for people."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the whole"


def _holes(value: Any, reading: Reading, name: str, path: Path) -> Iterator[_Hole]:
    if isinstance(value, str):
        if OPEN in value:
            parts = tuple(_parts(value, reading, name, path))
            if any(isinstance(part, _Expression) for part in parts):
                yield _Hole(path, parts)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _holes(item, reading, name, (*path, key))
    elif isinstance(value, (list, tuple)):
        _refuse_unquoted(value, name, path)
        for index, item in enumerate(value):
            yield from _holes(item, reading, name, (*path, index))


def _refuse_unquoted(value: Sequence[Any], name: str, path: Path) -> None:
    """`region: [[ cluster.region ]]` without quotes is a list in a list to YAML."""
    inner = value[0] if len(value) == 1 else None
    source = inner[0] if isinstance(inner, list) and len(inner) == 1 else None
    if isinstance(source, str) and (sandbox().names_in(source) or frozenset()) & frozenset(ROOTS):
        raise InputError(
            f"{path_text(path)}: {OPEN} {source} {CLOSE} without quotes is a list in a list to YAML",
            object=name,
            next_step=f'Quote it: "{OPEN} {source} {CLOSE}"',
        )


def _parts(text: str, reading: Reading, name: str, path: Path) -> Iterator[str | _Expression]:
    position = 0
    while True:
        start = text.find(OPEN, position)
        if start < 0:
            break
        found = _expression_at(text, start, reading, name, path)
        if found is None:
            yield text[position : start + len(OPEN)]
            position = start + len(OPEN)
            continue
        source, end = found
        if start > position:
            yield text[position:start]
        yield _Expression(source)
        position = end
    if position < len(text):
        yield text[position:]


def _expression_at(text: str, start: int, reading: Reading, name: str, path: Path) -> tuple[str, int] | None:
    """The expression that begins here and where it ends; None when these brackets are somebody else's."""
    if _is_table_of_toml(text, start):
        return None
    line_end = text.find("\n", start)
    limit = len(text) if line_end < 0 else line_end
    end = text.find(CLOSE, start + len(OPEN), limit)
    first: str | None = None
    while end >= 0:
        source = text[start + len(OPEN) : end]
        first = source if first is None else first
        names = sandbox().names_in(source)
        if names is not None:
            is_meant = reading is Reading.OURS and _MEANT.match(source) is not None
            if names & frozenset(ROOTS) and (is_meant or source.strip() not in ROOTS):
                return source.strip(), end + len(CLOSE)
            if is_meant:
                raise _unknown_name(source, sorted(names)[0], name, path)
            return (source.strip(), end + len(CLOSE)) if _is_quoted_bracket(source) else None
        # A subscript ends in brackets too: `[[ cluster.labels[values["key"]] ]]`.
        end = text.find(CLOSE, end + 1, limit)
    if first is not None and reading is Reading.OURS and any(f"{root}." in first for root in ROOTS):
        raise InputError(
            f"{path_text(path)}: `{OPEN}{first}{CLOSE}` is no expression", object=name,
            next_step="Correct it; it is a Jinja2 expression over cluster, application and values",
        )  # fmt: skip
    return None


def _is_table_of_toml(text: str, start: int) -> bool:
    """``[[cluster.members]]`` alone on its line in a longer text is how TOML begins an item of a list."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line = text[line_start : len(text) if line_end < 0 else line_end]
    return "\n" in text.strip("\n") and _TABLE.fullmatch(line.strip()) is not None


def _is_quoted_bracket(source: str) -> bool:
    """``[[ '[[' ]]``: how a literal bracket is written where it would be taken for ours."""
    return source.strip() in ("'[['", '"[["', "']]'", '"]]"')


def _unknown_name(source: str, unknown: str, name: str, path: Path) -> InputError:
    close = difflib.get_close_matches(unknown, ROOTS, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}? " if close else ""
    return InputError(
        f"{path_text(path)}: `{OPEN}{source}{CLOSE}`: '{unknown}' is undefined", object=name,
        next_step=f"{hint}There are {', '.join(ROOTS)}; a literal bracket is written [[ '[[' ]]",
    )  # fmt: skip


def _fill(hole: _Hole, facts: Facts, place: Place) -> Any:
    values = [part if isinstance(part, str) else _evaluate(part, hole.path, facts, place) for part in hole.parts]
    # A text that is nothing but one expression keeps its type: `replicas: "[[ 3 if ... else 1 ]]"` is a number.
    if len(values) == 1 and not _is_text_only(hole.path):
        return values[0]
    return "".join(_as_text(value, hole.path, place) for value in values)


def _evaluate(expression: _Expression, path: Path, facts: Facts, place: Place) -> Any:
    try:
        value = sandbox().evaluate(expression.source, facts)
    except Undefined as error:
        raise _failed(expression, str(error), path, place, _nearest(expression.source, facts)) from None
    except InputError as error:
        raise _failed(expression, error.message, path, place, None) from None
    if isinstance(value, str) and len(value) > LONGEST:
        raise _failed(expression, f"it makes more than {LONGEST} characters", path, place, None)
    return value


def _failed(expression: _Expression, cause: str, path: Path, place: Place, nearest: str | None) -> InputError:
    hint = f"did you mean {nearest}? " if nearest else ""
    return InputError(
        f"{path_text(path)}: `{OPEN} {expression.source} {CLOSE}`: {cause}",
        cluster=place.cluster,
        object=place.object,
        next_step=f"{hint}Correct it, or give it a value for this cluster, or a default: `| default('x')`",
    )


def _nearest(source: str, facts: Facts) -> str | None:
    """The fact that was probably meant by ``cluster.regoin``."""
    for word in source.replace("[", ".").split():
        root, _dot, rest = word.partition(".")
        known = facts.get(root)
        field = rest.split(".")[0]
        if isinstance(known, Mapping) and field and field not in known:
            close = difflib.get_close_matches(field, [str(key) for key in known], n=1)
            return f"{root}.{close[0]}" if close else None
    return None


def _is_text_only(path: Path) -> bool:
    if (len(path) >= 2 and path[-2] in _TEXT_ONLY) or (path and path[0] in _TEXT_OVERRIDERS):
        return True
    # `env: [{name, value}]` of a container.
    return len(path) >= 3 and path[-1] == "value" and isinstance(path[-2], int) and path[-3] == "env"


def _as_text(value: Any, path: Path, place: Place) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if float(value).is_integer() else str(value)
    raise InputError(
        f"{path_text(path)}: {'nothing' if value is None else 'a list or a mapping'} can't stand inside text",
        cluster=place.cluster,
        object=place.object,
        next_step="Take one value of it, or join them: `| join(',')`",
    )


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    key = path[0]
    if isinstance(key, int):
        items = list(value)
        items[key] = _replaced(items[key], path[1:], new)
        return items
    return {**value, key: _replaced(value[key], path[1:], new)}
