# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines may go, and what keeps the others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._machines.fit import Board, Place
from ansible_collections.navarch.fleet.plugins.module_utils._machines.record import Scaling
from ansible_collections.navarch.fleet.plugins.module_utils._machines.shrink import (
    DisruptionBudget,
    Group,
    Resident,
    Shrinking,
    shrink,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.labels import label_selector
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._machines.machine_builders import NOW, place, pod

LONG_AGO = NOW - timedelta(hours=1)


def group(*places: Place, spare: int = 9, idle_since: datetime | None = LONG_AGO, **more: Any) -> Group:
    residents = [
        Resident(
            f"m-{each.node.name}",
            each.node.name,
            {"cpu": 4 * 10**9, "memory": 16 * 2**30 * 10**9},
            more.pop("annotations", {}),
            idle_since,
        )
        for each in places
    ]
    return Group("workers", spare, more.pop("scaling", Scaling()), residents, **more)


def decide(
    *places: Place, others: tuple[Place, ...] = (), budgets: tuple[DisruptionBudget, ...] = (), **more: Any
) -> Shrinking:
    added = more.pop("last_added", None)
    return shrink(Board([*places, *others]), [group(*places, **more)], budgets, NOW, last_added=added)


def budget(allowed: int) -> DisruptionBudget:
    return DisruptionBudget("shop/web", "shop", label_selector({"matchLabels": {"app": "web"}}), allowed)


def test_an_empty_machine_goes_when_nobody_needed_it_for_long_enough() -> None:
    found = decide(place("n1"))
    assert found.remove == {"workers": ("m-n1",)}
    assert found.reasons["n1"] == "not needed for 3600 s; nothing runs there"


def test_a_machine_that_was_needed_a_moment_ago_waits() -> None:
    found = decide(place("n1"), idle_since=None)
    assert found.remove == {}
    assert found.idle_since == {"n1": NOW}
    assert found.reasons["n1"] == "not needed, but it could be needed again; 600 s to go"


def test_nothing_goes_right_after_something_came() -> None:
    found = decide(place("n1"), last_added=NOW - timedelta(seconds=100))
    assert found.remove == {}
    assert "a machine was added to the cluster a moment ago; 500 s to go" in found.reasons["n1"]


def test_the_minimum_stays() -> None:
    found = decide(place("n1"), place("n2"), spare=1)
    assert found.remove == {"workers": ("m-n1",)}
    assert found.reasons["n2"] == "the set keeps its minimum"


def test_pods_move_where_they_fit() -> None:
    found = decide(place("n1", pod("a")), others=(place("n2"),))
    assert found.remove == {"workers": ("m-n1",)}
    assert found.reasons["n1"].endswith("its 1 pods fit elsewhere")


def test_nodes_with_pods_are_emptied_one_at_a_time() -> None:
    found = decide(place("n1", pod("a")), place("n2", pod("b")), others=(place("n3", cpu="8"),))
    assert found.remove == {"workers": ("m-n1",)}
    assert found.reasons["n2"] == "not needed, but one node with pods is emptied at a time"


def test_two_half_empty_nodes_do_not_both_count_on_each_other() -> None:
    found = decide(place("n1", pod("a")), place("n2", pod("b")), scaling=Scaling(scale_down_utilization_threshold=0.9))
    assert found.remove == {"workers": ("m-n1",)}
    assert found.reasons["n2"] == "pod shop/b fits no other node"


@pytest.mark.parametrize(
    ("resident", "words"),
    [
        (pod("a", annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}), "safe-to-evict=false"),
        (pod("a", owner=""), "has no controller"),
        (pod("a", spec={"volumes": [{"name": "data", "emptyDir": {}}]}), "has data on the node (volume data)"),
        (
            pod("a", spec={"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}),
            "has data on the node (volume host)",
        ),
        (pod("a", namespace="kube-system"), "belongs to the system"),
        (pod("a", cpu="3"), "75% of it is asked for"),
    ],
)
def test_what_keeps_a_node(resident: Any, words: str) -> None:
    found = decide(place("n1", resident), others=(place("n2"),))
    assert found.remove == {}
    assert words in found.reasons["n1"]


@pytest.mark.parametrize(
    "resident",
    [
        pod("a", owner="DaemonSet"),
        pod("a", owner="Node"),
        pod("a", owner="", annotations={"kubernetes.io/config.mirror": "x"}),
        pod("a", owner="", annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}),
        pod("a", spec={"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}),
        pod(
            "a", spec={"volumes": [{"name": "tmp", "emptyDir": {}}]},
            annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": "tmp"},
        ),
    ],
)  # fmt: skip
def test_what_does_not_keep_a_node(resident: Any) -> None:
    assert decide(place("n1", resident), others=(place("n2"),)).remove == {"workers": ("m-n1",)}


def test_a_budget_that_allows_nobody_to_leave_keeps_the_node() -> None:
    found = decide(place("n1", pod("a")), others=(place("n2"),), budgets=(budget(0),))
    assert found.reasons["n1"] == "PodDisruptionBudget shop/web allows 0 of its pods to leave, 1 are here"
    assert decide(place("n1", pod("a")), others=(place("n2"),), budgets=(budget(1),)).remove


def test_the_nodes_own_annotation_keeps_it() -> None:
    annotations = {"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}
    assert decide(place("n1"), annotations=annotations).remove == {}


def test_the_dear_set_shrinks_before_the_cheap_one() -> None:
    cloud, own = place("cloud", pod("a")), place("own", pod("b"))
    groups = [
        Group("own", 1, Scaling(), [Resident("own", "own", {"cpu": 4 * 10**9}, {}, LONG_AGO)], 0.01),
        Group("cloud", 1, Scaling(), [Resident("cloud", "cloud", {"cpu": 4 * 10**9}, {}, LONG_AGO)], 0.50),
    ]
    assert shrink(Board([own, cloud]), groups, (), NOW, last_added=None).remove == {"cloud": ("cloud",)}


@settings(deadline=None, database=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(["100m", "500m", "1", "1900m"]), max_size=4), min_size=1, max_size=6),
    st.integers(0, 6), st.integers(0, 5), st.integers(0, 4),
)  # fmt: skip
def test_what_goes_leaves_room_for_its_pods_and_keeps_every_limit(
    fleet: list[list[str]], spare: int, allowed: int, drains: int
) -> None:
    places = [
        place(f"n{number}", *(pod(f"p{number}-{index}", cpu=cpu) for index, cpu in enumerate(sizes)))
        for number, sizes in enumerate(fleet)
    ]
    board = Board(places)
    found = shrink(board, [group(*places, spare=spare)], (budget(allowed),), NOW, last_added=None, drains=drains)
    gone = {machine.removeprefix("m-") for machine in found.remove.get("workers", ())}
    moving = [each for one in places if one.node.name in gone for each in one.pods]
    assert len(gone) <= spare
    assert len(moving) <= allowed
    assert sum(1 for one in places if one.node.name in gone and one.pods) <= drains

    free = sum(max(one.node.free["cpu"], 0) for one in places if one.node.name not in gone)
    assert sum(each.request["cpu"] for each in moving) <= free
    assert set(found.reasons) == {one.node.name for one in places}
