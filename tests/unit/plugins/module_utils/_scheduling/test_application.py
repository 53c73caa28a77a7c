# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application is placed as one: its workloads fit together, and nothing moves when they do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import (
    Application,
    ApplicationDecision,
    place,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.errors import Kind
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.quantity import parse_quantity, thousandths
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Target, Workload, parse_clusters

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}


def fleet(**cores: int) -> Any:
    return parse_clusters(
        [
            {"name": name, "resourceSummary": {"allocatable": {"cpu": count, "pods": 110}}}
            for name, count in cores.items()
        ]
    )


def workload(name: str, replicas: int | None, cpu: str = "1") -> Workload:
    return Workload("apps/v1", "Deployment", "shop", name, f"shop/shop/Deployment/{name}", replicas, {"cpu": cpu})


def replicas(decision: ApplicationDecision) -> dict[str, dict[str, int]]:
    return {key.rsplit("/", 1)[-1]: each.replicas for key, each in decision.workloads.items()}


def test_the_clusters_are_chosen_once_and_every_workload_is_divided_inside_them() -> None:
    one_cluster = {"spreadConstraints": [{"maxGroups": 1}], "replicaScheduling": DYNAMIC}
    decision = place(Application(fleet(a=12, b=10), one_cluster, (workload("web", 6), workload("db", 3, "2"))))
    assert replicas(decision) == {"web": {"a": 6}, "db": {"a": 3}}
    assert decision.clusters == ("a",)
    assert decision.selection.replicas == {"a": 9}
    assert not decision.selection.clusters["b"].taken


def test_each_workload_may_choose_for_itself() -> None:
    one_cluster = {"selection": "each", "spreadConstraints": [{"maxGroups": 1}], "replicaScheduling": DYNAMIC}
    decision = place(Application(fleet(a=12, b=10), one_cluster, (workload("web", 6), workload("db", 4, "2"))))
    assert replicas(decision) == {"web": {"a": 6}, "db": {"b": 4}}
    assert decision.clusters == ("a", "b")


@pytest.mark.parametrize("selection", ["together", "each"])
def test_what_one_workload_got_the_next_cannot_have(selection: str) -> None:
    placement = {"selection": selection, "replicaScheduling": DYNAMIC}
    workloads = (workload("web", 6), workload("db", 3))
    assert place(Application(fleet(a=5, b=4), placement, workloads)).error is None
    full = place(Application(fleet(a=4, b=4), placement, workloads))
    assert full.error is not None
    assert full.error.kind is Kind.UNSCHEDULABLE


@pytest.mark.parametrize("selection", ["together", "each"])
def test_nothing_of_the_application_moves_when_one_workload_does_not_fit(selection: str) -> None:
    web, large = workload("web", 4), workload("large", 100)
    decision = place(
        Application(
            fleet(a=9),
            {"selection": selection, "replicaScheduling": DYNAMIC},
            (web, large),
            current={web.key: (Target("old", 2),), large.key: ()},
            present=("a",),
        )
    )
    assert decision.error is not None
    assert decision.workloads[web.key].persisted == (Target("old", 2),)
    assert decision.clusters == ("a", "old")


def test_replicas_that_run_are_not_counted_twice() -> None:
    web = workload("web", 4)
    decision = place(
        Application(fleet(a=0, b=1), {"replicaScheduling": DYNAMIC}, (web,), current={web.key: (Target("a", 3),)})
    )
    assert replicas(decision) == {"web": {"a": 3, "b": 1}}


def test_a_chosen_cluster_without_replicas_of_a_workload_is_reported() -> None:
    decision = place(
        Application(fleet(a=5, b=4), {"replicaScheduling": DYNAMIC}, (workload("web", 4), workload("one", 1)))
    )
    assert decision.without_replicas == {"b": ("Deployment/shop/one",)}


def test_duplicated_gives_every_cluster_everything() -> None:
    decision = place(Application(fleet(a=1, b=1), {}, (workload("web", 4), workload("db", 1))))
    assert replicas(decision) == {"web": {"a": 4, "b": 4}, "db": {"a": 1, "b": 1}}


def test_a_cluster_in_use_without_replicas_stays_in_use_when_everything_runs() -> None:
    placement = {"spreadConstraints": [{"maxGroups": 2}], "replicaScheduling": DYNAMIC}
    asked = (workload("off", 0), workload("web", 1))
    first = place(Application(fleet(a=1, b=1), placement, asked))
    current = {key: decision.targets for key, decision in first.workloads.items()}
    second = place(Application(fleet(a=1, b=1), placement, asked, current=current, present=first.clusters))
    assert (first.clusters, second.clusters) == (("a", "b"), ("a", "b"))


def test_an_application_without_workloads_goes_to_all_that_pass_the_filters() -> None:
    clusters = parse_clusters([{"name": "a"}, {"name": "b", "apiEnablements": []}])
    decision = place(Application(clusters, {"replicaScheduling": DYNAMIC}, objects=(("v1", "ConfigMap"),)))
    assert decision.clusters == ("a",)
    assert "does not serve ConfigMap" in decision.selection.clusters["b"].reason


def test_the_next_group_is_used_when_one_workload_does_not_fit_the_first() -> None:
    groups = [{"affinityName": name, "clusterNames": [name]} for name in ("a", "b")]
    placement = {"clusterAffinities": groups, "replicaScheduling": DYNAMIC}
    decision = place(Application(fleet(a=4, b=40), placement, (workload("web", 3), workload("db", 3))))
    assert (decision.clusters, decision.observed_affinity) == (("b",), "b")


OVERFLOWING = {
    "clusterAffinities": [
        {
            "affinityName": "own",
            "clusterNames": ["a"],
            "overflowAffinities": [{"affinityName": "rented", "clusterNames": ["b"]}],
        }
    ],
    "replicaScheduling": DYNAMIC,
}


def test_what_does_not_fit_the_own_clusters_overflows() -> None:
    decision = place(Application(fleet(a=4, b=40), OVERFLOWING, (workload("web", 3), workload("db", 3))))
    assert replicas(decision) == {"web": {"a": 3}, "db": {"a": 1, "b": 2}}


def test_an_application_without_workloads_does_not_overflow() -> None:
    decision = place(Application(fleet(a=4, b=40), OVERFLOWING, objects=(("v1", "ConfigMap"),)))
    assert decision.clusters == ("a",)


def test_the_answer_survives_the_way_through_a_dictionary() -> None:
    decision = place(Application(fleet(a=4), {"replicaScheduling": DYNAMIC}, (workload("web", 4), workload("off", 0))))
    assert decision.to_dict()["workloads"]["Deployment/shop/off"]["targets"] == [{"name": "a", "replicas": 0}]


workloads = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["100m", "1", "1500m"])), min_size=1, max_size=4)
fleets = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 16), min_size=1)
spreads = st.sampled_from([[], [{"maxGroups": 2}], [{"minGroups": 2}]])


@settings(deadline=None, database=None, max_examples=60)
@given(fleets, workloads, spreads, st.sampled_from([DYNAMIC, None]))
def test_asked_again_when_it_runs_nothing_moves_and_nothing_is_overcommitted(cores, wanted, spread, scheduling) -> None:
    asked = tuple(workload(f"w{number}", replicas, cpu) for number, (replicas, cpu) in enumerate(wanted))
    placement = {"spreadConstraints": spread, "replicaScheduling": scheduling}
    first = place(Application(fleet(**cores), placement, asked))
    if first.error is not None:
        return
    used = dict.fromkeys(cores, 0)
    for each in asked:
        for name, count in first.workloads[each.key].replicas.items():
            used[name] += count * thousandths(parse_quantity((each.resource_request or {})["cpu"]))
    if scheduling is not None:
        assert all(used[name] <= 1000 * count for name, count in cores.items())
    running = parse_clusters(
        [
            {
                "name": name,
                "resourceSummary": {"allocatable": {"cpu": count, "pods": 110}, "allocated": {"cpu": f"{used[name]}m"}},
            }
            for name, count in cores.items()
        ]
    )
    current = {key: decision.targets for key, decision in first.workloads.items()}
    second = place(Application(running, placement, asked, current=current, present=first.clusters))
    assert second.error is None
    assert replicas(second) == replicas(first)
