# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON Pointer (RFC 6901) and JSON Patch (RFC 6902: add, remove, replace). Nothing given is changed in place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_INDEX = re.compile(r"0|[1-9][0-9]*")


class PointerError(ValueError):
    """A pointer that is malformed, or leads nowhere in this document."""


def tokens(pointer: str) -> tuple[str, ...]:
    """The parts of a pointer; none for the whole document."""
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise PointerError(f"{pointer!r} does not begin with /")
    if re.search(r"~(?![01])", pointer):
        raise PointerError(f"{pointer!r} has a ~ that is neither ~0 nor ~1")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def found_at(document: Any, pointer: str) -> Any:
    """What a pointer leads to.

    :raises PointerError: nothing.
    """
    value = document
    walked = ""
    for token in tokens(pointer):
        walked += f"/{token}"
        value = _child(value, token, walked)
    return value


def patched(document: Any, operation: str, pointer: str, value: Any = None) -> Any:
    """The document after one operation.

    :raises PointerError: there is no such place.
    """
    parts = tokens(pointer)
    if not parts:
        if operation == "remove":
            raise PointerError("the whole document can't be removed")
        return value
    return _changed(document, parts, operation, value, "")


def _changed(document: Any, parts: tuple[str, ...], operation: str, value: Any, walked: str) -> Any:
    token, rest = parts[0], parts[1:]
    at = f"{walked}/{token}"
    if rest:
        child = _changed(_child(document, token, at), rest, operation, value, at)
        if isinstance(document, list):
            items = list(document)
            items[_index(document, token, at)] = child
            return items
        return {**document, token: child}
    if isinstance(document, Mapping):
        if operation == "add":
            return {**document, token: value}
        _child(document, token, at)
        if operation == "replace":
            return {**document, token: value}
        return {key: item for key, item in document.items() if key != token}
    if isinstance(document, list):
        items = list(document)
        if operation == "add":
            items.insert(len(items) if token == "-" else _index([*document, None], token, at), value)
        elif operation == "replace":
            items[_index(document, token, at)] = value
        else:
            del items[_index(document, token, at)]
        return items
    raise PointerError(f"there is no {at}: {walked or 'the document'} is neither a mapping nor a list")


def _child(value: Any, token: str, walked: str) -> Any:
    if isinstance(value, Mapping):
        if token not in value:
            raise PointerError(f"there is no {walked}{_nearby(token, value)}")
        return value[token]
    if isinstance(value, list):
        return value[_index(value, token, walked)]
    raise PointerError(f"there is no {walked}")


def _nearby(token: str, keys: Iterable[object]) -> str:
    close = [str(key) for key in keys if str(key).lower() == token.lower()]
    return f" (did you mean {close[0]}?)" if close else ""


def _index(items: list[Any], token: str, walked: str) -> int:
    if not _INDEX.fullmatch(token) or int(token) >= len(items):
        raise PointerError(f"there is no {walked}: the list has {len(items)} items")
    return int(token)
