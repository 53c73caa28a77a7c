# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every decision, whatever the fleet looks like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.webster import webster

# A busy machine is no reason to fail, and no example is kept beside the sources.
settings.register_profile("properties", deadline=None, database=None, max_examples=60)
settings.load_profile("properties")

NAMES = [f"m{number}" for number in range(12)]
DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
EQUAL = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}
COMPATIBILITIES = st.sampled_from(["navarch", "karmada"])

fleets = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {"available": st.integers(0, 40), "region": st.sampled_from(["r1", "r2", "r3"]), "zones": st.just(["z"])}
    ),
    min_size=1,
)
spreads = st.one_of(
    st.just([]),
    st.builds(
        lambda least, more: [{"spreadByField": "cluster", "minGroups": least, "maxGroups": least + more}],
        st.integers(1, 3),
        st.integers(0, 5),
    ),
    st.builds(
        lambda least, more, clusters: [
            {"spreadByField": "region", "minGroups": least, "maxGroups": least + more},
            {"spreadByField": "cluster", "minGroups": 1, "maxGroups": least + more + clusters},
        ],
        st.integers(1, 2),
        st.integers(0, 1),
        st.integers(0, 6),
    ),
)
running = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 20), max_size=5)


def request(fleet: dict[str, Any], replicas: int, **more: Any) -> Request:
    current = more.pop("current", {})
    return Request.from_dict(
        {
            "clusters": [{"name": name, **facts} for name, facts in fleet.items()],
            "workload": {"kind": "Deployment", "name": "web", "uid": more.pop("uid", ""), "replicas": replicas},
            "placement": {
                "spreadConstraints": more.pop("spread", []),
                "replicaScheduling": more.pop("scheduling", None),
            },
            "current": [{"name": name, "replicas": count} for name, count in current.items()],
            "estimator": "available",
            **more,
        }
    )


def after(fleet: dict[str, Any], placed: dict[str, int]) -> dict[str, Any]:
    """The fleet when what was placed runs."""
    return {
        name: {**facts, "available": max(facts["available"] - placed.get(name, 0), 0)} for name, facts in fleet.items()
    }


@given(fleets, st.integers(1, 100), st.sampled_from([DYNAMIC, AGGREGATED, EQUAL]), spreads, running, COMPATIBILITIES)
def test_the_replicas_of_a_divided_workload_add_up(fleet, replicas, scheduling, spread, current, compatibility) -> None:
    decision = schedule(
        request(fleet, replicas, scheduling=scheduling, spread=spread, current=current, compatibility=compatibility)
    )
    if decision.error is None:
        assert sum(decision.replicas.values()) == replicas
    else:
        assert not decision.targets


@given(fleets, st.integers(1, 100), st.sampled_from([DYNAMIC, AGGREGATED]), spreads, running, COMPATIBILITIES)
def test_no_cluster_gets_more_new_replicas_than_it_has_room_for(
    fleet, replicas, scheduling, spread, current, compatibility
) -> None:
    decision = schedule(
        request(fleet, replicas, scheduling=scheduling, spread=spread, current=current, compatibility=compatibility)
    )
    for name, count in decision.replicas.items():
        assert count - current.get(name, 0) <= fleet[name]["available"]


@given(fleets, st.integers(1, 60), st.integers(1, 40), st.sampled_from([DYNAMIC, AGGREGATED]), COMPATIBILITIES)
def test_growing_takes_nothing_away_and_shrinking_adds_nothing(
    fleet, replicas, more, scheduling, compatibility
) -> None:
    first = schedule(request(fleet, replicas, scheduling=scheduling, compatibility=compatibility))
    if first.error is not None:
        return
    left = after(fleet, first.replicas)
    second = schedule(
        request(left, replicas + more, scheduling=scheduling, current=first.replicas, compatibility=compatibility)
    )
    if second.error is not None:
        return
    for name, count in first.replicas.items():
        assert second.replicas[name] >= count
    third = schedule(
        request(left, replicas, scheduling=scheduling, current=second.replicas, compatibility=compatibility)
    )
    for name, count in third.replicas.items():
        assert count <= second.replicas[name]


@given(fleets, st.integers(1, 60), st.sampled_from([None, DYNAMIC, AGGREGATED, EQUAL]), spreads, running, st.randoms())
def test_the_order_of_the_input_changes_nothing(fleet, replicas, scheduling, spread, current, random) -> None:
    names, placed = list(fleet), list(current)
    random.shuffle(names)
    random.shuffle(placed)
    one = schedule(request(fleet, replicas, scheduling=scheduling, spread=spread, current=current))
    other = schedule(
        request(
            {name: fleet[name] for name in names},
            replicas,
            scheduling=scheduling,
            spread=spread,
            current={name: current[name] for name in placed},
        )
    )
    assert (one.targets, one.error) == (other.targets, other.error)


@given(fleets, st.integers(1, 60), st.sampled_from([None, DYNAMIC, AGGREGATED, EQUAL]), spreads)
def test_the_same_question_asked_again_is_answered_the_same(fleet, replicas, scheduling, spread) -> None:
    first = schedule(request(fleet, replicas, scheduling=scheduling, spread=spread))
    if first.error is not None:
        return
    left = after(fleet, first.replicas)
    assert (
        schedule(request(left, replicas, scheduling=scheduling, spread=spread, current=first.replicas)).targets
        == first.targets
    )


@given(fleets, st.integers(3, 60), st.sampled_from([None, DYNAMIC, AGGREGATED, EQUAL]), spreads, running)
def test_our_spread_constraints_hold_in_the_answer_itself(fleet, replicas, scheduling, spread, current) -> None:
    decision = schedule(request(fleet, replicas, scheduling=scheduling, spread=spread, current=current))
    for constraint in spread if decision.error is None else ():
        regions = {fleet[name]["region"] for name in decision.replicas}
        used = len(decision.replicas if constraint["spreadByField"] == "cluster" else regions)
        assert constraint["minGroups"] <= used <= constraint["maxGroups"]


bounds = st.one_of(
    st.just({}),
    st.builds(
        lambda least, more: {"minReplicas": least, "maxReplicas": least + more}, st.integers(1, 4), st.integers(0, 20)
    ),
)
levels = st.one_of(
    st.just({}),
    st.builds(
        lambda r1, r2, default: {
            "hierarchy": [{"byField": "region", "weights": {"r1": r1, "r2": r2}, "defaultWeight": default}]
        },
        st.integers(0, 3),
        st.integers(1, 3),
        st.integers(0, 2),
    ),
)
policies = st.builds(
    lambda kind, bound, level, partial: {
        "whenUnsatisfiable": partial,
        "replicaScheduling": {
            **kind,
            **bound,
            **({"weightPreference": {**kind.get("weightPreference", {}), **level}} if kind is not AGGREGATED else {}),
        },
    },
    st.sampled_from([DYNAMIC, AGGREGATED, EQUAL]),
    bounds,
    levels,
    st.sampled_from(["refuse", "partial"]),
)


def with_policy(asked: Request, policy: dict[str, Any]) -> Request:
    return replace(asked, placement={**asked.placement, **policy})


@given(fleets, st.integers(1, 40), policies, spreads, running, st.randoms())
def test_the_order_of_the_input_changes_nothing_in_our_own_fields_either(
    fleet, replicas, policy, spread, current, random
) -> None:
    names, placed = list(fleet), list(current)
    random.shuffle(names)
    random.shuffle(placed)
    shuffled = {name: fleet[name] for name in names}
    one = schedule(with_policy(request(fleet, replicas, spread=spread, current=current), policy))
    running_now = {name: current[name] for name in placed}
    other = schedule(with_policy(request(shuffled, replicas, spread=spread, current=running_now), policy))
    assert (one.targets, one.error, one.partial) == (other.targets, other.error, other.partial)


@given(fleets, st.integers(1, 40), policies, spreads)
def test_with_our_own_fields_too_the_same_question_is_answered_the_same(fleet, replicas, policy, spread) -> None:
    first = schedule(with_policy(request(fleet, replicas, spread=spread), policy))
    if first.error is not None:
        return
    left = after(fleet, first.replicas)
    again = schedule(with_policy(request(left, replicas, spread=spread, current=first.replicas), policy))
    assert (again.targets, again.unplaced) == (first.targets, first.unplaced)


@given(fleets, st.integers(1, 40), policies, spreads, running)
def test_replicas_placed_and_unplaced_add_up(fleet, replicas, policy, spread, current) -> None:
    decision = schedule(with_policy(request(fleet, replicas, spread=spread, current=current), policy))
    if decision.error is None:
        assert sum(decision.replicas.values()) + decision.unplaced == replicas
        assert decision.unplaced == 0 or policy["whenUnsatisfiable"] == "partial"


@given(fleets, st.integers(1, 40), policies, spreads, running)
def test_karmada_mode_knows_none_of_our_fields(fleet, replicas, policy, spread, current) -> None:
    asked = request(fleet, replicas, spread=spread, current=current, compatibility="karmada")
    ours = with_policy(asked, policy)
    scheduling = {name: value for name, value in policy["replicaScheduling"].items() if "Replicas" not in name}
    if "hierarchy" in scheduling.get("weightPreference", {}):
        scheduling["weightPreference"] = {
            name: value for name, value in scheduling["weightPreference"].items() if name != "hierarchy"
        }
    theirs = with_policy(asked, {"replicaScheduling": scheduling})
    one, other = schedule(ours), schedule(theirs)
    assert (one.targets, one.persisted, one.error) == (other.targets, other.persisted, other.error)


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**6), min_size=1),
    st.integers(0, 300),
    st.sampled_from(["", "a", "b"]),
)
@settings(max_examples=200)
def test_webster_gives_the_seats_one_by_one(votes, seats, uid) -> None:
    expected = dict.fromkeys(sorted(votes), 0)
    order = sorted(votes, reverse=uid == "b")
    for _seat in range(seats):
        winner = min(order, key=lambda name: (-(votes[name] / (2 * expected[name] + 1)), expected[name]))
        expected[winner] += 1
    assert webster(seats, votes, uid=uid) == expected


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10**6), min_size=1), st.data())
def test_webster_never_exceeds_votes_that_are_capacities(votes, data) -> None:
    seats = data.draw(st.integers(0, min(sum(votes.values()), 500)))
    assert all(won <= votes[name] for name, won in webster(seats, votes).items())
