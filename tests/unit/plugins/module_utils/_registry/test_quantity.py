# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._registry.quantity import (
    format_amounts,
    format_quantity,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1500m", "1.5"), ("2Gi", "2147483648"), ("1k", "1000"), ("100", "100"), ("0", "0"), ("1e3", "1000"),
        ("1E", "1000000000000000000"), ("12E3", "12000"), ("1.5Ki", "1536"), ("250u", "0.00025"), (3, "3"), ("-1", "-1"),
    ],
)  # fmt: skip
def test_reads_what_kubernetes_writes(text: str, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "abc", "m", "Gi", "NaN", "Infinity", "1Zi", "{{ x }}"])
def test_a_member_that_talks_nonsense_counts_as_nothing(text: str) -> None:
    assert parse_quantity(text) == 0


@given(st.decimals(min_value=0, max_value=10**15, places=3))
def test_what_is_written_is_read_again(amount: Decimal) -> None:
    assert parse_quantity(format_quantity(amount)) == amount


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    assert parse_quantity(text).is_finite()


def test_equal_amounts_are_equal_texts() -> None:
    assert list(format_amounts({"memory": Decimal(5), "cpu": Decimal("0.5")}).items()) == [
        ("cpu", "500m"),
        ("memory", "5"),
    ]
