# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet is placed in one go exactly as its applications would be one by one, with what the earlier ones got deducted."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import (
    Application,
    ApplicationDecision,
    place,
    promises,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.estimate import Taken
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.fleet import place_all
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.memory import Memory
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.neighbours import Neighbour
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.quantity import parse_quantity
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Cluster,
    Target,
    Workload,
    parse_clusters,
)

settings.register_profile("fleet", deadline=None, database=None, max_examples=60)
settings.load_profile("fleet")

SEEDS = st.integers(0, 2**32)
DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
STATIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {
        "staticWeightList": [
            {"targetCluster": {"labelSelector": {"matchLabels": {"env": "a"}}}, "weight": 3},
            {"targetCluster": {}, "weight": 1},
        ]
    },
}
WITH_MINIMUM = {**DYNAMIC, "minReplicas": 1, "maxReplicas": 4}


def fleet(chance: Random, many: int = 0) -> tuple[Cluster, ...]:
    def nodes(cores: int) -> list[dict[str, Any]]:
        return [{"name": f"n{number}", "allocatable": {"cpu": cores // 2, "pods": 9}} for number in range(2)]

    return parse_clusters(
        [
            {
                "name": f"m{number:02}",
                "region": chance.choice(["east", "west"]),
                "zones": [chance.choice(["z1", "z2", "z3"])],
                "labels": {"env": chance.choice("ab")},
                "taints": [{"key": "gpu", "effect": "NoSchedule"}] if chance.random() < 0.2 else [],
                "cost": chance.choice([1.0, 2.0, 3.0]),
                "available": chance.randint(0, 30),
                "resourceSummary": {
                    "allocatable": {"cpu": (cores := chance.randint(2, 20)), "memory": "40Gi", "pods": 18}
                },
                "nodes": nodes(cores) if chance.random() < 0.2 else None,
            }
            for number in range(many or chance.randint(1, 14))
        ]
    )


def placements(chance: Random) -> list[dict[str, Any]]:
    """A few, to be shared by many applications."""

    def placement() -> dict[str, Any]:
        found: dict[str, Any] = {
            "replicaScheduling": chance.choice([None, DYNAMIC, DYNAMIC, AGGREGATED, STATIC, WITH_MINIMUM])
        }
        if chance.random() < 0.5:
            found["spreadConstraints"] = chance.choice(
                [
                    [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 3}],
                    [{"spreadByField": "region", "minGroups": 2}, {"spreadByField": "cluster", "maxGroups": 4}],
                    [{"spreadByField": "zone", "minGroups": 2}],
                ]
            )
        if chance.random() < 0.3:
            found["clusterAffinities"] = [
                {"affinityName": "a", "labelSelector": {"matchLabels": {"env": "a"}}, "overflowAffinities": [{}]},
                {"affinityName": "all"},
            ]
        if chance.random() < 0.3:
            found["clusterTolerations"] = [{"key": "gpu", "operator": "Exists"}]
        if chance.random() < 0.2:
            found["scoring"] = {"freeCapacity": 1, "cost": 2}
        if chance.random() < 0.2:
            found["whenUnsatisfiable"] = "partial"
        if chance.random() < 0.2:
            found["selection"] = "each"
        if chance.random() < 0.2:
            found["applicationGroup"] = chance.choice(["left", "right"])
        if chance.random() < 0.2:
            found["applicationAntiAffinity"] = {"required": [{"application": "app-0"}]}
        return found

    return [placement() for _count in range(3)]


def applications(chance: Random, clusters: tuple[Cluster, ...]) -> dict[str, Application]:
    shared = placements(chance)
    names = [cluster.name for cluster in clusters]

    def workload(application: int, number: int) -> Workload:
        name = f"web-{number}"
        asked = chance.choice([None, {"cpu": "500m"}, {"cpu": "1", "memory": "2Gi"}])
        uid = f"shop/app-{application}/Deployment/{name}"
        return Workload("apps/v1", "Deployment", "shop", name, uid, chance.choice([0, 1, 3, 8]), asked)

    def running() -> tuple[Target, ...]:
        return tuple(Target(name, chance.randint(0, 4)) for name in chance.sample(names, min(len(names), 2)))

    found = {}
    for number in range(chance.randint(1, 9)):
        workloads = tuple(workload(number, each) for each in range(chance.choice([0, 1, 1, 2, 3])))
        found[f"shop/app-{number}"] = Application(
            (),
            chance.choice(shared),
            workloads,
            current={each.key: running() for each in workloads if chance.random() < 0.3},
            evicting=tuple(name for name in names if chance.random() < 0.1),
            estimator="available" if chance.random() < 0.2 else "resourceSummary",
            trigger="reschedule" if chance.random() < 0.2 else None,
            compatibility="karmada" if chance.random() < 0.1 else "navarch",
        )
    return found


def one_by_one(asked: dict[str, Application], clusters: tuple[Cluster, ...]) -> dict[str, ApplicationDecision]:
    taken: dict[str, Taken] = {}
    standing = {
        key: Neighbour(
            name=key.partition("/")[2],
            tenant="shop",
            clusters=application.placed_now,
            group=application.placement.get("applicationGroup", ""),
        )
        for key, application in asked.items()
    }
    decisions = {}
    for key, application in asked.items():
        alone = replace(
            application,
            clusters=clusters,
            taken=dict(taken),
            identity=standing[key],
            neighbours=tuple(each for other, each in standing.items() if other != key),
        )
        decisions[key] = place(alone)
        taken.update(promises(alone, decisions[key], Memory(clusters, taken)))
        standing[key] = replace(standing[key], clusters=decisions[key].clusters)
    return decisions


@given(SEEDS)
def test_a_fleet_is_placed_as_its_applications_would_be_one_by_one(seed: int) -> None:
    chance = Random(seed)
    clusters = fleet(chance)
    asked = applications(chance, clusters)
    together, expected = place_all(asked, clusters), one_by_one(asked, clusters)
    for key, decision in together.items():
        assert decision == expected[key]
        assert decision.to_dict() == expected[key].to_dict()


@given(SEEDS)
def test_no_cluster_is_promised_more_than_it_has(seed: int) -> None:
    chance = Random(seed)
    clusters = fleet(chance)
    asked = {
        key: replace(application, estimator="resourceSummary", compatibility="navarch", current={}, trigger=None)
        for key, application in applications(chance, clusters).items()
        if application.placement["replicaScheduling"] in (DYNAMIC, AGGREGATED, WITH_MINIMUM)
    }
    decisions = place_all(asked, clusters)
    for cluster in clusters:
        assert cluster.resource_summary is not None
        promised = [
            (decisions[key].workloads[each.key].replicas.get(cluster.name, 0), each.resource_request or {})
            for key, application in asked.items()
            for each in application.workloads
        ]
        assert sum(replicas for replicas, _request in promised) <= cluster.resource_summary.free_pods
        for resource, free in cluster.resource_summary.free.items():
            if resource != "pods":
                assert sum(many * parse_quantity(each.get(resource, 0)) for many, each in promised) <= free


def test_a_large_fleet_keeps_its_order_while_room_is_taken() -> None:
    chance = Random(1)
    clusters = fleet(chance, many=80)
    asked = {
        f"shop/app-{number}": Application(
            (),
            {"replicaScheduling": DYNAMIC, "spreadConstraints": [{"maxGroups": 2}]},
            (Workload("apps/v1", "Deployment", "", "web", f"{number}", chance.choice([1, 5, 9]), {"cpu": "1"}),),
        )
        for number in range(60)
    }
    together, expected = place_all(asked, clusters), one_by_one(asked, clusters)
    assert {key: each.clusters for key, each in together.items()} == {k: each.clusters for k, each in expected.items()}
    assert together == expected


def test_an_application_that_does_not_fit_leaves_the_others_alone() -> None:
    clusters = parse_clusters([{"name": "a", "resourceSummary": {"allocatable": {"cpu": 4, "pods": 10}}}])
    placement = {"replicaScheduling": DYNAMIC}
    sizes = {"first": 3, "large": 2, "small": 1, "last": 1}
    asked = {
        f"shop/{name}": Application((), placement, (Workload("apps/v1", "Deployment", "", name, "", size, {"cpu": 1}),))
        for name, size in sizes.items()
    }
    decisions = place_all(asked, clusters)
    assert {key: decision.error is None for key, decision in decisions.items()} == {
        "shop/first": True,
        "shop/large": False,
        "shop/small": True,
        "shop/last": False,
    }


def test_what_is_taken_already_is_deducted_from_the_start() -> None:
    clusters = parse_clusters(
        [{"name": name, "resourceSummary": {"allocatable": {"cpu": 4, "pods": 10}}} for name in ("a", "b")]
    )
    asked = {
        "shop/web": Application(
            (), {"replicaScheduling": DYNAMIC}, (Workload("apps/v1", "Deployment", "", "web", "", 4, {"cpu": 1}),)
        )
    }
    taken = {"a": Taken(4, {"cpu": parse_quantity(4)})}
    assert place_all(asked, clusters, taken=taken)["shop/web"].workloads["Deployment/web"].replicas == {"b": 4}


def test_reasons_can_be_read_of_every_decision_in_any_order() -> None:
    chance = Random(4)
    clusters = fleet(chance)
    placement = {"replicaScheduling": DYNAMIC, "spreadConstraints": [{"maxGroups": 2}]}
    asked = {
        f"shop/app-{number}": Application(
            (), placement, (Workload("apps/v1", "Deployment", "", "web", f"{number}", 1, {"cpu": "10m"}),)
        )
        for number in range(250)
    }
    together, expected = place_all(asked, clusters), one_by_one(asked, clusters)
    for number in (249, 3, 120, 100, 99, 0):
        key = f"shop/app-{number}"
        assert together[key].to_dict() == expected[key].to_dict()
