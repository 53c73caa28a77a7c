# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Least and most replicas per cluster hold in every answer, and what could be placed within them is."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.webster import webster, webster_within

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
EQUAL = {"replicaSchedulingType": "Divided"}


def place(rooms: dict[str, int], replicas: int, scheduling: dict[str, Any], **more: Any) -> Decision:
    return schedule(
        Request.from_dict(
            {
                "clusters": [{"name": name, "available": room} for name, room in rooms.items()],
                "workload": {"kind": "Deployment", "name": "web", "uid": more.pop("uid", ""), "replicas": replicas},
                "placement": {"replicaScheduling": scheduling, **more.pop("placement", {})},
                "current": [{"name": name, "replicas": count} for name, count in more.pop("current", {}).items()],
                "estimator": "available",
                **more,
            }
        )
    )


@pytest.mark.parametrize(
    ("rooms", "replicas", "scheduling", "current", "expected"),
    [
        pytest.param(
            {"a": 90, "b": 9, "c": 1},
            10,
            {**DYNAMIC, "minReplicas": 1},
            {},
            {"a": 8, "b": 1, "c": 1},
            id="at least one everywhere",
        ),
        pytest.param(
            {"a": 90, "b": 9, "c": 0}, 10, {**DYNAMIC, "minReplicas": 1}, {}, {"a": 9, "b": 1}, id="where there is room"
        ),
        pytest.param(
            {"a": 9, "b": 8, "c": 7},
            5,
            {**DYNAMIC, "minReplicas": 2},
            {},
            {"a": 3, "b": 2},
            id="fewer clusters rather than fewer replicas",
        ),
        pytest.param(
            {"a": 90, "b": 10},
            20,
            {**DYNAMIC, "maxReplicas": 12},
            {},
            {"a": 12, "b": 8},
            id="what one may not hold goes to the others",
        ),
        pytest.param({"a": 0, "b": 0}, 9, {**EQUAL, "maxReplicas": 5}, {}, {"a": 5, "b": 4}, id="equal weights"),
        pytest.param(
            {"a": 9, "b": 5, "c": 5},
            10,
            {**AGGREGATED, "maxReplicas": 4},
            {},
            {"a": 4, "b": 3, "c": 3},
            id="aggregated takes more clusters",
        ),
        pytest.param(
            {"a": 9, "b": 9},
            9,
            {**DYNAMIC, "maxReplicas": 5},
            {"a": 8},
            {"a": 5, "b": 4},
            id="a new most takes the surplus away",
        ),
        pytest.param(
            {"a": 9, "b": 9},
            8,
            {**DYNAMIC, "minReplicas": 3},
            {"a": 7, "b": 1},
            {"a": 5, "b": 3},
            id="a new least is filled up",
        ),
        pytest.param(
            {"a": 9, "b": 9},
            4,
            {**DYNAMIC, "minReplicas": 3},
            {"a": 4, "b": 4},
            {"a": 4},
            id="shrinking below the least gives a cluster up",
        ),
        pytest.param(
            {"a": 9, "b": 9},
            6,
            {**DYNAMIC, "minReplicas": 3},
            {"a": 5},
            {"a": 6},
            id="growth takes nothing away to open a cluster",
        ),
        pytest.param(
            {"a": 0, "b": 9},
            11,
            {**DYNAMIC, "minReplicas": 3},
            {"a": 10},
            {"a": 8, "b": 3},
            id="unless nothing else is possible",
        ),
    ],
)
def test_bounds_hold(
    rooms: dict[str, int], replicas: int, scheduling: dict[str, Any], current: dict[str, int], expected: dict[str, int]
) -> None:
    assert place(rooms, replicas, scheduling, current=current).replicas == expected


def test_rules_for_some_clusters_come_before_the_one_for_all() -> None:
    rules = [
        {"targetCluster": {"clusterNames": ["a"]}, "minReplicas": 4},
        {"targetCluster": {"clusterNames": ["a", "b"]}, "maxReplicas": 2},
    ]
    scheduling = {**EQUAL, "minReplicas": 1, "maxReplicas": 5, "clusterReplicas": rules[:1]}
    assert place({"a": 0, "b": 0, "c": 0}, 8, scheduling).replicas == {"a": 4, "b": 2, "c": 2}
    # What the rule leaves out the one for all says, and of two rules the first counts.
    assert place({"a": 0, "b": 0}, 10, scheduling).replicas == {"a": 5, "b": 5}
    assert place({"a": 0, "b": 0, "c": 0}, 8, {**scheduling, "clusterReplicas": rules[1:]}).replicas == {
        "a": 2,
        "b": 2,
        "c": 4,
    }


@pytest.mark.parametrize(
    ("rooms", "replicas", "scheduling", "spread", "message"),
    [
        (
            {"a": 9, "b": 9},
            20,
            {**DYNAMIC, "maxReplicas": 4},
            [],
            "at most 8 replicas within maxReplicas, 20 are to be placed",
        ),
        (
            {"a": 9, "b": 9},
            2,
            {**DYNAMIC, "minReplicas": 3},
            [],
            "minReplicas asks for 3 replicas in any cluster that is used, but 2",
        ),
        (
            {"a": 9, "b": 9},
            5,
            {**DYNAMIC, "minReplicas": 3},
            [{"minGroups": 2}],
            "2 clusters in use, which makes 6 replicas by minReplicas, but 5",
        ),
        (
            {"a": 9, "b": 9},
            5,
            {**EQUAL, "minReplicas": 3, "maxReplicas": 4},
            [],
            "no way to place 5 replicas: the 2 clusters hold 4 or 6",
        ),
    ],
)
def test_bounds_that_cannot_hold_are_an_error_with_both_numbers(
    rooms: dict[str, int], replicas: int, scheduling: dict[str, Any], spread: list[Any], message: str
) -> None:
    decision = place(rooms, replicas, scheduling, placement={"spreadConstraints": spread}, current={"a": 1})
    assert decision.error is not None
    assert message in decision.error.message
    assert [target.name for target in decision.persisted] == ["a"]


def test_the_overflow_waits_until_its_least_can_be_reached() -> None:
    group = {"affinityName": "own", "clusterNames": ["a"], "overflowAffinities": [{"affinityName": "cloud"}]}
    placement = {"clusterAffinities": [group]}
    bounds = {**DYNAMIC, "clusterReplicas": [{"targetCluster": {"clusterNames": ["b"]}, "minReplicas": 3}]}
    assert place({"a": 10, "b": 10}, 10, bounds, placement=placement).replicas == {"a": 10}
    assert place({"a": 10, "b": 10}, 11, bounds, placement=placement).replicas == {"a": 8, "b": 3}


rooms_drawn = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1)
bounds_drawn = st.builds(
    lambda least, more: {"minReplicas": least} | ({} if more is None else {"maxReplicas": max(least, 1) + more}),
    st.integers(0, 4),
    st.one_of(st.none(), st.integers(0, 5)),
)
rules_drawn = st.dictionaries(st.sampled_from("abcde"), bounds_drawn, max_size=2)
strategies = st.sampled_from([DYNAMIC, AGGREGATED, EQUAL])
running_drawn = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 6), max_size=4)


def bounded(scheduling: dict[str, Any], general: dict[str, int], rules: dict[str, dict[str, int]]) -> dict[str, Any]:
    listed = [{"targetCluster": {"clusterNames": [name]}, **own} for name, own in rules.items()]
    return {**scheduling, **general, "clusterReplicas": listed}


def holdings(name: str, scheduling: dict[str, Any], rules: dict[str, dict[str, int]], room: int) -> list[int]:
    """The numbers of replicas above 0 that a cluster may hold."""
    both = {**scheduling, **rules.get(name, {})}
    return list(range(max(both.get("minReplicas", 0), 1), min(both.get("maxReplicas", room), room) + 1))


def placeable(options: dict[str, list[int]], limit: int) -> set[int]:
    """Every number up to the limit that can be placed, found by trying them all."""
    numbers = {0}
    for held in options.values():
        numbers |= {number + more for number in numbers for more in held if number + more <= limit}
    return numbers


@settings(deadline=None, database=None, max_examples=150)
@given(
    rooms_drawn, st.integers(1, 25), strategies, bounds_drawn, rules_drawn, running_drawn, st.sampled_from(["", "b"])
)
def test_whatever_can_be_placed_within_bounds_and_room_is_placed(
    rooms: dict[str, int],
    replicas: int,
    scheduling: dict[str, Any],
    general: dict[str, int],
    rules: dict[str, dict[str, int]],
    current: dict[str, int],
    uid: str,
) -> None:
    asked = bounded(scheduling, general, rules)
    decision = place(rooms, replicas, asked, current=current, uid=uid)
    counts = scheduling is not EQUAL
    options = {
        name: holdings(name, asked, rules, room + current.get(name, 0) if counts else replicas)
        for name, room in rooms.items()
    }
    assert (decision.error is None) == (replicas in placeable(options, replicas))
    assert all(count in options[name] for name, count in decision.replicas.items())
    if decision.error is None:
        assert sum(decision.replicas.values()) == replicas
    part = place(rooms, replicas, asked, current=current, uid=uid, placement={"whenUnsatisfiable": "partial"})
    most = max(placeable(options, replicas))
    assert sum(part.replicas.values()) == most
    if most:
        assert part.unplaced == replicas - most


@settings(deadline=None, database=None, max_examples=100)
@given(rooms_drawn, st.integers(1, 20), st.integers(1, 5), st.sampled_from([DYNAMIC, AGGREGATED]), bounds_drawn)
def test_with_bounds_the_answer_stays_and_grows_without_taking_away(
    rooms: dict[str, int], replicas: int, more: int, scheduling: dict[str, Any], general: dict[str, int]
) -> None:
    asked = {**scheduling, **general}
    first = place(rooms, replicas, asked)
    if first.error is not None:
        return
    left = {name: room - first.replicas.get(name, 0) for name, room in rooms.items()}
    assert place(left, replicas, asked, current=first.replicas).replicas == first.replicas
    second = place(left, replicas + more, asked, current=first.replicas)
    kept = {
        name: [held for held in holdings(name, asked, {}, room) if held >= first.replicas.get(name, 0)]
        for name, room in rooms.items()
    }
    # Where every answer takes something away, so does this one: a cluster with a least cannot get a single replica.
    others = [name for name in rooms if name not in first.replicas]
    possible = any(
        replicas + more in exactly({name: kept[name] for name in (*first.replicas, *opened)})
        for size in range(len(others) + 1)
        for opened in combinations(others, size)
    )
    if possible:
        assert all(second.replicas.get(name, 0) >= count for name, count in first.replicas.items())


def exactly(options: dict[str, list[int]]) -> set[int]:
    """Every number that can be placed when all of these clusters are used."""
    numbers = {0}
    for held in options.values():
        numbers = {number + more for number in numbers for more in held}
    return numbers


@settings(deadline=None, database=None, max_examples=80)
@given(rooms_drawn, st.integers(1, 20), strategies, running_drawn, st.sampled_from([None, "reschedule"]))
def test_bounds_that_do_not_bind_change_nothing(
    rooms: dict[str, int], replicas: int, scheduling: dict[str, Any], current: dict[str, int], trigger: str | None
) -> None:
    free = place(rooms, replicas, scheduling, current=current, trigger=trigger)
    wide = place(
        rooms, replicas, {**scheduling, "minReplicas": 0, "maxReplicas": 1000}, current=current, trigger=trigger
    )
    assert wide.replicas == free.replicas


@settings(deadline=None, database=None, max_examples=80)
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 10**6), st.integers(0, 5), st.integers(0, 60))),
    st.sampled_from(["", "b"]),
    st.data(),
)
def test_seats_between_bounds_are_given_one_by_one(
    parties: dict[str, tuple[int, int, int]], uid: str, data: Any
) -> None:
    votes = {name: share for name, (share, _least, _more) in parties.items()}
    least = {name: low for name, (_share, low, _more) in parties.items()}
    most = {name: low + more for name, (_share, low, more) in parties.items()}
    seats = data.draw(st.integers(sum(least.values()), sum(most.values())))
    expected = dict(sorted(least.items()))
    for _seat in range(seats - sum(least.values())):
        open_parties = {name: votes[name] for name, won in expected.items() if won < most[name]}
        given_next = webster(1, open_parties, uid=uid, initial={name: expected[name] for name in open_parties})
        winner = next(name for name, won in given_next.items() if won > expected[name])
        expected[winner] += 1
    assert webster_within(seats, votes, least=least, most=most, uid=uid) == expected


@pytest.mark.parametrize(
    ("rooms", "replicas", "least", "reason"),
    [
        ({"a": 9, "b": 8}, 5, 3, "the replicas do not suffice to give it 3 as well (minReplicas)"),
        ({"a": 9, "b": 2}, 8, 3, "it has room for 2 of the 3 replicas that minReplicas asks for"),
    ],
)
def test_a_cluster_left_out_for_its_least_is_told_so(
    rooms: dict[str, int], replicas: int, least: int, reason: str
) -> None:
    assert place(rooms, replicas, {**DYNAMIC, "minReplicas": least}).clusters["b"].reason == reason
