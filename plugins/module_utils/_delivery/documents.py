# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML and JSON text to plain values, the way kubectl reads it.

kubectl turns YAML into JSON with sigs.k8s.io/yaml, whose scalars are neither YAML 1.1 nor 1.2: `yes`, `on` and `y`
are booleans, `0777` is octal, `1e3` is a number, but `12:30` and dates stay text. PyYAML's own rules differ (`12:30`
would be 750 seconds), so the scalars are resolved here. Beyond kubectl, a key given twice is an error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._kube import library
from .._kube.errors import InputError

_MOST_NODES = 5_000_000
"""Aliases may multiply a document; past this many nodes it is an attack or a mistake."""
_DEEPEST = 200
"""Levels of nesting; the schemas of the largest CRDs have some sixty."""

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WORD_STARTS = frozenset(word[:1] for word in _WORDS)
_NUMBER_STARTS = frozenset("0123456789+-.")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hexadecimal>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_BASES = {"hexadecimal": 16, "binary": 2, "octal": 8, "decimal": 10}
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a text: its number from 1, the line it begins in, and what it holds."""

    number: int
    line: int
    value: Any


def read_documents(text: str, name: str) -> Iterator[Document]:
    """The documents of a text, empty ones left out. Errors name `name`, the document and the line."""
    if text.lstrip()[:1] == "{":
        documents = _read_json(text)
        if documents is not None:
            return iter(documents)
    return _read_yaml(text, name)


def _read_json(text: str) -> list[Document] | None:
    """Several JSON objects one after another, or None where it isn't JSON: YAML's flow style begins alike."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant)
    documents: list[Document] = []
    position = 0
    try:
        while position < len(text):
            rest = re.compile(r"\s*").match(text, position)
            position = rest.end() if rest else position
            if position >= len(text):
                break
            value, end = decoder.raw_decode(text, position)
            documents.append(Document(len(documents) + 1, text.count("\n", 0, position) + 1, value))
            position = end
    except (ValueError, RecursionError):
        # The YAML reader finds the same fault and can name its line.
        return None
    return documents


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key is given twice")
    return mapping


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _read_yaml(text: str, name: str) -> Iterator[Document]:
    library.require("PyYAML")
    yaml = library.yaml
    # The C parser where PyYAML was built with it. Its events are read, and not its nodes: it composes those by
    # recursion without a limit, so that deep nesting would end the process.
    try:
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    except yaml.YAMLError as error:
        raise _not_yaml(error, f"{name}, document 1", 1) from error
    number = 0
    line = 1
    try:
        while True:
            event = parser.get_event()
            if event is None or isinstance(event, yaml.StreamEndEvent):
                return
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            number += 1
            reader = _DocumentReader(parser, f"{name}, document {number}")
            value = reader.read()
            if value is not None:
                yield Document(number, reader.line, value)
            line = reader.line
    except yaml.YAMLError as error:
        raise _not_yaml(error, f"{name}, document {max(number, 1)}", line) from error
    finally:
        parser.dispose()


def _not_yaml(error: Exception, where: str, line: int) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    return InputError(
        f"{where}, line {mark.line + 1 if mark is not None else line}: not YAML: {problem}",
        next_step="Correct the text there, or quote it where it begins with a special character",
    )


class _DocumentReader:
    """The events of one document to its value; the value of an anchor is built once and shared."""

    def __init__(self, parser: Any, where: str) -> None:
        self._parser = parser
        self._where = where
        self._yaml = library.yaml
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._nodes = 0
        self._depth = 0
        self.line = 1

    def read(self) -> Any:
        event = self._parser.get_event()
        self.line = event.start_mark.line + 1
        return self._value(event)

    def _value(self, event: Any) -> Any:
        yaml = self._yaml
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor = event.anchor
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            if anchor is not None:
                self._anchors[anchor] = (value, 1)
            return value
        if anchor is not None:
            self._anchors[anchor] = None
        before = self._nodes
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(event, "it is nested too deeply")
        value = self._mapping(event) if isinstance(event, yaml.MappingStartEvent) else self._sequence(event)
        self._depth -= 1
        if anchor is not None:
            self._anchors[anchor] = (value, self._nodes - before)
        return value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._error(event, f"the anchor {event.anchor!r} is not defined in this document")
        known = self._anchors[event.anchor]
        if known is None:
            raise self._error(event, f"the anchor {event.anchor!r} holds itself")
        value, nodes = known
        self._nodes += nodes
        if self._nodes > _MOST_NODES:
            raise self._error(event, "its aliases expand to more than any manifest needs")
        return value

    def _sequence(self, start: Any) -> list[Any]:
        self._check_tag(start, "seq")
        items: list[Any] = []
        while True:
            event = self._parser.get_event()
            if isinstance(event, self._yaml.SequenceEndEvent):
                return items
            items.append(self._value(event))

    def _mapping(self, start: Any) -> dict[str, Any]:
        self._check_tag(start, "map")
        mapping: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while True:
            event = self._parser.get_event()
            if isinstance(event, self._yaml.MappingEndEvent):
                return {**merged, **mapping} if merged else mapping
            if isinstance(event, self._yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                for part in self._merged_parts(event):
                    # The first of several merged mappings wins, and the mapping's own keys win over all.
                    merged = {**part, **merged}
                continue
            key = self._key(event)
            if key in mapping:
                raise self._error(event, f"the key {key!r} is given twice in one mapping", step="Keep one of them")
            mapping[key] = self._value(self._parser.get_event())

    def _merged_parts(self, key: Any) -> list[dict[str, Any]]:
        value = self._value(self._parser.get_event())
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            raise self._error(key, "'<<' merges mappings only")
        return parts

    def _key(self, event: Any) -> str:
        """A key as JSON has it: numbers and booleans become text."""
        key = None if isinstance(event, self._yaml.CollectionStartEvent) else self._value(event)
        if isinstance(key, str):
            return key
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, (int, float)):
            return str(key)
        raise self._error(event, "a key must be text", step="Quote it")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is None and not event.implicit[0]:
            return text
        value = resolve(text) if event.tag is None else self._tagged(event, event.tag, text)
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(event, f"{text} has no form in JSON", step="Quote it")
        return value

    def _tagged(self, event: Any, tag: str, text: str) -> Any:
        name = tag.removeprefix(_TAG)
        if name in ("!", "str", "timestamp"):
            return text
        value = resolve(text)
        if name == "null" and value is None:
            return None
        if name == "bool" and isinstance(value, bool):
            return value
        if name == "int" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if name == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        if name == "binary":
            raise self._error(event, "!!binary has no form in JSON", step="Give the base64 text without the tag")
        shown = tag if name == tag else f"!!{name}"
        raise self._error(event, f"the tag {shown} does not fit {text[:40]!r}", step="Remove the tag")

    def _check_tag(self, event: Any, expected: str) -> None:
        if event.tag not in (None, "!", _TAG + expected):
            raise self._error(event, f"the tag {event.tag} is not known to Kubernetes", step="Remove the tag")

    def _error(self, event: Any, problem: str, *, step: str | None = None) -> InputError:
        return InputError(f"{self._where}, line {event.start_mark.line + 1}: {problem}", next_step=step)


def resolve(text: str) -> Any:
    """What a plain (unquoted) scalar means to kubectl."""
    first = text[:1]
    if first in _WORD_STARTS and text in _WORDS:
        return _WORDS[text]
    if first not in _NUMBER_STARTS or not first:
        return text
    plain = text if first == "." else text.replace("_", "")
    integer = _INTEGER.fullmatch(plain)
    if integer and integer.lastgroup:
        # One group beside the sign has matched, and it is the last.
        number = int(integer["sign"] + integer[integer.lastgroup], _BASES[integer.lastgroup])
        return number if -(2**63) <= number < 2**63 else _json_number(float(number))
    if _FLOAT.fullmatch(plain):
        real = float(plain)
        return _json_number(real) if math.isfinite(real) else text
    return text


def _json_number(real: float) -> int | float:
    """JSON knows one kind of number: Go writes 1.0 as 1."""
    return int(real) if real.is_integer() and abs(real) < 1e21 else real
