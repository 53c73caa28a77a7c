# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.cron import Cron
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.errors import RequestError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.maintenance import Window, window_in_force
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cron", "now", "start"),
    [
        ("0 22 * * 6", "2026-11-28T23:30:00+00:00", "2026-11-28T22:00:00+00:00"),
        ("0 22 * * sat", "2026-11-29T01:59:00+00:00", "2026-11-28T22:00:00+00:00"),
        ("0 22 * * sat", "2026-11-29T02:00:00+00:00", None),
        ("*/15 * * * *", "2026-11-28T23:44:00+00:00", "2026-11-28T23:30:00+00:00"),
        ("30 1-3,5 * * *", "2026-11-28T04:10:00+00:00", "2026-11-28T03:30:00+00:00"),
        ("0 0 1 jan *", "2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        # Sunday is 0 and 7; a restricted day of the month or of the week is enough.
        ("0 0 * * 7", "2026-11-29T00:10:00+00:00", "2026-11-29T00:00:00+00:00"),
        ("0 0 13 * 5", "2026-11-13T00:10:00+00:00", "2026-11-13T00:00:00+00:00"),
        ("0 0 14 * 5", "2026-11-14T00:10:00+00:00", "2026-11-14T00:00:00+00:00"),
        ("0 0 14 * 5", "2026-11-20T00:10:00+00:00", "2026-11-20T00:00:00+00:00"),
        ("0 0 14 * 5", "2026-11-21T00:10:00+00:00", None),
        ("@daily", "2026-11-21T03:10:00+00:00", "2026-11-21T00:00:00+00:00"),
    ],
)
def test_the_last_start_is_found(cron: str, now: str, start: str | None) -> None:
    found = Cron.parse(cron).last_start(at(now), UTC, timedelta(hours=4))
    assert found == (None if start is None else at(start))


@pytest.mark.parametrize(
    ("now", "start"),
    [
        # In summer Berlin is two hours ahead, in winter one.
        ("2026-07-01T20:30:00+00:00", "2026-07-01T20:00:00+00:00"),
        ("2026-12-01T21:30:00+00:00", "2026-12-01T21:00:00+00:00"),
    ],
)
def test_a_start_is_at_the_zones_own_time(now: str, start: str) -> None:
    assert Cron.parse("0 22 * * *").last_start(at(now), ZoneInfo("Europe/Berlin"), timedelta(hours=1)) == at(start)


def test_a_start_that_the_clocks_skip_is_an_hour_later_and_one_that_they_repeat_comes_once() -> None:
    berlin, hour = ZoneInfo("Europe/Berlin"), timedelta(hours=1)
    nightly = Cron.parse("30 2 * * *")
    # On 2026-03-29 02:30 does not exist: 01:30 UTC is 03:30 there.
    assert nightly.last_start(at("2026-03-29T01:45:00+00:00"), berlin, hour) == at("2026-03-29T01:30:00+00:00")
    # On 2026-10-25 02:30 is at 00:30 and 01:30 UTC.
    assert nightly.last_start(at("2026-10-25T00:45:00+00:00"), berlin, hour) == at("2026-10-25T00:30:00+00:00")
    assert nightly.last_start(at("2026-10-25T01:45:00+00:00"), berlin, hour) is None


@pytest.mark.parametrize(
    ("cron", "word"),
    [
        ("* * * *", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * * foo *", "month"),
        ("* * * * 8", "day of the week"),
        ("*/0 * * * *", "step"),
        ("5-1 * * * *", "backwards"),
        ("1, * * * *", "minute"),
    ],
)
def test_a_malformed_schedule_is_refused_by_field(cron: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Cron.parse(cron)


@settings(deadline=None, max_examples=60, database=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(["*", "1", "15", "*/2"]),
    st.sampled_from(["*", "0", "1-5", "sat"]),
)
def test_the_last_start_is_the_one_that_a_walk_over_all_minutes_finds(
    now: datetime, minute: int, hour: int, day: str, weekday: str
) -> None:
    cron = Cron.parse(f"{minute} {hour} {day} * {weekday}")
    within = timedelta(hours=30)
    begin = now.replace(second=0, microsecond=0)
    expected = None
    for back in range(30 * 60 + 1):
        moment = begin - timedelta(minutes=back)
        on_date = moment.day in cron.days
        on_weekday = moment.isoweekday() % 7 in cron.weekdays
        today = on_date or on_weekday if cron.either_day else on_date and on_weekday
        if today and (moment.hour, moment.minute) == (hour, minute):
            expected = moment
            break
    if expected is not None and now - expected >= within:
        expected = None
    assert cron.last_start(now, UTC, within) == expected


@pytest.mark.parametrize(
    ("window", "path"),
    [
        ({"start": "2026-11-28T22:00:00Z"}, "w"),
        ({"start": "2026-11-28T22:00:00Z", "end": "2026-11-28T21:00:00Z"}, "w.end"),
        ({"start": "tomorrow", "end": "2026-11-28T21:00:00Z"}, "w.start"),
        ({"cron": "0 22 * * 6"}, "w"),
        ({"cron": "0 22 * *", "duration": "4h"}, "w.cron"),
        ({"cron": "0 22 * * 6", "duration": "4 hours"}, "w.duration"),
        ({"cron": "0 22 * * 6", "duration": "0h"}, "w.duration"),
        ({"cron": "0 22 * * 6", "duration": "4h", "timezone": "Europe/Atlantis"}, "w.timezone"),
        ({"cron": "0 22 * * 6", "duration": "4h", "timezone": "../../etc/passwd"}, "w.timezone"),
        ({"cron": "0 22 * * 6", "duration": "4h", "start": "2026-11-28T22:00:00Z"}, "w"),
        ({"cron": "0 22 * * 6", "duration": "4h", "zone": "UTC"}, "w.zone"),
    ],
)
def test_a_window_that_cannot_be_is_refused_by_path(window: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestError) as caught:
        Window.from_dict(window, path="w")
    assert caught.value.path == path


def test_a_window_keeps_work_away_from_its_lead_time_to_its_end() -> None:
    once = Window.from_dict({"start": "2026-11-28T22:00:00Z", "end": "2026-11-29T02:00:00Z", "leadTime": "2h"})
    weekly = Window.from_dict({"cron": "0 22 * * 6", "duration": "4h", "leadTime": "2h"})
    for windows in ((once,), (weekly,)):
        assert window_in_force(windows, "2026-11-28T19:59:00Z") is None
        assert window_in_force(windows, "2026-11-28T20:00:00Z") == "2026-11-29T02:00:00Z"
        assert window_in_force(windows, "2026-11-29T01:59:00Z") == "2026-11-29T02:00:00Z"
        assert window_in_force(windows, "2026-11-29T02:00:00Z") is None


WINDOWS = [{"cron": "0 22 * * 6", "duration": "4h", "timezone": "UTC"}]


def request(now: str | None, **more: Any) -> Request:
    return Request.from_dict(
        {
            "clusters": [
                {"name": "a", "available": 9, "maintenanceWindows": WINDOWS},
                {"name": "b", "available": 9},
            ],
            "workload": {"kind": "Deployment", "name": "web", "replicas": 2},
            "estimator": "available",
            "now": now,
            **more,
        }
    )


def test_a_cluster_in_maintenance_gets_nothing_new_and_says_until_when() -> None:
    decision = schedule(request("2026-11-28T23:00:00Z"))
    assert decision.replicas == {"b": 2}
    assert "until 2026-11-29T02:00:00Z" in decision.clusters["a"].reason
    assert decision.clusters["a"].by == "filter"


@pytest.mark.parametrize(
    "more",
    [
        {"now": "2026-11-28T21:00:00Z"},
        {"now": None},
        {"now": "2026-11-28T23:00:00Z", "compatibility": "karmada"},
        {"now": "2026-11-28T23:00:00Z", "current": [{"name": "a", "replicas": 2}]},
        {
            "now": "2026-11-28T23:00:00Z",
            "placement": {"clusterTolerations": [{"key": "fleet.navarch.dev/maintenance", "operator": "Exists"}]},
        },
    ],
)
def test_outside_of_a_window_tolerated_or_running_there_it_is_a_cluster_like_any_other(more: dict[str, Any]) -> None:
    assert schedule(request(**more)).replicas == {"a": 2, "b": 2}


def test_windows_survive_the_way_through_a_dictionary() -> None:
    asked = request("2026-11-28T23:00:00Z")
    assert Request.from_dict(asked.to_dict()) == asked
    assert asked.to_dict()["clusters"][0]["maintenanceWindows"] == WINDOWS
    assert asked.to_dict()["clusters"][0]["taints"] == []


@pytest.mark.parametrize(("now", "goes"), [("2026-11-28T10:04:59Z", {"a": 1}), ("2026-11-28T10:05:00Z", {})])
def test_a_toleration_for_a_while_tolerates_for_a_while(now: str, goes: dict[str, int]) -> None:
    taint = {"key": "sick", "effect": "NoExecute", "timeAdded": "2026-11-28T10:00:00Z"}
    toleration = {"key": "sick", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    asked = {
        "clusters": [{"name": "a", "taints": [taint]}],
        "workload": {"kind": "Deployment", "name": "web", "replicas": 1},
        "placement": {"clusterTolerations": [toleration]},
        "now": now,
    }
    assert schedule(Request.from_dict(asked)).replicas == goes
    assert schedule(Request.from_dict({**asked, "compatibility": "karmada"})).replicas == {"a": 1}
