# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Condition, Member, format_time
from ansible_collections.navarch.fleet.plugins.module_utils._registry.probe import (
    Observation,
    observed_member,
    status_after,
    with_expiry,
)

GOOD = Observation(
    "m1", "2026-01-01T00:00:10Z", "here", Condition("Ready", "True", "ClusterReady", "fine"), (), {"systemUID": "u"}
)
BAD = replace(GOOD, ready=Condition("Ready", "False", "ClusterNotReachable", "refused"), facts=None)


def test_facts_of_a_member_that_is_gone_stay_as_they_were_last_seen() -> None:
    known = {"status": status_after({}, GOOD)}
    after = status_after(known, replace(BAD, at="2026-01-01T00:01:00Z"))
    assert after["systemUID"] == "u"
    assert after["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:01:00Z"


def test_failures_are_counted_for_each_observer_and_end_with_a_success() -> None:
    status: dict[str, Any] = {}
    for second in (1, 2, 3):
        status = status_after({"status": status}, replace(BAD, at=f"2026-01-01T00:00:0{second}Z"))
    status = status_after({"status": status}, replace(BAD, observer="elsewhere", at="2026-01-01T00:00:09Z"))
    here = {observer["name"]: observer for observer in status["observers"]}
    assert here["here"]["failures"] == 3
    assert here["here"]["failingSince"] == "2026-01-01T00:00:01Z"
    assert here["elsewhere"]["failures"] == 1
    healed = status_after({"status": status}, GOOD)
    assert {observer["name"]: observer["failures"] for observer in healed["observers"]} == {"elsewhere": 1, "here": 0}


def test_observers_are_bounded() -> None:
    status: dict[str, Any] = {}
    for number in range(30):
        status = status_after(
            {"status": status}, replace(GOOD, observer=f"o{number}", at=f"2026-01-01T00:00:{number:02}Z")
        )
    assert len(status["observers"]) == 8
    assert "o29" in [observer["name"] for observer in status["observers"]]


def test_the_observed_member_is_what_would_be_recorded() -> None:
    member = Member.from_object({"metadata": {"name": "m1", "labels": {"a": "b"}}, "spec": {"region": "north"}})
    after = observed_member(member, GOOD)
    assert (after.ready, after.system_uid, after.region, dict(after.labels)) == (True, "u", "north", {"a": "b"})


def test_a_token_is_renewed_past_half_of_its_life_and_missed_past_three_quarters() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    secret = {
        "metadata": {
            "annotations": {
                "fleet.navarch.dev/token-issued-at": format_time(start),
                "fleet.navarch.dev/token-expires-at": format_time(start + timedelta(hours=100)),
            }
        }
    }

    def look(hours: int) -> tuple[bool, str, str]:
        seen = with_expiry(GOOD, secret, start + timedelta(hours=hours))
        return seen.token_due, seen.conditions[-1].status, seen.conditions[-1].reason

    assert look(10) == (False, "False", "Valid")
    assert look(51) == (True, "False", "Valid")
    assert look(80) == (True, "True", "NotRenewed")
    assert look(101) == (True, "True", "Expired")
    assert not with_expiry(BAD, secret, start + timedelta(hours=60)).token_due
