# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.dependencies import EVERYWHERE
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.division import completions_of
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.manifests import Marks
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.render import MissingEndpoints, render
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.workloads import (
    pod_template,
    replicas_of,
    with_replicas,
    workloads_of,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError


def workload(kind: str, name: str = "web", api_version: str = "apps/v1", **spec: object) -> dict:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]},
    }
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {"template": template, **spec}}


def job(**spec: object) -> dict:
    return workload("Job", "batch", "batch/v1", **spec)


def service(name: str = "web", **spec: object) -> dict:
    spec = {"selector": {"app": name}, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}
WEB = Identity("apps", "Deployment", "shop", "web")


@pytest.mark.parametrize(
    ("manifest", "replicas"),
    [
        (workload("Deployment", replicas=4), 4),
        (workload("Deployment"), 1),
        (workload("Deployment", replicas=None), 1),
        (workload("StatefulSet", replicas=0), 0),
        (workload("ReplicaSet", replicas=2), 2),
        (workload("ReplicationController", "rc", "v1", replicas=3), 3),
        (job(parallelism=5), 5),
        (job(), 1),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}, 1),
    ],
)
def test_what_has_replicas_says_how_many(manifest, replicas):
    found = workloads_of([manifest])[identify(manifest)]
    assert found.replicas == replicas
    assert (with_replicas(manifest, replicas + 1) is manifest) == (manifest["kind"] == "Pod")


@pytest.mark.parametrize(
    "manifest", [workload("DaemonSet"), workload("CronJob", api_version="batch/v1"), CONFIG, service()]
)
def test_what_has_no_replicas_is_no_workload(manifest):
    assert workloads_of([manifest]) == {}


def test_a_kind_of_the_same_name_in_another_group_is_no_workload():
    assert workloads_of([workload("Deployment", api_version="example.dev/v1", replicas=2)]) == {}


@pytest.mark.parametrize("replicas", [-1, "3", 1.5, True])
def test_replicas_that_are_no_count_are_refused(replicas):
    with pytest.raises(InputError, match=r"Deployment shop/web: spec.replicas is"):
        workloads_of([workload("Deployment", replicas=replicas)])


def test_a_workload_is_handed_to_the_scheduler_in_its_form():
    found = workloads_of([workload("Deployment", replicas=3)])[WEB]
    assert found.to_request("store") == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "uid": "shop/store/Deployment/web",
        "replicas": 3,
        "resourceRequest": {"cpu": "100m", "memory": "64Mi"},
        "nodeClaim": None,
    }


def test_what_the_pods_want_of_their_nodes_goes_with_the_workload():
    manifest = workload("Deployment")
    terms = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]}
    preferred = [{"weight": 1, "preference": {}}]
    manifest["spec"]["template"]["spec"] |= {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": terms,
                "preferredDuringSchedulingIgnoredDuringExecution": preferred,
            },
            "podAffinity": {},
        },
    }
    assert workloads_of([manifest])[WEB].to_request("store")["nodeClaim"] == {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"operator": "Exists"}],
        "hardNodeAffinity": terms,
    }


@pytest.mark.parametrize(
    "scaler",
    [
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"},
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject"},
    ],
)
def test_the_autoscaler_of_a_workload_is_noted(scaler):
    metadata = {"name": "h", "namespace": "shop"}
    scaler = {**scaler, "metadata": metadata, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}}
    found = workloads_of([scaler, workload("Deployment"), workload("Deployment", "other")])
    assert [item.autoscaler for item in found.values()] == [f"{scaler['kind']} shop/h", None]


def test_replicas_are_set_on_a_copy_and_the_same_object_comes_back_when_they_fit():
    manifest = workload("Deployment", replicas=4)
    before = copy.deepcopy(manifest)
    assert with_replicas(manifest, 2)["spec"]["replicas"] == 2
    assert manifest == before
    assert with_replicas(manifest, 4) is manifest
    assert with_replicas(job(parallelism=3, completions=9), 1, 3)["spec"]["completions"] == 3


@pytest.mark.parametrize(
    ("manifest", "labels"),
    [
        (workload("Deployment"), {"app": "web"}),
        (workload("DaemonSet", "agent"), {"app": "agent"}),
        (
            workload(
                "CronJob",
                api_version="batch/v1",
                jobTemplate={"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}},
            ),
            {"x": "y"},
        ),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"}}}, {"a": "b"}),
    ],
)
def test_a_pod_template_is_found_where_pods_are_made(manifest, labels):
    template = pod_template(manifest)
    assert template is not None
    assert template["metadata"]["labels"] == labels
    assert pod_template(CONFIG) is None


def test_completions_follow_the_parallelism():
    assert completions_of(job(parallelism=4, completions=10), {"a": 3, "b": 1}) == {"a": 7, "b": 3}


def test_completions_stay_whole_where_every_cluster_runs_the_whole_job():
    assert completions_of(job(parallelism=4, completions=10), {"a": 4, "b": 4}) is None
    assert completions_of(job(parallelism=4), {"a": 3, "b": 1}) is None


@settings(deadline=None)
@given(
    completions=st.integers(0, 10_000),
    parallelism=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 50), min_size=1),
)
def test_divided_completions_sum_up_to_the_whole(completions, parallelism):
    total = sum(parallelism.values())
    divided = completions_of(job(parallelism=total, completions=completions), parallelism)
    if divided is not None:
        assert sum(divided.values()) == completions
        assert set(divided) == {cluster for cluster, count in parallelism.items() if count}


def test_each_cluster_gets_its_replicas_and_everything_else():
    result = render([CONFIG, workload("Deployment", replicas=4)], {WEB: {"a": 3, "b": 1, "c": 0}}, ["c", "b", "a"])
    counts = {
        cluster: {manifest["kind"]: (manifest.get("spec") or {}).get("replicas") for manifest in manifests}
        for cluster, manifests in result.clusters.items()
    }
    assert counts == {
        "a": {"ConfigMap": None, "Deployment": 3},
        "b": {"ConfigMap": None, "Deployment": 1},
        "c": {"ConfigMap": None},
    }
    assert result.replicas == {WEB: {"a": 3, "b": 1}}


def test_clusters_share_what_is_the_same_for_them():
    marks = Marks("o", "p")
    result = render([CONFIG, workload("Deployment", replicas=2)], {WEB: {"a": 1, "b": 1}}, ["a", "b"], marks)
    for first, second in zip(result.clusters["a"], result.clusters["b"], strict=True):
        assert first is second


def test_marks_are_on_every_object_and_not_on_what_was_given():
    given_objects = [CONFIG, workload("Deployment", replicas=2)]
    before = copy.deepcopy(given_objects)
    result = render(given_objects, {WEB: {"a": 1, "b": 1}}, ["a", "b"], Marks("o", "p"))
    for manifest in result.clusters["a"]:
        assert manifest["metadata"]["annotations"]["fleet.navarch.dev/owner"] == "o"
        assert manifest["metadata"]["labels"]["applyset.kubernetes.io/part-of"] == "p"
    assert given_objects == before


@pytest.mark.parametrize(("decision", "clusters"), [({}, {"a", "b"}), ({"a": 0}, {"a"}), (None, {"a", "b"})])
def test_scaling_to_zero_keeps_the_object(decision, clusters):
    decisions = {} if decision is None else {WEB: decision}
    result = render([workload("Deployment", replicas=0)], decisions, ["a", "b"])
    assert {cluster for cluster, manifests in result.clusters.items() if manifests} == clusters
    assert result.replicas[WEB] == dict.fromkeys(clusters, 0)


@pytest.mark.parametrize("decisions", [{}, {WEB: {}}, {WEB: {"a": 0}}])
def test_an_empty_decision_is_an_error_and_not_a_removal(decisions):
    with pytest.raises(InputError, match="Deployment shop/web: no cluster was decided for it"):
        render([workload("Deployment", replicas=2)], decisions, ["a"])


def test_a_decision_for_a_cluster_that_is_not_chosen_is_an_error():
    with pytest.raises(InputError, match="decided for b"):
        render([workload("Deployment", replicas=2)], {WEB: {"b": 2}}, ["a"])


def test_a_job_is_divided_with_its_completions():
    batch = identify(job())
    result = render([job(parallelism=4, completions=8)], {batch: {"a": 3, "b": 1}}, ["a", "b"])
    specs = {cluster: manifests[0]["spec"] for cluster, manifests in result.clusters.items()}
    assert {name: (spec["parallelism"], spec["completions"]) for name, spec in specs.items()} == {
        "a": (3, 6),
        "b": (1, 2),
    }


def test_a_service_without_local_pods_is_reported_with_its_clusters():
    everywhere = service()
    everywhere["metadata"]["annotations"] = {EVERYWHERE: "true"}
    result = render([everywhere, workload("Deployment")], {WEB: {"b": 1}}, ["a", "b", "c"])
    assert result.without_endpoints == (MissingEndpoints(identify(service()), ("a", "c")),)


@pytest.mark.parametrize(
    "served",
    [
        service("elsewhere"),
        service(type="ExternalName"),
        service(selector=None),
        service(selector={}),
    ],
)
def test_a_service_whose_pods_are_not_ours_is_not_reported(served):
    assert render([served, workload("Deployment")], {WEB: {"b": 1}}, ["a", "b"]).without_endpoints == ()


def test_a_service_is_not_reported_where_any_of_its_makers_runs():
    daemon = workload("DaemonSet", "agent")
    daemon["spec"]["template"]["metadata"]["labels"]["app"] = "web"
    result = render([service(), workload("Deployment"), daemon], {WEB: {"b": 1}}, ["a", "b"])
    assert result.without_endpoints == ()


def test_a_service_must_match_with_all_its_labels_in_its_own_namespace():
    other = service(selector={"app": "web", "tier": "front"})
    assert render([other, workload("Deployment")], {WEB: {"b": 1}}, ["a", "b"]).without_endpoints == ()


@settings(deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from([f"c{n}" for n in range(8)]), st.integers(0, 9), min_size=1),
    extra=st.sets(st.sampled_from([f"x{n}" for n in range(4)])),
)
def test_rendered_replicas_are_those_decided(counts, extra):
    total = sum(counts.values())
    clusters = [*counts, *extra]
    if total == 0:
        return
    result = render([CONFIG, workload("Deployment", replicas=total)], {WEB: counts}, clusters)
    assert set(result.clusters) == set(clusters)
    rendered = [
        item["spec"]["replicas"] for items in result.clusters.values() for item in items if item["kind"] == "Deployment"
    ]
    assert sum(rendered) == total
    assert all(replicas_of(item) > 0 for items in result.clusters.values() for item in items)


def test_what_pods_ask_for_may_differ_from_cluster_to_cluster():
    manifest = workload("Deployment")
    requests = manifest["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    requests["cpu"] = "[[ values.cpu ]]"
    assert workloads_of([manifest])[WEB].request == {"memory": "64Mi"}


def test_what_is_no_quantity_is_refused_with_its_object():
    manifest = workload("Deployment")
    manifest["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "much"
    with pytest.raises(InputError, match="much") as caught:
        workloads_of([manifest])
    assert caught.value.object == "Deployment shop/web"
