# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quantities of Kubernetes: read exactly, added, written in one canonical form each."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

_SUFFIXES = {
    "": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}  # fmt: skip


def parse_quantity(text: str | int | float) -> Decimal:
    """``1500m`` is 1.5, ``2Gi`` is 2147483648. What is no quantity counts as nothing: a member's word is foreign data."""
    raw = str(text).strip()
    number, suffix = raw, ""
    for length in (2, 1):
        if raw[-length:] in _SUFFIXES and len(raw) > length and not raw[-length:].isdigit():
            number, suffix = raw[:-length], raw[-length:]
            break
    try:
        found = Decimal(number) * _SUFFIXES[suffix]
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def format_quantity(amount: Decimal) -> str:
    """A whole number as it is, anything finer in thousandths: ``3``, ``1500m``, ``2147483648``."""
    if amount == amount.to_integral_value():
        return str(int(amount))
    return f"{int((amount * 1000).to_integral_value(rounding='ROUND_CEILING'))}m"


def add(total: dict[str, Decimal], amounts: Mapping[str, Decimal]) -> None:
    """Add ``amounts`` to ``total`` in place."""
    for name, amount in amounts.items():
        total[name] = total.get(name, Decimal(0)) + amount


def parse_amounts(document: Mapping[str, str] | None) -> dict[str, Decimal]:
    """All quantities of a resource list."""
    return {name: parse_quantity(text) for name, text in (document or {}).items()}


def format_amounts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    """All of them, written; by name, so that equal ones are equal texts."""
    return {name: format_quantity(amounts[name]) for name in sorted(amounts)}
