# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes quantities as exact integers.

A quantity ("250m", "1.5Gi", "2e3") is kept in billionths, the finest step Kubernetes knows, so that adding and
subtracting never rounds. Whoever needs a coarser unit asks for it, and gets it rounded up as Kubernetes does.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

UNIT = 10**9
MILLI = 10**6

_FORM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?)")
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}


def parse_quantity(value: str | int | float) -> int:
    """The quantity in billionths, rounded away from zero; ValueError when it is none."""
    if isinstance(value, int):
        return value * UNIT
    return _parse(str(value).strip())


def whole(billionths: int) -> int:
    """The quantity in whole units, rounded up (Kubernetes' ``Value()``)."""
    return -(-billionths // UNIT)


def thousandths(billionths: int) -> int:
    """The quantity in thousandths, rounded up (Kubernetes' ``MilliValue()``)."""
    return -(-billionths // MILLI)


def counted_in(resource: str, billionths: int) -> int:
    """The quantity in the unit in which capacity is counted: CPU in thousandths, all else whole."""
    return thousandths(billionths) if resource == "cpu" else whole(billionths)


def format_quantity(billionths: int) -> str:
    """The shortest plain way to write it: whole units, else thousandths, else billionths."""
    for step, suffix in ((UNIT, ""), (MILLI, "m")):
        if billionths % step == 0:
            return f"{billionths // step}{suffix}"
    return f"{billionths}n"


@lru_cache(maxsize=4096)
def _parse(text: str) -> int:
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 500m, 2 or 1Gi")
    sign, digits, exponent, suffix = match.groups()
    amount = Fraction(digits + (exponent or "")) * _SUFFIXES[suffix or ""] * UNIT
    rounded = -(-amount.numerator // amount.denominator)
    return -rounded if sign == "-" else rounded
