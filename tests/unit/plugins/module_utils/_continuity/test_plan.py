# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.brake import Brake
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.observation import Judgement, State
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.plan import (
    Application,
    Clean,
    Departure,
    Move,
    Plan,
    Readmit,
    Return,
    Situation,
    Taint,
    plan,
)
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.wishes import Failback

KEY = "fleet.navarch.dev/unreachable"
DONE = Departure("2026-01-01T00:00:00Z", finished=True)
HALF = Departure("2026-01-01T00:00:00Z", finished=False)


def planned(application: Application, state: State, **more: object) -> Plan:
    """What is planned when this is the state of north, and south serves."""
    judgements = {
        "north": Judgement("north", state, "why", since=970.0),
        "south": Judgement("south", State.SERVING, ""),
    }
    situation = Situation(now=1000.0, judgements=judgements, applications=(application,), taint=KEY)
    return plan(replace(situation, **more))


def app(*clusters: str, **more: object) -> Application:
    return Application("default", "shop", frozenset(clusters), **more)


def kinds(found: Plan) -> list[type]:
    return [type(step) for step in found.steps]


def test_a_lost_cluster_is_tainted_before_its_share_moves() -> None:
    found = planned(app("north", "south"), State.LOST)
    assert kinds(found) == [Taint, Move]
    assert found.steps[1] == Move(app("north", "south"), ("north",), ("north",), "north: why")


def test_an_application_that_is_elsewhere_stays_untouched() -> None:
    assert kinds(planned(app("south"), State.LOST)) == [Taint]


@pytest.mark.parametrize("state", [State.SERVING, State.FAILING, State.DISPUTED, State.UNCLEAR, State.EXEMPT])
def test_nothing_moves_because_of_a_guess(state: State) -> None:
    assert planned(app("north", "south"), state) == Plan()


def test_the_brake_stops_everything() -> None:
    found = planned(app("north"), State.LOST, brake=Brake(True, "storm"))
    assert found.steps == ()
    assert found.brake.pulled


def test_the_same_situation_after_the_move_needs_nothing() -> None:
    moved = app("south", stale=frozenset({"north"}), departures={"north": DONE})
    assert planned(moved, State.AWAY) == Plan()


def test_a_killed_play_is_finished() -> None:
    half = app("south", stale=frozenset({"north"}), departures={"north": HALF})
    assert kinds(planned(half, State.AWAY)) == [Move]
    assert kinds(planned(app("north", "south"), State.AWAY)) == [Move]


def test_a_returned_cluster_is_clean_before_it_takes_new_work() -> None:
    moved = app("south", stale=frozenset({"north"}), departures={"north": DONE})
    assert kinds(planned(moved, State.RETURNED)) == [Clean, Readmit, Return]


def test_copies_that_never_moved_are_not_removed_when_their_cluster_is_back() -> None:
    never_moved = app("north", departures={"north": HALF})
    assert Clean not in kinds(planned(never_moved, State.RETURNED))
    assert Move not in kinds(planned(never_moved, State.RETURNED))


def test_a_share_that_returns_by_hand_waits_for_a_person() -> None:
    moved = app("south", departures={"north": DONE}, failover={"failback": "manual"})
    found = planned(moved, State.SERVING)
    assert found.steps == ()
    assert found.held[0].next_step == "To return its share: failover_return_applications=default/shop"
    assert kinds(planned(moved, State.SERVING, called_back=frozenset({"shop"}))) == [Return]


def test_the_application_overrules_the_play_about_failback() -> None:
    moved = app("south", departures={"north": DONE}, failover={"failback": "automatic"})
    assert kinds(planned(moved, State.SERVING, failback=Failback.MANUAL)) == [Return]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"failover": {"mode": "stay"}}, "its failover mode is stay"),
        ({"failover": {"tolerationSeconds": 60}}, "it tolerates 60 s, 30 s have passed"),
        ({"failover": {"fencing": "required"}}, "it requires fencing"),
        ({"tolerations": ({"key": KEY, "operator": "Exists"},)}, "tolerates fleet.navarch.dev/unreachable for ever"),
        ({"tolerations": ({"operator": "Exists", "tolerationSeconds": 60},)}, "it tolerates 60 s"),
    ],
)
def test_what_stays_says_why(settings: dict, reason: str) -> None:
    found = planned(app("north", **settings), State.LOST)
    assert kinds(found) == [Taint]
    assert reason in found.held[0].reason


def test_patience_ends() -> None:
    assert Move in kinds(planned(app("north", failover={"tolerationSeconds": 30}), State.LOST))


def test_an_unknown_setting_is_named_with_the_nearest_right_one() -> None:
    found = planned(app("north", failover={"failbak": "manual"}), State.LOST)
    assert found.held[0].is_error
    assert "failover.failbak" in found.held[0].reason
    assert "failback" in found.held[0].next_step
