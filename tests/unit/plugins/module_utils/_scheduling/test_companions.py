# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application, place
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.neighbours import Neighbour
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request, Workload, parse_clusters
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.validate import validate_placement

CLUSTERS = [
    {"name": "a", "region": "north", "zones": ["n1"], "provider": "idc", "available": 9},
    {"name": "b", "region": "north", "zones": ["n2"], "provider": "idc", "available": 9},
    {"name": "c", "region": "south", "zones": ["s1"], "provider": "cloud", "available": 9},
]
DB = {"name": "db", "labels": {"tier": "data", "team": "x"}, "clusters": ["a"]}


def near(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"applicationAffinity": {"required": list(terms)}}


def apart(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"applicationAntiAffinity": {"required": list(terms)}}


def decide(placement: dict[str, Any], *neighbours: dict[str, Any], **more: Any) -> Decision:
    return schedule(
        Request.from_dict(
            {
                "clusters": CLUSTERS,
                "workload": {"kind": "Deployment", "name": "web", "replicas": 2},
                "placement": placement,
                "application": {"name": "web", "labels": {"tier": "front", "team": "x"}},
                "neighbours": list(neighbours),
                "estimator": "available",
                **more,
            }
        )
    )


@pytest.mark.parametrize(
    ("placement", "chosen"),
    [
        (near({"application": "db"}), {"a"}),
        (near({"application": "default/db"}), {"a"}),
        (near({"labelSelector": {"matchLabels": {"tier": "data"}}}), {"a"}),
        (near({"application": "db", "topology": "region"}), {"a", "b"}),
        (near({"application": "db", "topology": "zone"}), {"a"}),
        (near({"application": "db", "topology": "provider"}), {"a", "b"}),
        (apart({"application": "db"}), {"b", "c"}),
        (apart({"application": "db", "topology": "region"}), {"c"}),
        (apart({"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}), {"b", "c"}),
        (apart({"application": "unknown"}), {"a", "b", "c"}),
        (near({"application": "db", "topology": "region"}) | apart({"application": "db"}), {"b"}),
        ({"workloadAffinity": {"affinity": {"groupByLabelKey": "team"}}}, {"a"}),
        ({"workloadAffinity": {"antiAffinity": {"groupByLabelKey": "team"}}}, {"b", "c"}),
        ({"workloadAffinity": {"affinity": {"groupByLabelKey": "tier"}}}, {"a", "b", "c"}),
        ({"workloadAffinity": {"affinity": {"groupByLabelKey": "unknown"}}}, {"a", "b", "c"}),
    ],
)
def test_other_applications_decide_who_passes(placement: dict[str, Any], chosen: set[str]) -> None:
    assert validate_placement(placement) == []
    decision = decide(placement, DB)
    assert set(decision.replicas) == chosen
    for name, verdict in decision.clusters.items():
        assert verdict.taken == (name in chosen)
        assert verdict.taken or verdict.change


def test_karmada_mode_does_not_look_at_other_applications() -> None:
    assert set(decide(near({"application": "db"}), DB, compatibility="karmada").replicas) == {"a", "b", "c"}


def test_an_application_is_no_neighbour_of_its_own() -> None:
    own = {"name": "web", "labels": {"tier": "front"}, "clusters": ["b"]}
    assert set(decide(apart({"labelSelector": {"matchLabels": {"tier": "front"}}}), own).replicas) == {"a", "b", "c"}


def test_labels_choose_inside_the_own_tenant_only() -> None:
    other = {**DB, "tenant": "other"}
    assert set(decide(apart({"labelSelector": {"matchLabels": {"tier": "data"}}}), other).replicas) == {"a", "b", "c"}
    assert set(decide(apart({"application": "other/db"}), other).replicas) == {"b", "c"}


def test_near_what_stands_nowhere_is_refused_by_name() -> None:
    decision = decide(near({"application": "db"}), {**DB, "clusters": []})
    assert decision.error is not None
    assert decision.error.kind.value == "fit"
    assert "db, of which none is placed" in decision.error.message
    assert decision.clusters["a"].change == "place db first"


def test_the_first_of_those_that_seek_each_others_company_may_go_anywhere() -> None:
    term = {"labelSelector": {"matchLabels": {"team": "x"}}}
    assert set(decide(near(term)).replicas) == {"a", "b", "c"}
    assert set(decide(near(term), DB).replicas) == {"a"}


def test_what_runs_stays_until_a_reschedule_is_asked_for() -> None:
    running = {"current": [{"name": "a", "replicas": 2}]}
    assert "a" in decide(apart({"application": "db"}), DB, **running).replicas
    assert "a" not in decide(apart({"application": "db"}), DB, trigger="reschedule", **running).replicas


ONE = {"spreadConstraints": [{"spreadByField": "cluster", "maxGroups": 1}]}


@pytest.mark.parametrize(
    ("placement", "chosen"),
    [
        ({"applicationAffinity": {"preferred": [{"weight": 1, "term": {"application": "late"}}]}}, "c"),
        ({"applicationAntiAffinity": {"preferred": [{"weight": 1, "term": {"application": "db"}}]}}, "b"),
        (
            {
                "applicationAffinity": {"preferred": [{"weight": 10, "term": {"application": "late"}}]},
                "applicationAntiAffinity": {
                    "preferred": [{"weight": 50, "term": {"application": "late", "topology": "region"}}]
                },
            },
            "a",
        ),
    ],
)
def test_a_preference_puts_a_cluster_first(placement: dict[str, Any], chosen: str) -> None:
    decision = decide({**ONE, **placement}, DB, {"name": "late", "clusters": ["c"]})
    assert set(decision.replicas) == {chosen}


def test_a_preference_alone_does_not_move_what_runs_and_weight_makes_it() -> None:
    wish = {"applicationAffinity": {"preferred": [{"weight": 100, "term": {"application": "db"}}]}}
    running = {"current": [{"name": "c", "replicas": 2}]}
    assert set(decide({**ONE, **wish}, DB, **running).replicas) == {"c"}
    heavy = {"scoring": {"applicationAffinity": 2}}
    assert set(decide({**ONE, **wish, **heavy}, DB, **running).replicas) == {"a"}


GROUP = {"applicationGroup": "shop"}


def member(name: str, *clusters: str) -> dict[str, Any]:
    return {"name": name, "clusters": list(clusters), "group": "shop"}


def test_a_group_stands_together() -> None:
    assert set(decide(GROUP).replicas) == {"a", "b", "c"}, "the first chooses"
    assert set(decide(GROUP, member("db", "b", "c")).replicas) == {"b", "c"}
    assert set(decide(GROUP, {**member("db", "b"), "tenant": "other"}).replicas) == {"a", "b", "c"}
    assert set(decide(GROUP, {**member("db", "b"), "group": "else"}).replicas) == {"a", "b", "c"}


def test_a_group_leaves_a_cluster_together() -> None:
    leaving = {"evicting": ["a"], "current": [{"name": "a", "replicas": 2}]}
    first = decide({**ONE, **GROUP}, member("db", "a"), member("cache", "a"), **leaving)
    assert set(first.replicas) == {"b"}
    # The next one follows the first, not the one that is still behind.
    second = decide({**ONE, **GROUP}, member("web", "c"), member("db", "c"), member("cache", "a", "b"), **leaving)
    assert set(second.replicas) == {"c"}
    # Where all of the group leave from is no place to go to, also for one that is new.
    assert decide({**ONE, **GROUP}, member("db", "a"), evicting=["a"]).error is None


def test_one_of_a_group_that_went_ahead_is_not_called_back_to_a_cluster_that_is_lost() -> None:
    lost = [
        {**each, "taints": [{"key": "fleet.navarch.dev/not-ready", "effect": "NoSchedule"}]}
        if each["name"] == "a"
        else each
        for each in CLUSTERS
    ]
    ahead = {"clusters": lost, "current": [{"name": "b", "replicas": 2}]}
    assert set(decide({**ONE, **GROUP}, member("db", "a"), **ahead).replicas) == {"b"}


def test_a_group_that_has_no_room_where_it_stands_is_led_elsewhere() -> None:
    placement = {
        **GROUP,
        "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"},
    }
    large = {"workload": {"kind": "Deployment", "name": "web", "replicas": 12}}
    decision = decide(placement, member("db", "b"), **large)
    assert decision.error is None
    assert sum(decision.replicas.values()) == 12
    application = Application(
        clusters=parse_clusters(CLUSTERS),
        placement=placement,
        workloads=(
            Workload(kind="Deployment", name="web", replicas=12),
            Workload(kind="Deployment", name="x", replicas=1),
        ),
        neighbours=(Neighbour("db", clusters=("b",), group="shop"),),
        identity=Neighbour("web"),
        estimator="available",
    )
    assert place(application).error is None
    assert place(
        Application(
            clusters=application.clusters,
            placement=GROUP,
            workloads=application.workloads,
            identity=Neighbour("web"),
            neighbours=application.neighbours,
            estimator="available",
        )
    ).clusters == ("b",)


HOLDS = ["PersistentVolumeClaim/shop/db", "Service/shop/db"]
DATA = {
    "dataLocality": {
        "objects": [
            {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "db"},
            {"kind": "Service", "namespace": "shop", "name": "db"},
        ]
    }
}


def holding(**held: int) -> list[dict[str, Any]]:
    return [{**each, "holds": HOLDS[: held.get(each["name"], 0)]} for each in CLUSTERS]


def test_clusters_that_hold_more_of_the_data_come_first() -> None:
    assert set(decide({**ONE, **DATA}, clusters=holding(b=1, c=2)).replicas) == {"c"}
    assert set(decide({**ONE, **DATA}, clusters=holding(b=1)).replicas) == {"b"}
    running = {"current": [{"name": "a", "replicas": 2}]}
    assert set(decide({**ONE, **DATA}, clusters=holding(b=1, c=2), **running).replicas) == {"c"}, "data is heavy"


def test_required_data_lets_only_those_pass_that_hold_all_of_it() -> None:
    required = {"dataLocality": {**DATA["dataLocality"], "mode": "required"}}
    decision = decide(required, clusters=holding(b=1, c=2))
    assert set(decision.replicas) == {"c"}
    assert decision.clusters["b"].reason == "it does not hold Service/shop/db"
    assert set(decide(required, clusters=holding(b=1, c=2), compatibility="karmada").replicas) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("placement", "problem"),
    [
        (near({}), "applicationAffinity.required[0]: needs either application or labelSelector"),
        (near({"application": "x", "labelSelector": {"matchLabels": {"a": "b"}}}), "needs either"),
        (near({"application": "a/b/c"}), "neither a name nor tenant/name"),
        (near({"labelSelector": {}}), "is empty"),
        (near({"application": "x", "topolgy": "zone"}), "did you mean topology?"),
        (near({"application": "x"}) | apart({"application": "x"}), "near and apart at once"),
        ({"applicationAffinity": {"preferred": [{"weight": 101, "term": {"application": "x"}}]}}, "at most 100"),
        ({"scoring": {"cost": -1}}, "at least 0"),
        ({"scoring": {"cost": "high"}}, "expected a number"),
        ({"scoring": {"costs": 1}}, "did you mean cost?"),
        ({"scoring": {"stickiness": 0}}, "gives no scorer any weight"),
        ({"scoring": {"applicationAffinity": 1}}, "there are none"),
        ({"scoring": {"dataLocality": 1}}, "there is none"),
        ({"dataLocality": {"objects": []}}, "names nothing"),
        ({"dataLocality": {"objects": [{"kind": "Kafka", "name": "x"}]}}, "is required for Kafka"),
        ({"dataLocality": {"objects": [{"kind": "Service", "name": "x"}]}}, "is required for Service"),
        ({"dataLocality": {"objects": [{"kind": "PersistentVolume", "namespace": "n", "name": "x"}]}}, "has none"),
        (
            {"workloadAffinity": {"affinity": {"groupByLabelKey": "k"}, "antiAffinity": {"groupByLabelKey": "k"}}},
            "together and apart at once",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(placement: dict[str, Any], problem: str) -> None:
    problems = validate_placement(placement)
    assert len(problems) == 1
    assert problem in str(problems[0])


standing = st.lists(
    st.builds(
        lambda name, tier, clusters: {"name": name, "labels": {"tier": tier}, "clusters": sorted(clusters)},
        st.sampled_from(["x", "y", "z", "v"]),
        st.sampled_from(["data", "front"]),
        st.sets(st.sampled_from(["a", "b", "c"])),
    ),
    max_size=4,
    unique_by=lambda each: each["name"],
)
terms = st.fixed_dictionaries(
    {
        "labelSelector": st.sampled_from([{"matchLabels": {"tier": "data"}}, {"matchLabels": {"tier": "front"}}]),
        "topology": st.sampled_from(["cluster", "region", "zone", "provider"]),
    }
)


@settings(deadline=None, max_examples=80, database=None)
@given(standing, terms, terms, st.booleans(), st.randoms(use_true_random=False))
def test_hard_rules_hold_whatever_stands_where_and_in_whatever_order_it_is_told(
    others: list[dict[str, Any]], to_it: dict[str, Any], from_it: dict[str, Any], both: bool, luck: Any
) -> None:
    placement = {**apart(from_it), **(near(to_it) if both else {})}
    decision = decide(placement, *others)

    def values(name: str, topology: str) -> set[str]:
        found = next(each for each in CLUSTERS if each["name"] == name)
        return {name} if topology == "cluster" else set(found["zones"] if topology == "zone" else [found[topology]])

    def there(term: dict[str, Any]) -> set[str]:
        meant = [each for each in others if each["labels"] == term["labelSelector"]["matchLabels"]]
        return {value for each in meant for name in each["clusters"] for value in values(name, term["topology"])}

    allowed = {
        each["name"]
        for each in CLUSTERS
        if not values(each["name"], from_it["topology"]) & there(from_it)
        and (
            not both
            or (to_it["labelSelector"]["matchLabels"]["tier"] == "front" and not there(to_it))
            or values(each["name"], to_it["topology"]) & there(to_it)
        )
    }
    assert set(decision.replicas) == allowed
    luck.shuffle(others)
    assert decide(placement, *others).to_dict() == decision.to_dict()
