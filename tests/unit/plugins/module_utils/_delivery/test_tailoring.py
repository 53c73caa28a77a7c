# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules over a fleet: who gets what, how often it is made, and what is said of rules that do nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery import render as render_module
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.manifests import OWNER, Marks
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.rules import normalized
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.render import Rendering, render
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.tailoring import tailoring
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member

MEMBERS = {
    "n1": Member("n1", {"env": "prod"}, provider="idc", region="north", zones=("a",)),
    "n2": Member("n2", {"env": "test"}, provider="idc", region="north"),
    "s1": Member("s1", {"env": "prod"}, provider="cloud", region="south"),
}
WEB = Identity("apps", "Deployment", "shop", "web")


def deployment(**spec: Any) -> dict:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    metadata = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    spec = {"replicas": 3, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def config(**data: str) -> dict:
    metadata = {"name": "settings", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def rendered(objects: Sequence[dict], overrides: Any, clusters: Sequence[str] = tuple(MEMBERS)) -> Rendering:
    spec = Spec("default", "shop", "shop", overrides=tuple(normalized(overrides)))
    decisions = {WEB: dict.fromkeys(clusters, 1)}
    return render(objects, decisions, clusters, Marks("hub/default/shop", "set"), tailoring(spec, MEMBERS))


def copy_in(rendering: Rendering, cluster: str, kind: str = "Deployment") -> dict:
    return next(item for item in rendering.clusters[cluster] if item["kind"] == kind)


def image(rendering: Rendering, cluster: str) -> str:
    return copy_in(rendering, cluster)["spec"]["template"]["spec"]["containers"][0]["image"]


def tag(value: str, **rule: Any) -> dict:
    return {**rule, "overriders": {"imageOverrider": [{"component": "Tag", "operator": "replace", "value": value}]}}


def label(value: str, **rule: Any) -> dict:
    return {**rule, "overriders": {"labelsOverrider": [{"operator": "add", "value": {"rule": value}}]}}


def test_a_rule_is_for_the_clusters_it_names():
    north = {"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "In", "values": ["north"]}]}}
    result = rendered([deployment()], [tag("2", targetCluster=north)])
    assert {name: image(result, name) for name in MEMBERS} == {"n1": "web:2", "n2": "web:2", "s1": "web:1"}


def test_later_rules_overwrite_earlier_ones():
    prod = {"labelSelector": {"matchLabels": {"env": "prod"}}}
    result = rendered(
        [deployment()], [tag("all"), tag("prod", targetCluster=prod), tag("s", targetCluster={"clusterNames": ["s1"]})]
    )
    assert {name: image(result, name) for name in MEMBERS} == {"n1": "web:prod", "n2": "web:all", "s1": "web:s"}


def test_parts_of_a_rule_apply_in_karmadas_order_and_not_as_written():
    overriders = {
        "plaintext": [{"path": "/metadata/labels/app", "operator": "replace", "value": "last"}],
        "labelsOverrider": [{"operator": "replace", "value": {"app": "first"}}],
    }
    result = rendered([deployment()], [{"overriders": overriders}])
    assert copy_in(result, "n1")["metadata"]["labels"]["app"] == "last"


def test_selectors_narrow_a_rule_to_objects():
    selectors = [{"kind": "ConfigMap"}, {"apiVersion": "apps/v1", "kind": "Deployment", "name": "other"}]
    result = rendered([deployment(), config(a="1")], [label("x", resourceSelectors=selectors)])
    assert copy_in(result, "n1", "ConfigMap")["metadata"]["labels"]["rule"] == "x"
    assert "rule" not in copy_in(result, "n1")["metadata"]["labels"]


def test_rules_may_hold_values_per_cluster():
    result = rendered([deployment()], [label("[[ cluster.region ]]-[[ cluster.name ]]")])
    assert copy_in(result, "s1")["metadata"]["labels"]["rule"] == "south-s1"


def test_manifests_may_hold_values_per_cluster():
    result = rendered([deployment(), config(region="[[ cluster.region ]]")], [])
    assert {name: copy_in(result, name, "ConfigMap")["data"]["region"] for name in MEMBERS} == {
        "n1": "north",
        "n2": "north",
        "s1": "south",
    }


def test_values_of_rules_are_merged_and_named():
    overrides = [
        {"overriders": {"values": {"db": {"host": "db.[[ cluster.region ]]", "port": 5432}}}},
        {"targetCluster": {"clusterNames": ["s1"]}, "overriders": {"values": {"db": {"port": 5433}}}},
    ]
    result = rendered([deployment(), config(db="[[ values.db.host ]]:[[ values.db.port ]]")], overrides)
    assert copy_in(result, "n1", "ConfigMap")["data"]["db"] == "db.north:5432"
    assert copy_in(result, "s1", "ConfigMap")["data"]["db"] == "db.south:5433"


def test_an_object_is_made_once_per_variant_and_not_once_per_cluster(monkeypatch):
    made = []
    plain = render_module._variant

    def counting(manifest, cluster, *rest):
        made.append((identify(manifest).kind, cluster))
        return plain(manifest, cluster, *rest)

    monkeypatch.setattr(render_module, "_variant", counting)
    overrides = [label("[[ cluster.region ]]", resourceSelectors=[{"kind": "Deployment"}])]
    clusters = {f"c{number}": Member(f"c{number}", region=f"r{number % 3}") for number in range(60)}
    spec = Spec("default", "shop", "shop", overrides=tuple(normalized(overrides)))
    decisions = {WEB: dict.fromkeys(clusters, 1)}
    result = render([deployment(), config(a="1")], decisions, list(clusters), tailoring=tailoring(spec, clusters))
    assert sorted(kind for kind, _cluster in made) == ["ConfigMap", "Deployment", "Deployment", "Deployment"]
    assert len({id(item) for items in result.clusters.values() for item in items}) == 4


def test_replicas_of_an_override_win_over_the_placement_and_are_said():
    patch = [{"path": "/spec/replicas", "operator": "replace", "value": 9}]
    rule = {"targetCluster": {"clusterNames": ["s1"]}, "overriders": {"plaintext": patch}}
    result = rendered([deployment(), config(a="1")], [rule])
    assert copy_in(result, "s1")["spec"]["replicas"] == 9
    assert copy_in(result, "n1")["spec"]["replicas"] == 1
    assert result.replicas[WEB]["s1"] == 1
    assert result.notes == ("s1: Deployment shop/web has 9 replicas by an override, the placement gave it 1",)


def test_our_marks_can_not_be_overridden():
    rule = {"overriders": {"annotationsOverrider": [{"operator": "add", "value": {OWNER: "somebody/else/x"}}]}}
    result = rendered([deployment()], [rule])
    assert copy_in(result, "n1")["metadata"]["annotations"][OWNER] == "hub/default/shop"


def test_a_namespace_that_nobody_wrote_is_left_as_it_is():
    implied = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    spec = Spec("default", "shop", "shop", overrides=tuple(normalized([label("x")])))
    measures = tailoring(spec, MEMBERS, untouched=frozenset({identify(implied)}))
    result = render([implied, deployment()], {WEB: {"n1": 1}}, ["n1"], tailoring=measures)
    assert copy_in(result, "n1", "Namespace") == implied
    assert copy_in(result, "n1")["metadata"]["labels"]["rule"] == "x"


def test_variants_give_each_cluster_one_set_of_rules():
    variants = {
        "small": {
            "targetCluster": {"labelSelector": {"matchLabels": {"env": "test"}}},
            "overrideRules": [tag("small")],
        },
        "large": {
            "targetCluster": {"labelSelector": {"matchLabels": {"env": "prod"}}},
            "overrideRules": [tag("large")],
        },
    }
    result = rendered([deployment()], {"overrideRules": [tag("all")], "variants": variants})
    assert {name: image(result, name) for name in MEMBERS} == {"n1": "web:large", "n2": "web:small", "s1": "web:large"}


def test_a_cluster_that_two_variants_mean_is_refused():
    rules = {"targetCluster": {"clusterNames": ["s1"]}, "overrideRules": [tag("x")]}
    with pytest.raises(InputError, match="variants a and b both mean it"):
        rendered([deployment()], {"variants": {"a": rules, "b": rules}})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (tag("2", targetCluster={"clusterNames": ["nowhere"]}), "override 1 matches no cluster of the registry"),
        (tag("2", resourceSelectors=[{"kind": "StatefulSet"}]), "override 1 matches no object of the application"),
        (
            {"overriders": {"argsOverrider": [{"containerName": "wbe", "operator": "add", "value": ["x"]}]}},
            "override 1, argsOverrider 1, matches nothing: no container 'wbe' (did you mean web?)",
        ),
        (
            {"overriders": {"labelsOverrider": [{"operator": "replace", "value": {"ap": "x"}}]}},
            "override 1, labelsOverrider 1, matches nothing: none of ap in metadata.labels (did you mean app?)",
        ),
        (
            {"overriders": {"plaintext": [{"path": "/spec/Replicas", "operator": "replace", "value": 2}]}},
            "override 1, plaintext 1, matches nothing: there is no /spec/Replicas (did you mean replicas?)",
        ),
        (
            {"overriders": {"strategicMerge": [{"kind": "DaemonSet", "spec": {}}]}},
            "override 1, strategicMerge 1, matches nothing: no such object",
        ),
    ],
)
def test_a_rule_or_part_that_matches_nothing_is_said_once(rule, said):
    assert rendered([deployment(), config(a="1")], [rule]).notes == (said,)


def test_of_several_reasons_the_one_with_a_hint_is_said():
    later = {"apiVersion": "x.example/v1", "kind": "Thing", "metadata": {"name": "t", "namespace": "shop"}}
    rule = {"overriders": {"plaintext": [{"path": "/spec/Replicas", "operator": "replace", "value": 2}]}}
    [note] = rendered([deployment(), config(a="1"), later], [rule]).notes
    assert "did you mean replicas?" in note


def test_rules_for_clusters_that_are_not_chosen_are_said_in_one_line():
    rules = [tag("2", targetCluster={"clusterNames": ["s1"]}), label("x", targetCluster={"clusterNames": ["s1"]})]
    assert rendered([deployment()], rules, ["n1"]).notes == (
        "override 1, override 2 have no effect now: s1 not chosen",
    )


@pytest.mark.parametrize(
    ("overriders", "said"),
    [
        ({"plaintext": [{"path": "/spec/none/x", "operator": "replace", "value": 1}]}, "there is no /spec/none"),
        ({"imageOverrider": [{"component": "Tag", "operator": "replace", "value": "not a tag"}]}, "neither a tag"),
        ({"plaintext": [{"path": "/metadata/name", "operator": "replace", "value": "x"}]}, "same in all clusters"),
        ({"plaintext": [{"path": "/metadata", "operator": "remove"}]}, "no metadata"),
        ({"labelsOverrider": [{"operator": "add", "value": {"a": "[[ cluster.regoin ]]"}}]}, "cluster.region"),
    ],
)
def test_a_rule_that_makes_no_sense_for_its_object_is_an_error_that_names_it(overriders, said):
    rule = {"resourceSelectors": [{"kind": "Deployment", "name": "web"}], "overriders": overriders}
    with pytest.raises(InputError) as caught:
        rendered([deployment()], [rule])
    assert said in str(caught.value)
    assert "n1" in str(caught.value)


def test_a_name_that_differs_from_cluster_to_cluster_is_refused():
    moving = config(a="1")
    moving["metadata"]["name"] = "settings-[[ cluster.name ]]"
    with pytest.raises(InputError, match=r"metadata\.name is a value per cluster"):
        rendered([deployment(), moving], [])


def test_all_mistakes_are_said_at_once_with_the_nearest_names():
    wrong = [
        {"targetCluster": {"clusterName": ["a"]}, "overriders": {"imageOveride": [], "plaintext": [{"path": "spec"}]}},
        {"overriders": {"imageOverrider": [{"component": "Tags", "operator": "replace"}]}},
        {"overriders": {"fieldOverrider": [{"fieldPath": "/data/x"}], "commandOverrider": [{"containerName": "c", "operator": "replace"}]}},
        {"overriders": {"strategicMerge": [{"spec": {}}], "labelsOverrider": [{"operator": "add", "value": {"a": 1}}]}},
        {"overriders": {}},
    ]  # fmt: skip
    with pytest.raises(InputError) as caught:
        normalized(wrong)
    for said in (
        "overrides[0].targetCluster.clusterName: unknown field (did you mean clusterNames?)",
        "overrides[0].overriders.imageOveride: unknown field (did you mean imageOverrider?)",
        "overrides[0].overriders.plaintext[0].operator: is required",
        "does not begin with /",
        "overrides[1].overriders.imageOverrider[0].component: expected one of",
        "did you mean Tag?",
        "overrides[1].overriders.imageOverrider[0].value: is required for replace",
        "give json or yaml",
    ):
        assert said in str(caught.value)


@pytest.mark.parametrize(
    "overrides", ["text", 3, {"overrideRule": []}, [[]], [None], {"variants": []}, [{"variants": {"a": 1}}]]
)
def test_other_forms_are_refused(overrides):
    with pytest.raises(InputError):
        normalized(overrides)


def test_a_policy_of_karmadas_form_is_taken():
    policy = {"resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}], "overrideRules": [label("x")]}
    [rule] = normalized(policy)
    assert rule["resourceSelectors"] == policy["resourceSelectors"]
    assert json.loads(json.dumps(normalized(policy))) == normalized(policy)
    whole = {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "OverridePolicy",
        "metadata": {"name": "p"},
        "spec": policy,
    }
    assert normalized(whole) == [rule]


def test_values_of_rules_are_text_where_only_text_is_meant():
    result = rendered([deployment()], [label("[[ cluster.zones | length ]]")])
    assert copy_in(result, "n1")["metadata"]["labels"]["rule"] == "1"
