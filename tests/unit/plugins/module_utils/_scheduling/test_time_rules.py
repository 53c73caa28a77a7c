# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which time rule is in force, and what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.errors import RequestError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.time_rules import (
    Evaluation,
    evaluate,
    parse_rules,
)

UP = {"name": "up", "cron": "45 8 * * mon-fri", "timezone": "Europe/Berlin", "application": "shop", "replicas": 30}
DOWN = {"name": "down", "cron": "0 20 * * *", "timezone": "Europe/Berlin", "application": "shop", "replicas": 10}
TARGET = "application/default/shop"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def look(now: str, *rules: dict[str, Any], acted: str | None = None) -> Evaluation:
    known = {TARGET: at(acted)} if acted else {}
    return evaluate(parse_rules(rules or (UP, DOWN)), at(now), known)


def test_the_rule_that_started_last_is_in_force() -> None:
    assert look("2026-11-30T08:46:00+01:00").in_force[TARGET].rule.name == "up"
    assert look("2026-11-30T20:00:00+01:00").in_force[TARGET].rule.name == "down"
    assert look("2026-11-28T12:00:00+01:00").in_force[TARGET].rule.name == "down"  # a Saturday


def test_each_start_is_due_once() -> None:
    first = look("2026-11-30T08:45:00+01:00")
    assert [due.rule.name for due in first.due] == ["up"]
    assert look("2026-11-30T08:46:00+01:00", acted=first.due[0].start.isoformat()).due == ()


def test_a_start_that_was_missed_is_made_up_for() -> None:
    assert [due.rule.name for due in look("2026-11-30T11:20:00+01:00", acted="2026-11-29T20:00:00+01:00").due] == ["up"]


def test_of_starts_that_were_missed_the_last_counts() -> None:
    assert [due.rule.name for due in look("2026-12-01T21:00:00+01:00", acted="2026-11-29T20:00:00+01:00").due] == [
        "down"
    ]


def test_a_suspended_rule_is_left_out() -> None:
    found = look("2026-11-30T09:00:00+01:00", {**UP, "suspend": True}, DOWN)
    assert found.in_force[TARGET].rule.name == "down"
    assert "up" not in found.next_starts


def test_of_two_that_start_together_the_last_written_counts() -> None:
    found = look("2026-11-30T09:00:00+01:00", UP, {**UP, "name": "more", "replicas": 50})
    assert found.in_force[TARGET].rule.replicas == 50


@pytest.mark.parametrize(
    ("now", "start", "following"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00. What the clocks skip is an hour later.
        ("2026-03-29T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"),
        ("2026-03-29T00:59:00+00:00", "2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00"),
        # 25 October 2026: 03:00 becomes 02:00. What they repeat counts the first time, and only then.
        ("2026-10-25T00:30:00+00:00", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
    ],
)
def test_clocks_that_change_neither_lose_nor_repeat_a_start(now: str, start: str, following: str) -> None:
    found = look(now, {**UP, "cron": "30 2 * * *"})
    assert found.in_force[TARGET].start == at(start)
    assert found.next_starts["up"] == at(following)


def test_a_rule_that_never_starts_has_no_next() -> None:
    found = look("2026-11-30T09:00:00Z", {**UP, "cron": "0 0 31 2 *"})
    assert (found.due, found.next_starts) == ((), {})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({**UP, "cron": "61 * * * *"}, "'61' is no minute"),
        ({**UP, "cron": ""}, "not five fields"),
        ({**UP, "timezone": "Europe/Nowhere"}, "no time zone"),
        ({**UP, "replicas": None}, "sets replicas"),
        ({**UP, "machine_set": "m"}, "application or machine_set, one of them"),
        ({"name": "x", "cron": "@daily", "machine_set": "m"}, "sets min_replicas, max_replicas or both"),
        ({**UP, "replicas": -1}, "expected a whole number"),
        ({**UP, "cronn": "x"}, "unknown field"),
    ],
)
def test_a_rule_that_is_wrong_is_refused_with_its_place(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_rules([rule])
    assert words in str(caught.value)
    assert str(caught.value).startswith("rules[0]")


crons = st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 0 1 * *", "15 3 * * sun", "59 23 31 12 *", "0 */5 * * mon"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))


@settings(deadline=None, database=None, max_examples=60)
@given(crons, zones, moments)
def test_nothing_starts_between_the_last_start_and_the_next(cron: str, zone: str, now: datetime) -> None:
    (rule,) = parse_rules([{**UP, "cron": cron, "timezone": zone}])
    last, following = rule.last_start(now), rule.next_start(now)
    assert last is not None
    assert following is not None
    assert last <= now < following
    assert rule.last_start(following) == following
    assert rule.next_start(last) == following
    assert rule.last_start(following - timedelta(seconds=1)) == last
