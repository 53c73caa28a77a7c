# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.observation import (
    Evidence,
    Look,
    Opinion,
    Outcome,
    Policy,
    State,
    judge,
)

POLICY = Policy(failed_probes=3, toleration=30.0, opinion_age=120.0)
NOW = 1000.0


def failed(*times: float) -> tuple[Look, ...]:
    return tuple(Look(at, Outcome.FAILED, "ClusterNotReachable") for at in times)


def reached(at: float) -> Look:
    return Look(at, Outcome.REACHED, "ClusterReady")


def state(looks: tuple[Look, ...], **more: object) -> State:
    return judge(Evidence("a", looks, **more), POLICY, NOW).state  # one cluster is like another


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((reached(1000),), State.SERVING),
        (failed(1000), State.FAILING),
        (failed(970, 985), State.FAILING),
        (failed(980, 990, 1000), State.FAILING),
        (failed(970, 980, 990, 1000), State.LOST),
        ((*failed(960, 970, 980), reached(990), *failed(1000)), State.FAILING),
        ((*failed(960, 970, 980, 990), reached(1000)), State.SERVING),
        ((*failed(960, 970, 980), Look(1000, Outcome.UNCLEAR, "CredentialRejected")), State.UNCLEAR),
        ((), State.UNCLEAR),
    ],
)
def test_a_cluster_is_lost_only_after_enough_looks_and_enough_time(looks: tuple[Look, ...], expected: State) -> None:
    assert state(looks) is expected


def test_a_cluster_that_failed_over_is_away_until_it_answers() -> None:
    assert state(failed(1000), left_since=500.0) is State.AWAY
    assert state((reached(1000),), left_since=500.0) is State.RETURNED


def test_a_refused_credential_neither_loses_nor_readmits() -> None:
    looks = (Look(1000, Outcome.UNCLEAR, "CredentialRejected"),)
    assert state(looks) is State.UNCLEAR
    assert state(looks, left_since=500.0) is State.UNCLEAR


def test_the_hub_itself_is_never_failed_over() -> None:
    assert state(failed(960, 970, 980, 1000), exemption="it is the hub itself") is State.EXEMPT


LOST = failed(960, 970, 980, 1000)


@pytest.mark.parametrize(
    ("opinion", "expected"),
    [
        (Opinion("elsewhere", 990.0, True), State.DISPUTED),
        (Opinion("elsewhere", 950.0, True), State.LOST),  # before it began to fail
        (Opinion("elsewhere", 990.0, False), State.LOST),
    ],
)
def test_somebody_who_reached_it_meanwhile_disputes_the_loss(opinion: Opinion, expected: State) -> None:
    assert state(LOST, opinions=(opinion,)) is expected


def test_a_person_overrules_another_observer() -> None:
    assert state(LOST, opinions=(Opinion("elsewhere", 990.0, True),), confirmed=True) is State.LOST


def test_a_person_cannot_declare_a_cluster_lost_that_answers() -> None:
    assert state((reached(1000),), confirmed=True) is State.SERVING


def test_who_does_not_reach_it_either_is_a_witness() -> None:
    evidence = Evidence("a", LOST, opinions=(Opinion("b", 990.0, False), Opinion("old", 100.0, False)))
    assert judge(evidence, POLICY, NOW).witnesses == ("b",)


@given(st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=12))
def test_whatever_came_before_a_cluster_that_answers_now_is_not_lost(outcomes: list[Outcome]) -> None:
    looks = tuple(Look(900.0 + number, outcome) for number, outcome in enumerate(outcomes))
    assert state((*looks, reached(NOW))) is State.SERVING
