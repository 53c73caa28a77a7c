# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences that an application does not mind, in the form of Argo CD's ``ignoreDifferences``. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .._kube.errors import InputError
from .identity import Identity
from .overrides.pointer import PointerError, tokens

Tokens = tuple[str, ...]
"""A JSON pointer, taken apart."""

_TEXTS = ("group", "kind", "name", "namespace")
_LISTS = ("jsonPointers", "managedFieldsManagers")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule: these fields of these objects are left to whoever wrote them."""

    kind: str
    group: str | None = None
    name: str | None = None
    namespace: str | None = None
    pointers: tuple[Tokens, ...] = ()
    managers: frozenset[str] = frozenset()

    def covers(self, identity: Identity, field: Tokens, manager: str | None) -> bool:
        """Whether a difference of an object is ignored."""
        asked = ((self.group, identity.group), (self.name, identity.name), (self.namespace, identity.namespace))
        if self.kind not in ("*", identity.kind) or any(want is not None and want != has for want, has in asked):
            return False
        return manager in self.managers or any(_leads(pointer, field) for pointer in self.pointers)


def parse_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[Ignore, ...]:
    """The rules of an application.

    :raises InputError: naming the rule, the field and the nearest right one.
    """
    return tuple(_parsed(rule, f"ignore_differences[{number}]") for number, rule in enumerate(rules))


def _parsed(rule: Mapping[str, Any], where: str) -> Ignore:
    for key in rule:
        if key not in (*_TEXTS, *_LISTS):
            near = get_close_matches(str(key), [*_TEXTS, *_LISTS], n=1)
            raise InputError(f"{where}.{key}: there is no such field" + (f", did you mean {near[0]}?" if near else ""))
    for key in _TEXTS:
        if key in rule and not isinstance(rule[key], str):
            raise InputError(f"{where}.{key}: a text is wanted, not {rule[key]!r}")
    for key in _LISTS:
        found = rule.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise InputError(f"{where}.{key}: a list of texts is wanted, not {found!r}")
    if not rule.get("kind"):
        raise InputError(f"{where}.kind: it is missing", next_step="Name the kind, or * for all")
    if not rule.get("jsonPointers") and not rule.get("managedFieldsManagers"):
        raise InputError(f"{where}: it ignores nothing", next_step="Give jsonPointers or managedFieldsManagers")
    return Ignore(
        kind=rule["kind"],
        group=rule.get("group"),
        name=rule.get("name"),
        namespace=rule.get("namespace"),
        pointers=tuple(_tokens(pointer, where) for pointer in rule.get("jsonPointers", [])),
        managers=frozenset(rule.get("managedFieldsManagers", [])),
    )


def _tokens(pointer: str, where: str) -> Tokens:
    try:
        found = tokens(pointer)
    except PointerError as error:
        raise InputError(f"{where}.jsonPointers: {error}", next_step="Write /spec/replicas") from error
    if not found:
        raise InputError(f"{where}.jsonPointers: {pointer!r} is the whole object", next_step="Name a field of it")
    return found


def _leads(pointer: Tokens, field: Tokens) -> bool:
    """Whether a pointer leads to the field or to something that holds it."""
    return len(pointer) <= len(field) and all(
        want in ("*", has) for want, has in zip(pointer, field[: len(pointer)], strict=True)
    )
