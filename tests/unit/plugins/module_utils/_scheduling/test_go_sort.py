# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Equal things are left in the order in which Go leaves them: compared with what Go's library answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.go_sort import go_sorted

# Keys, and the places they came from when sort.Sort of Go 1.26 had sorted them by the key alone.
ANSWERS = [
    json.loads(line) for line in (Path(__file__).parent / "cases" / "go_sort.jsonl").read_text().splitlines() if line
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{len(answer['keys'])}")
def test_as_go_sorts(answer: dict[str, list[int]]) -> None:
    keys = answer["keys"]
    assert go_sorted(range(len(keys)), keys.__getitem__) == answer["order"]


def test_most_of_these_are_not_what_a_stable_sort_answers() -> None:
    unstable = [
        each for each in ANSWERS if each["order"] != sorted(each["order"], key=lambda at: (each["keys"][at], at))
    ]
    assert len(unstable) > len(ANSWERS) // 2


@given(st.lists(st.integers(0, 5), max_size=12))
@settings(deadline=None, database=None)
def test_up_to_twelve_stay_in_order_where_they_are_equal(keys: list[int]) -> None:
    assert go_sorted(range(len(keys)), keys.__getitem__) == sorted(range(len(keys)), key=keys.__getitem__)


@given(st.lists(st.integers(-50, 50), max_size=400))
@settings(deadline=None, database=None)
def test_nothing_is_lost_and_all_is_in_order(keys: list[int]) -> None:
    places = go_sorted(range(len(keys)), keys.__getitem__)
    assert sorted(places) == list(range(len(keys)))
    assert [keys[place] for place in places] == sorted(keys)
