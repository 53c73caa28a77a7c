# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading dictionaries that people write: a wrong form is refused with the path where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import RequestError
from .quantity import parse_quantity

JSON = Mapping[str, Any]


def object_of(value: object, path: str) -> JSON:
    """The value, which has to be a dictionary."""
    if not isinstance(value, Mapping):
        raise RequestError(path, f"expected a dictionary, not {value!r}")
    return value


def mapping(data: JSON, name: str, path: str) -> JSON:
    """The dictionary of that name, empty when left out."""
    value = data.get(name)
    return {} if value is None else object_of(value, f"{path}.{name}")


def listed(data: JSON, name: str, path: str) -> Iterable[Any]:
    """The list of that name, empty when left out."""
    value = data.get(name)
    if value is None:
        return ()
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise RequestError(f"{path}.{name}", f"expected a list, not {value!r}")
    return value


def count(data: JSON, name: str, path: str) -> int | None:
    """The whole number of that name, None when left out."""
    value = data.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise RequestError(f"{path}.{name}", f"expected a whole number from 0, not {value!r}")


def amounts(quantities: JSON, path: str) -> dict[str, int]:
    """Quantities by name, in billionths."""
    found = {}
    for name, quantity in quantities.items():
        try:
            found[name] = parse_quantity(quantity)
        except (TypeError, ValueError) as error:
            raise RequestError(f"{path}.{name}", str(error)) from error
    return found
