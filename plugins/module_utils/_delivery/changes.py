# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields differ between two states of an object, by the paths that API servers use in their messages. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .diff import comparable
from .fields import MISSING
from .identity import Manifest
from .redact import masked

VALUE_SHOWN = 120
"""Characters of one value."""

ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after, as text for people. Values of Secrets are masked."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} -> {self.after}"

    def to_dict(self) -> dict[str, str]:
        """The form in results."""
        return {"field": self.field, "before": self.before, "after": self.after}


def field_changes(before: Manifest, after: Manifest) -> tuple[FieldChange, ...]:
    """The fields that differ, without status and what a server counts."""
    return tuple(
        FieldChange(path, value_text(old), value_text(new))
        for path, old, new in _walk("", _shown(before), _shown(after))
    )


def value_text(value: Any) -> str:
    """A value for people, cut to length."""
    if isinstance(value, _Absent) or value == MISSING:
        return ABSENT
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 3]}..."


def _shown(manifest: Manifest) -> Manifest:
    return comparable(masked(manifest))


class _Absent:
    """Stands for a value that is not there."""


_NOTHING = _Absent()


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _walk(f"{path}.{key}", before.get(key, _NOTHING), after.get(key, _NOTHING))
        return
    if isinstance(before, list) and isinstance(after, list):
        old, new = _keyed(before), _keyed(after)
        if old is not None and new is not None:
            for key in [*old, *(key for key in new if key not in old)]:
                yield from _walk(f"{path}[{key}]", old.get(key, _NOTHING), new.get(key, _NOTHING))
            return
        if len(before) == len(after):
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _walk(f"{path}[{index}]", one, other)
            return
    yield path, before, after


def _keyed(items: list[Any]) -> dict[str, Any] | None:
    """Items by their names, where each has one."""
    if not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        return None
    named = {f"name={json.dumps(item['name'])}": item for item in items}
    return named if len(named) == len(items) else None
