# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.brake import brake
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.observation import Judgement, State

WORDS = {
    "s": State.SERVING,
    "f": State.FAILING,
    "l": State.LOST,
    "w": State.LOST,  # with a witness
    "d": State.DISPUTED,
    "a": State.AWAY,
    "r": State.RETURNED,
    "x": State.EXEMPT,
}


def fleet(letters: str) -> dict[str, Judgement]:
    return {
        f"c{number}": Judgement(f"c{number}", WORDS[letter], "", witnesses=("elsewhere",) if letter == "w" else ())
        for number, letter in enumerate(letters)
    }


@pytest.mark.parametrize(
    ("letters", "pulled"),
    [
        ("sss", False),
        ("lss", False),  # one may always be lost
        ("llsss", True),  # two of five are more than a third
        ("llssss", False),  # two of six are a third
        ("lllssss", True),
        ("lfsss", True),  # what fails already counts as it seems
        ("ldsss", True),
        ("lxsss", True),
        ("ffsss", False),  # nothing is lost, so nothing is asked
        ("laass", False),  # what failed over does not count as lost again
        ("llaass", True),  # and not as there either: two of four
        ("ls", True),  # one of two, and nobody else looked
        ("ws", False),  # one of two, with a witness
        ("lsa", True),  # one of the last two
        ("l", True),
        ("ww", True),  # all at once, whoever says so
        ("", False),
    ],
)
def test_the_brake_is_pulled_when_too_much_seems_lost_at_once(letters: str, pulled: bool) -> None:
    assert brake(fleet(letters)).pulled is pulled


def test_a_person_releases_the_brake_by_naming_all_that_is_lost() -> None:
    judgements = fleet("llsss")
    assert brake(judgements, {"c0"}).pulled
    assert not brake(judgements, {"c0", "c1"}).pulled


def test_the_brake_says_what_to_do() -> None:
    found = brake(fleet("llsss"))
    assert "2 of 5 clusters seem lost at once (c0, c1)" in found.reason
    assert "failover_confirmed=c0,c1" in found.next_step


@given(st.text(alphabet="sflwdarx", max_size=30))
def test_never_are_more_than_a_third_lost_without_a_person(letters: str) -> None:
    judgements = fleet(letters)
    lost = sum(found.state is State.LOST for found in judgements.values())
    in_service = sum(found.state not in (State.AWAY, State.RETURNED) for found in judgements.values())
    if not brake(judgements).pulled:
        assert lost <= max(1, in_service / 3)
