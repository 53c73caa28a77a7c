# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dictionaries as TOML, which containerd is configured in. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(data: Mapping[str, Any]) -> str:
    """A dictionary of texts, numbers, booleans, lists of these and dictionaries, as a TOML document."""
    return "\n\n".join(_tables(data, ())) + "\n"


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    # A table's own values come before its tables: after those they would belong to the last of them.
    own = [f"{_text(key)} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    title = [f"[{'.'.join(_text(part) for part in path)}]"] if path else []
    tables = ["\n".join([*title, *own])] if own else []
    for key, value in table.items():
        if isinstance(value, Mapping):
            tables += _tables(value, (*path, str(key)))
    return tables


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return _quoted(str(value))


def _text(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else _quoted(key)


def _quoted(text: str) -> str:
    # A JSON string is a TOML string but for DEL, which no configuration holds.
    return json.dumps(text, ensure_ascii=False)
