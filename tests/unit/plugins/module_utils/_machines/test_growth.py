# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many machines are missing, and of which set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._machines.fit import Board
from ansible_collections.navarch.fleet.plugins.module_utils._machines.growth import Budget, grow
from ansible_collections.navarch.fleet.plugins.module_utils._machines.pods import Pod
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._machines.machine_builders import (
    candidate,
    place,
    pod,
)

NO_LIMIT = Budget()
ANTI = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}


def pods(count: int, **more: Any) -> list[Pod]:
    return [pod(f"web-{number:03d}", **more) for number in range(count)]


def test_several_machines_at_once_when_the_backlog_asks_for_it() -> None:
    assert grow(Board(()), pods(9), [candidate()], NO_LIMIT).add == {"workers": 3}


def test_room_that_is_there_is_used_first() -> None:
    growth = grow(Board([place("n1", cpu="3")]), pods(4), [candidate()], NO_LIMIT)
    assert growth.add == {"workers": 1}
    assert sorted(growth.pods.values())[:3] == ["fits node n1"] * 3


def test_machines_on_their_way_count() -> None:
    growth = grow(Board(()), pods(4), [candidate(existing=1, upcoming=1)], NO_LIMIT)
    assert growth.add == {}
    assert set(growth.pods.values()) == {"waits for a machine of workers that is on its way"}


def test_a_pod_larger_than_any_machine_adds_none_and_says_so() -> None:
    growth = grow(Board(()), [pod("huge", cpu="5")], [candidate()], NO_LIMIT)
    assert growth.add == {}
    assert growth.pods["shop/huge"] == "no machine set helps: workers: it asks for 5 cpu, 4 are free"
    assert growth.stuck == ("shop/huge",)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "its node selector or node affinity does not match"),
        ({"nodeSelector": {"topology.kubernetes.io/zone": "z"}}, "its node selector or node affinity does not match"),
    ],
)
def test_a_pod_that_no_machine_suits_adds_none(spec: dict[str, Any], words: str) -> None:
    growth = grow(Board(()), [pod("picky", spec=spec)], [candidate()], NO_LIMIT)
    assert growth.add == {}
    assert words in growth.pods["shop/picky"]


def test_a_taint_that_is_not_tolerated_keeps_pods_away() -> None:
    gpu = candidate("gpu", node={"taints": [{"key": "gpu", "effect": "NoSchedule"}]})
    assert (
        grow(Board(()), [pod("web")], [gpu], NO_LIMIT).pods["shop/web"].endswith("it does not tolerate gpu:NoSchedule")
    )
    tolerant = pod("train", spec={"tolerations": [{"key": "gpu", "operator": "Exists"}]})
    assert grow(Board(()), [tolerant], [gpu], NO_LIMIT).add == {"gpu": 1}


def test_pods_that_keep_away_from_each_other_get_a_machine_each() -> None:
    spec = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [ANTI]}}}
    assert grow(Board(()), pods(3, cpu="100m", spec=spec), [candidate()], NO_LIMIT).add == {"workers": 3}


def test_pods_spread_over_zones_get_machines_in_each() -> None:
    rule = {
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "minDomains": 3, "labelSelector": {"matchLabels": {"app": "web"}},
    }  # fmt: skip
    zoned = candidate(in_zones=("a", "b", "c"))
    growth = grow(Board(()), pods(3, cpu="100m", spec={"topologySpreadConstraints": [rule]}), [zoned], NO_LIMIT)
    assert growth.add == {"workers": 3}


def test_init_containers_sidecars_and_overhead_count() -> None:
    spec = {
        "initContainers": [
            {"name": "sidecar", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
            {"name": "init", "resources": {"requests": {"cpu": "2500m"}}},
        ],
        "overhead": {"cpu": "600m"},
    }
    growth = grow(Board(()), [pod("web", spec=spec)], [candidate()], NO_LIMIT)
    assert "it asks for 4100m cpu, 4 are free" in growth.pods["shop/web"]


def test_the_cheapest_per_pod_is_taken() -> None:
    small = candidate("small", cost_per_hour=0.10, node={"cpu": "1"})
    large = candidate("large", cost_per_hour=0.30, node={"cpu": "4"})
    assert grow(Board(()), pods(4), [small, large], NO_LIMIT).add == {"large": 1}
    assert grow(Board(()), pods(1), [small, large], NO_LIMIT).add == {"small": 1}


def test_a_set_of_higher_priority_goes_first_whatever_it_costs() -> None:
    cheap = candidate("cheap", cost_per_hour=0.01)
    own = candidate("own", cost_per_hour=1.0, priority=10, limit=1)
    assert grow(Board(()), pods(8), [cheap, own], NO_LIMIT).add == {"own": 1, "cheap": 1}


@pytest.mark.parametrize(
    ("budget", "added", "words"),
    [
        (Budget(machines=2), {"workers": 2}, "the budget of machines is used up"),
        (Budget(cost_per_hour=0.36), {"workers": 3}, "the budget allows 0 more per hour, one costs 0.12"),
        (Budget(machines=0), {}, "the budget of machines is used up"),
    ],
)
def test_a_budget_is_kept_and_named(budget: Budget, added: dict[str, int], words: str) -> None:
    growth = grow(Board(()), pods(40), [candidate(cost_per_hour=0.12)], budget)
    assert growth.add == added
    assert words in growth.pods[growth.stuck[0]]


def test_money_buys_nothing_whose_price_is_not_known() -> None:
    growth = grow(Board(()), pods(1), [candidate()], Budget(cost_per_hour=100.0))
    assert growth.add == {}
    assert "its price is not known" in growth.pods["shop/web-000"]


sizes = st.sampled_from(["100m", "500m", "1", "1500m", "2", "4", "5"])
backlogs = st.lists(sizes, max_size=25)
fleets = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "4", "8"]), st.integers(0, 6), st.none() | st.sampled_from([0.05, 0.1, 0.4]),
        st.integers(0, 2),
    ),
    max_size=3,
)  # fmt: skip


@settings(deadline=None, database=None, max_examples=60)
@given(backlogs, fleets, st.none() | st.integers(0, 8), st.none() | st.sampled_from([0.1, 0.5, 2.0]))
def test_no_limit_is_passed_and_every_pod_has_a_verdict(
    backlog: list[str], fleet: list[tuple[str, int, float | None, int]], machines: int | None, money: float | None
) -> None:
    waiting = [pod(f"p{number}", cpu=cpu) for number, cpu in enumerate(backlog)]
    sets = [
        candidate(
            f"s{number}", node={"cpu": cpu}, limit=limit, cost_per_hour=cost, existing=upcoming, upcoming=upcoming
        )
        for number, (cpu, limit, cost, upcoming) in enumerate(fleet)
    ]
    growth = grow(Board([place("n1", cpu="2")]), waiting, sets, Budget(machines, money))
    assert set(growth.pods) == {each.key for each in waiting}
    by_name = {each.name: each for each in sets}
    assert all(count <= by_name[name].limit for name, count in growth.add.items())
    if machines is not None:
        assert sum(growth.add.values()) <= machines
    if money is not None:
        assert sum((by_name[name].cost_per_hour or 99) * count for name, count in growth.add.items()) <= money + 1e-6
    for name in growth.board.names:
        assert sum(each.request["cpu"] for each in growth.board.pods_on(name)) <= 8 * 10**9


@settings(deadline=None, database=None, max_examples=60)
@given(backlogs, fleets)
def test_asking_again_while_machines_are_on_their_way_adds_none(
    backlog: list[str], fleet: list[tuple[str, int, float | None, int]]
) -> None:
    waiting = [pod(f"p{number}", cpu=cpu) for number, cpu in enumerate(backlog)]
    sets = [
        candidate(f"s{number}", node={"cpu": cpu}, limit=limit, cost_per_hour=cost)
        for number, (cpu, limit, cost, _upcoming) in enumerate(fleet)
    ]
    added = grow(Board(()), waiting, sets, NO_LIMIT).add
    later = [
        replace(
            each, existing=added.get(each.name, 0), upcoming=added.get(each.name, 0),
            limit=each.limit - added.get(each.name, 0),
        )
        for each in sets
    ]  # fmt: skip
    assert grow(Board(()), waiting, later, NO_LIMIT).add == {}
