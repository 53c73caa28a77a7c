# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application, place
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.estimate import estimator
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.nodes import (
    NO_CLAIM,
    NodeClaim,
    Part,
    asked_amounts,
    joint_room,
    parse_nodes,
    replicas_that_fit,
    take,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Cluster,
    Request,
    Workload,
    parse_clusters,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.room import emptied, with_replicas
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

DYNAMIC = {"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}


def node(name: str, cpu: str = "4", **more: Any) -> dict[str, Any]:
    gpu = {"nvidia.com/gpu": more.pop("gpu")} if "gpu" in more else {}
    return {"name": name, "allocatable": {"cpu": cpu, "memory": "64Gi", "pods": "110", **gpu}, **more}


def fits(nodes: list[dict[str, Any]], request: dict[str, str], claim: dict[str, Any] | None = None) -> int:
    claimed = NO_CLAIM if claim is None else NodeClaim.from_dict(claim)
    return replicas_that_fit(parse_nodes(nodes, path="nodes"), asked_amounts(request), claimed)


def test_a_pod_that_fits_no_single_node_does_not_fit_however_much_they_have_together() -> None:
    assert fits([node("a"), node("b"), node("c")], {"cpu": "5"}) == 0
    assert fits([node("a"), node("b"), node("c")], {"cpu": "3"}) == 3
    assert fits([node("a"), node("b", allocated={"cpu": "2"})], {"cpu": "1500m"}) == 3


def test_pods_are_counted_per_node() -> None:
    small = {"name": "a", "allocatable": {"cpu": "64", "pods": "3"}, "allocated": {"pods": "1"}}
    assert fits([small], {"cpu": "1"}) == 2
    assert fits([small], {}) == 2


def test_extended_resources_are_where_they_are() -> None:
    nodes = [node("plain", "64"), node("gpu", gpu="2")]
    assert fits(nodes, {"cpu": "1", "nvidia.com/gpu": "1"}) == 2
    assert fits(nodes, {"cpu": "1", "nvidia.com/gpu": "4"}) == 0


@pytest.mark.parametrize(
    ("claim", "count"),
    [
        (None, 4),
        ({"nodeSelector": {"disk": "ssd"}}, 4),
        ({"nodeSelector": {"disk": "tape"}}, 0),
        ({"tolerations": [{"key": "dedicated", "operator": "Exists"}]}, 8),
        ({"tolerations": [{"operator": "Exists"}]}, 12),
        (
            {
                "hardNodeAffinity": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]
                }
            },
            4,
        ),
        ({"hardNodeAffinity": {"nodeSelectorTerms": []}}, 0),
        ({"hardNodeAffinity": {"nodeSelectorTerms": [{}]}}, 0),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "size", "operator": "Gt", "values": ["7"]}]},
                                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["fast"]}]},
                            ]
                        }
                    }
                }
            },
            4,
        ),
    ],
)
def test_what_a_pod_wants_of_its_node_is_honoured(claim: dict[str, Any] | None, count: int) -> None:
    nodes = [
        node("fast", labels={"disk": "ssd", "size": "4"}),
        node("kept", taints=[{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]),
        node("cordoned", unschedulable=True),
        node("broken", ready=False),
        node("soft", "0", taints=[{"key": "p", "effect": "PreferNoSchedule"}]),
    ]
    assert fits(nodes, {"cpu": "1"}, claim) == count


def test_a_label_that_nobody_recorded_is_no_reason_to_stay_away() -> None:
    claim = {"nodeSelector": {"kubernetes.io/hostname": "a"}}
    assert fits([node("", unknownLabels=["kubernetes.io/hostname"])], {"cpu": "1"}, claim) == 4
    assert fits([node("")], {"cpu": "1"}, claim) == 0


nodes_like = st.lists(
    st.builds(
        lambda cpu, used, count: {
            "name": "n",
            "allocatable": {"cpu": str(cpu), "pods": "5"},
            "allocated": {"cpu": str(used)},
            "count": count,
        },
        st.integers(0, 9),
        st.integers(0, 4),
        st.integers(0, 3),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=80, database=None)
@given(nodes_like, st.integers(1, 4))
def test_nodes_told_as_one_count_as_each_for_itself(nodes: list[dict[str, Any]], cpu: int) -> None:
    each = [{**one, "count": 1} for one in nodes for _copy in range(one["count"])]
    assert fits(nodes, {"cpu": str(cpu)}) == fits(each, {"cpu": str(cpu)})


@settings(deadline=None, max_examples=80, database=None)
@given(nodes_like, st.integers(1, 4), st.integers(0, 30))
def test_what_is_taken_is_gone_and_nothing_else(nodes: list[dict[str, Any]], cpu: int, replicas: int) -> None:
    known, asked = parse_nodes(nodes, path="nodes"), asked_amounts({"cpu": str(cpu)})
    before = replicas_that_fit(known, asked, NO_CLAIM)
    after, left = take(known, asked, NO_CLAIM, replicas)
    assert left == max(replicas - before, 0)
    assert replicas_that_fit(after, asked, NO_CLAIM) == before - (replicas - left)
    assert sum(one.count for one in after) == sum(one.count for one in known)


@given(st.permutations([node("a"), node("b", "8"), node("c", "1"), node("", "3", count=4)]))
@settings(deadline=None, max_examples=24, database=None)
def test_the_order_of_the_nodes_changes_nothing(nodes: list[dict[str, Any]]) -> None:
    known = parse_nodes(nodes, path="nodes")
    assert known == parse_nodes(list(reversed(nodes)), path="nodes")


def fleet(**nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, "nodes": each} for name, each in nodes.items()]


def test_a_cluster_takes_what_its_nodes_hold() -> None:
    clusters = fleet(a=[node("1"), node("2")], b=[node("1", "8")])
    asked = {
        "clusters": clusters,
        "workload": {"kind": "Deployment", "name": "web", "replicas": 4, "resourceRequest": {"cpu": "3"}},
        "placement": {"replicaScheduling": DYNAMIC},
    }
    assert schedule(Request.from_dict(asked)).replicas == {"a": 2, "b": 2}
    asked["workload"]["resourceRequest"] = {"cpu": "5"}
    decision = schedule(Request.from_dict(asked))
    assert decision.error is not None
    assert decision.error.kind.value == "unschedulable"
    asked["workload"]["replicas"] = 1
    assert schedule(Request.from_dict(asked)).replicas == {"b": 1}
    assert schedule(Request.from_dict({**asked, "compatibility": "karmada"})).error is not None, "no summary, no room"


def test_never_more_than_either_the_nodes_or_the_summary_says() -> None:
    summary = {"allocatable": {"cpu": "8", "pods": "220"}, "allocating": {"cpu": "7"}}
    cluster = {"name": "a", "nodes": [node("1"), node("2")], "resourceSummary": summary}
    asked = {
        "clusters": [cluster],
        "workload": {"kind": "Deployment", "name": "web", "replicas": 2, "resourceRequest": {"cpu": "1"}},
        "placement": {"replicaScheduling": DYNAMIC},
    }
    decision = schedule(Request.from_dict(asked))
    assert decision.error is not None
    assert "room for 1" in decision.error.message


def workload(name: str, replicas: int, cpu: str, **more: Any) -> Workload:
    return Workload.from_dict(
        {"kind": "Deployment", "name": name, "replicas": replicas, "resourceRequest": {"cpu": cpu}, **more}
    )


@pytest.mark.parametrize("selection", ["together", "each"])
def test_what_one_workload_takes_of_a_node_the_next_does_not_find(selection: str) -> None:
    clusters = parse_clusters(fleet(a=[node("1"), node("2")]))
    placement = {"replicaScheduling": DYNAMIC, "selection": selection}
    # Each of them fits alone; the four cores that three of the first leave are on no single node.
    both = (workload("web", 2, "2500m"), workload("db", 1, "2500m"))
    decision = place(Application(clusters=clusters, placement=placement, workloads=both))
    assert decision.error is not None
    both = (workload("web", 1, "2500m"), workload("db", 1, "2500m"))
    assert place(Application(clusters=clusters, placement=placement, workloads=both)).error is None


def test_what_two_workloads_take_the_third_does_not_find() -> None:
    clusters = parse_clusters(fleet(a=[node("1"), node("2")]))
    three = tuple(workload(name, 1, "2500m") for name in ("a", "b", "c"))
    placement = {"replicaScheduling": DYNAMIC, "selection": "each"}
    decision = place(Application(clusters=clusters, placement=placement, workloads=three))
    assert decision.error is not None
    assert decision.error.message.startswith("Deployment/c")


def test_a_joint_replica_needs_room_for_its_share_of_every_workload() -> None:
    parts = [Part(asked_amounts({"cpu": cpu}), NO_CLAIM, 1) for cpu in ("5", "1")]
    assert joint_room(parse_nodes([node("small")], path="nodes"), parts, 2) == 0
    assert joint_room(parse_nodes([node("large", "6")], path="nodes"), parts, 2) == 2


def test_the_joint_demand_goes_where_the_nodes_hold_all_of_it() -> None:
    # Both have eight cores; only b has a node for the large one.
    clusters = parse_clusters(fleet(a=[node("1"), node("2")], b=[node("1", "6"), node("2", "2")]))
    placement = {
        "replicaScheduling": DYNAMIC,
        "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}],
    }
    both = (workload("large", 1, "5"), workload("small", 1, "2"))
    decision = place(Application(clusters=clusters, placement=placement, workloads=both))
    assert decision.error is None
    assert decision.clusters == ("b",)


def test_nodes_and_claims_survive_the_way_through_a_dictionary() -> None:
    asked = Request.from_dict(
        {
            "clusters": fleet(a=[node("1", taints=[{"key": "x", "effect": "NoSchedule"}], labels={"l": "v"})]),
            "workload": {"kind": "Deployment", "name": "web", "nodeClaim": {"nodeSelector": {"l": "v"}}},
        }
    )
    assert Request.from_dict(asked.to_dict()) == asked


sizes = st.lists(st.sampled_from([1, 2, 3, 5, 8]), min_size=1, max_size=4)
demands = st.lists(st.tuples(st.integers(1, 6), st.sampled_from([1, 2, 3, 4])), min_size=1, max_size=3)


@settings(deadline=None, max_examples=60, database=None)
@given(st.lists(sizes, min_size=1, max_size=4), demands, st.sampled_from(["together", "each"]), st.booleans())
def test_what_is_promised_to_a_cluster_finds_nodes_there(
    fleets: list[list[int]], asked: list[tuple[int, int]], selection: str, aggregated: bool
) -> None:
    nodes = {
        f"m{index}": [node(str(each), str(cpu)) for each, cpu in enumerate(cpus)] for index, cpus in enumerate(fleets)
    }
    clusters = parse_clusters(fleet(**nodes))
    scheduling = (
        {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"} if aggregated else DYNAMIC
    )
    workloads = tuple(workload(f"w{index}", replicas, str(cpu)) for index, (replicas, cpu) in enumerate(asked))
    placement = {"replicaScheduling": scheduling, "selection": selection}
    decision = place(Application(clusters=clusters, placement=placement, workloads=workloads))
    if decision.error is not None:
        return
    left = {cluster.name: cluster.nodes or () for cluster in clusters}
    for each in workloads:
        replicas = decision.workloads[each.key].replicas
        assert sum(replicas.values()) == each.replicas
        for name, count in replicas.items():
            left[name], homeless = take(left[name], asked_amounts(each.resource_request), NO_CLAIM, count)
            assert homeless == 0


def test_what_is_supposed_to_come_takes_nodes_and_what_goes_leaves_only_their_sum() -> None:
    summary = {"allocatable": {"cpu": "8", "pods": "220"}, "allocated": {"cpu": "2"}}
    nodes = [node("1", allocated={"cpu": "2"}), node("2")]
    (cluster,) = parse_clusters([{"name": "a", "nodes": nodes, "resourceSummary": summary}])
    three = workload("w", 9, "3")

    def fits_in(one: Cluster) -> int:
        return estimator("resourceSummary", {"cpu": "3"}, unknown=0, claim=NO_CLAIM)(one)

    assert fits_in(cluster) == 1
    assert fits_in(with_replicas(cluster, three, 1)) == 0
    assert fits_in(with_replicas(cluster, three, -1)) == 3
    assert fits_in(emptied(cluster, 0)) == 2
