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
_PLAIN = "plain"
"""The tag given to scalars without quotes and without a tag of their own."""


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
    except ValueError:
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
    number = 0
    line = 1
    try:
        loader = _loader_class()(text)
    except library.yaml.YAMLError as error:
        raise _not_yaml(error, name, 1, 1) from error
    try:
        while True:
            number += 1
            try:
                if not loader.check_node():
                    return
                node = loader.get_node()
            except library.yaml.YAMLError as error:
                raise _not_yaml(error, name, number, line) from error
            except RecursionError as error:
                raise InputError(f"{name}, document {number}: it is nested too deeply") from error
            line = node.start_mark.line + 1
            value = _Converter(f"{name}, document {number}").value(node)
            if value is not None:
                yield Document(number, line, value)
            line = node.end_mark.line + 1
    finally:
        loader.dispose()


def _not_yaml(error: Exception, name: str, number: int, line: int) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    where = mark.line + 1 if mark is not None else line
    return InputError(
        f"{name}, document {number}, line {where}: not YAML: {problem}",
        next_step="Correct the text there, or quote it where it begins with a special character",
    )


_loader: type | None = None


def _loader_class() -> Any:
    """PyYAML's C parser where it was built with it, resolving nothing: what a scalar means is decided here."""
    global _loader
    if _loader is None:
        base = getattr(library.yaml, "CSafeLoader", library.yaml.SafeLoader)
        _loader = type("_PlainLoader", (base,), {"resolve": _leave_unresolved})
    return _loader


def _leave_unresolved(_loader: object, kind: type, _value: object, implicit: tuple[bool, bool]) -> str:
    if kind is library.yaml.ScalarNode:
        return _PLAIN if implicit[0] else _TAG + "str"
    return _TAG + ("map" if kind is library.yaml.MappingNode else "seq")


class _Converter:
    """Nodes of one document to values; an anchor's value is built once and shared."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._built: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._nodes = 0

    def value(self, node: Any) -> Any:
        try:
            return self._value(node)
        except RecursionError as error:
            raise InputError(f"{self._where}: it is nested too deeply") from error

    def _value(self, node: Any) -> Any:
        self._nodes += 1
        if isinstance(node, library.yaml.ScalarNode):
            return self._scalar(node)
        key = id(node)
        known = self._built.get(key)
        if known is not None:
            self._nodes += known[1]
            if self._nodes > _MOST_NODES:
                raise self._error(node, "its aliases expand to more than any manifest needs")
            return known[0]
        if key in self._open:
            raise self._error(node, "an anchor holds itself")
        self._open.add(key)
        before = self._nodes
        value = self._mapping(node) if isinstance(node, library.yaml.MappingNode) else self._sequence(node)
        self._open.discard(key)
        self._built[key] = (value, self._nodes - before)
        return value

    def _sequence(self, node: Any) -> list[Any]:
        self._check_tag(node, "seq")
        return [self._value(item) for item in node.value]

    def _mapping(self, node: Any) -> dict[str, Any]:
        self._check_tag(node, "map")
        mapping: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _PLAIN and key_node.value == "<<":
                # The first of several merged mappings wins, and the mapping's own keys win over all.
                for key, value in self._merge(value_node).items():
                    merged.setdefault(key, value)
                continue
            key = self._key(key_node)
            if key in mapping:
                raise self._error(key_node, f"the key {key!r} is given twice in one mapping", step="Keep one of them")
            mapping[key] = self._value(value_node)
        return {**merged, **mapping} if merged else mapping

    def _merge(self, node: Any) -> dict[str, Any]:
        parts = node.value if isinstance(node, library.yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for part in parts:
            value = self._value(part)
            if not isinstance(value, dict):
                raise self._error(part, "'<<' merges mappings only")
            for key, item in value.items():
                merged.setdefault(key, item)
        return merged

    def _key(self, node: Any) -> str:
        """A key as JSON has it: numbers and booleans become text."""
        key = self._scalar(node) if isinstance(node, library.yaml.ScalarNode) else None
        if isinstance(key, str):
            return key
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, (int, float)):
            return str(key)
        raise self._error(node, "a key must be text", step="Quote it")

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        tag: str = node.tag
        if tag == _PLAIN:
            value = resolve(text)
        elif tag == _TAG + "str":
            return text
        else:
            value = self._tagged(node, tag, text)
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node, f"{text} has no form in JSON", step="Quote it")
        return value

    def _tagged(self, node: Any, tag: str, text: str) -> Any:
        name = tag.removeprefix(_TAG)
        value = resolve(text)
        if name == "timestamp":
            return text
        if name == "null" and value is None:
            return None
        if name == "bool" and isinstance(value, bool):
            return value
        if name == "int" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if name == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        if name == "binary":
            raise self._error(node, "!!binary has no form in JSON", step="Give the base64 text without the tag")
        raise self._error(
            node, f"the tag {tag if name == tag else '!!' + name} does not fit {text[:40]!r}", step="Remove the tag"
        )

    def _check_tag(self, node: Any, expected: str) -> None:
        if node.tag != _TAG + expected:
            raise self._error(node, f"the tag {node.tag} is not known to Kubernetes", step="Remove the tag")

    def _error(self, node: Any, problem: str, *, step: str | None = None) -> InputError:
        return InputError(f"{self._where}, line {node.start_mark.line + 1}: {problem}", next_step=step)


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
