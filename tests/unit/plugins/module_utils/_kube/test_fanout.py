# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    DeadlineError,
    InputError,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.fanout import fan_out


def test_one_outcome_for_each_in_the_order_given():
    outcomes = fan_out({"b": 2, "a": 1}, lambda name, value: f"{name}{value}")
    assert [(name, outcome.get()) for name, outcome in outcomes.items()] == [
        ("b", "b2"),
        ("a", "a1"),
    ]


def test_nothing_to_do_is_done():
    assert fan_out({}, lambda name, value: value) == {}


def test_the_failure_of_one_leaves_the_others_their_results():
    def work(name: str, value: int) -> int:
        if value == 1:
            raise InputError("bad")
        return value

    outcomes = fan_out({"a": 1, "b": 2}, work)
    assert not outcomes["a"].ok
    assert outcomes["b"].get() == 2
    with pytest.raises(InputError):
        outcomes["a"].get()


def test_a_bug_is_raised_and_not_reported_as_a_failed_cluster():
    with pytest.raises(ZeroDivisionError):
        fan_out({"a": 1}, lambda name, value: value / 0)


def test_a_cluster_that_hangs_costs_its_own_deadline_and_nobody_elses():
    stuck = threading.Event()
    begin = time.monotonic()
    outcomes = fan_out(
        {"hangs": True, **{str(number): False for number in range(20)}},
        lambda name, hangs: stuck.wait(30) if hangs else True,
        workers=1,
        deadline=0.3,
    )
    stuck.set()
    assert isinstance(outcomes["hangs"].error, DeadlineError)
    assert all(outcome.ok for name, outcome in outcomes.items() if name != "hangs")
    assert time.monotonic() - begin < 10


def test_no_more_than_the_given_number_run_at_once():
    running, most, lock = [0], [0], threading.Lock()

    def work(name: str, value: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.005)
        with lock:
            running[0] -= 1

    fan_out({str(number): number for number in range(40)}, work, workers=4)
    assert most[0] <= 4
