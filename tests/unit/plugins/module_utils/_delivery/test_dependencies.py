# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows the workloads, and what goes everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.dependencies import EVERYWHERE
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.render import Rendering, render
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.workloads import has_replicas

RBAC = "rbac.authorization.k8s.io/v1"


def thing(api_version: str, kind: str, name: str, **fields: Any) -> dict:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def deployment(name: str, **pod: Any) -> dict:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c"}], **pod}}
    return thing("apps/v1", "Deployment", name, spec={"replicas": 1, "template": template})


def secret(name: str) -> dict:
    return thing("v1", "Secret", name)


def config(name: str) -> dict:
    return thing("v1", "ConfigMap", name)


def rendered(*objects: dict) -> Rendering:
    """`web` goes to cluster a, `db` to cluster b."""
    homes = {"web": "a", "db": "b"}
    decisions = {identify(item): {homes[item["metadata"]["name"]]: 1} for item in objects if has_replicas(item)}
    return render(objects, decisions, ["a", "b"])


def homes(rendering: Rendering, kind: str, name: str) -> str:
    return "".join(
        cluster
        for cluster, items in rendering.clusters.items()
        if any((item["kind"], item["metadata"]["name"]) == (kind, name) for item in items)
    )


POD_REFERENCES = [
    ("ConfigMap", {"volumes": [{"name": "v", "configMap": {"name": "x"}}]}),
    ("Secret", {"volumes": [{"name": "v", "secret": {"secretName": "x"}}]}),
    ("ConfigMap", {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "x"}}]}}]}),
    ("Secret", {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "x"}}]}}]}),
    ("Secret", {"volumes": [{"name": "v", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "x"}}}]}),
    ("PersistentVolumeClaim", {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "x"}}]}),
    ("ConfigMap", {"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "x"}}]}]}),
    ("Secret", {"initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "x"}}]}]}),
    (
        "Secret",
        {
            "containers": [
                {"name": "c", "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "x", "key": "k"}}}]}
            ]
        },
    ),
    ("Secret", {"imagePullSecrets": [{"name": "x"}]}),
    ("ServiceAccount", {"serviceAccountName": "x"}),
]


@pytest.mark.parametrize(("kind", "pod"), POD_REFERENCES)
def test_what_pods_refer_to_goes_where_they_go(kind, pod):
    result = rendered(deployment("web", **pod), deployment("db"), thing("v1", kind, "x"), thing("v1", kind, "other"))
    assert homes(result, kind, "x") == "a"
    assert homes(result, kind, "other") == "ab"


SERVING = [
    thing("v1", "Service", "x", spec={"selector": {"app": "web"}}),
    thing("autoscaling/v2", "HorizontalPodAutoscaler", "x", spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}),
    thing("keda.sh/v1alpha1", "ScaledObject", "x", spec={"scaleTargetRef": {"name": "web"}}),
    thing("policy/v1", "PodDisruptionBudget", "x", spec={"selector": {"matchLabels": {"app": "web"}}}),
    thing("networking.k8s.io/v1", "NetworkPolicy", "x", spec={"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}}),
    thing("monitoring.coreos.com/v1", "PodMonitor", "x", spec={"selector": {"matchLabels": {"app": "web"}}}),
]  # fmt: skip


@pytest.mark.parametrize("follower", SERVING, ids=lambda item: item["kind"])
def test_what_is_there_for_pods_goes_where_they_go(follower):
    result = rendered(deployment("web"), deployment("db"), follower)
    assert homes(result, follower["kind"], "x") == "a"
    assert result.left_out == {"b": (identify(follower),)}


def test_rights_follow_the_service_account_of_the_pods():
    role = thing(RBAC, "Role", "r")
    binding = thing(
        RBAC, "RoleBinding", "b",
        roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "ServiceAccount", "name": "x"}],
    )  # fmt: skip
    account = thing("v1", "ServiceAccount", "x", imagePullSecrets=[{"name": "pull"}])
    objects = (deployment("web", serviceAccountName="x"), deployment("db"), account, role, binding, secret("pull"))
    result = rendered(*objects)
    for kind, name in (("ServiceAccount", "x"), ("RoleBinding", "b"), ("Role", "r"), ("Secret", "pull")):
        assert homes(result, kind, name) == "a", kind


def test_an_ingress_follows_its_services_and_takes_its_certificate_along():
    backend = {"service": {"name": "front", "port": {"number": 80}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    ingress = thing("networking.k8s.io/v1", "Ingress", "i", spec={"rules": rules, "tls": [{"secretName": "cert"}]})
    front = thing("v1", "Service", "front", spec={"selector": {"app": "web"}})
    result = rendered(deployment("web"), deployment("db"), front, ingress, secret("cert"))
    assert homes(result, "Ingress", "i") == homes(result, "Secret", "cert") == "a"


def test_what_two_workloads_share_goes_to_both():
    volumes = [{"name": "v", "configMap": {"name": "x"}}]
    result = rendered(deployment("web", volumes=volumes), deployment("db", volumes=volumes), config("x"))
    assert homes(result, "ConfigMap", "x") == "ab"


def test_what_a_daemon_refers_to_goes_everywhere():
    pod = {"metadata": {"labels": {"app": "agent"}}, "spec": {"serviceAccountName": "x", "containers": []}}
    daemon = thing("apps/v1", "DaemonSet", "agent", spec={"template": pod})
    result = rendered(
        deployment("web", serviceAccountName="x"), deployment("db"), daemon, thing("v1", "ServiceAccount", "x")
    )
    assert homes(result, "ServiceAccount", "x") == "ab"


@pytest.mark.parametrize(
    "selecting",
    [
        thing("networking.k8s.io/v1", "NetworkPolicy", "x", spec={"podSelector": {}}),
        thing("v1", "Service", "x", spec={"selector": {"app": "of-somebody-else"}}),
        thing("v1", "Service", "x", spec={}),
        thing("policy/v1", "PodDisruptionBudget", "x", spec={"selector": {}}),
    ],
)
def test_a_selector_that_means_all_or_none_of_ours_goes_everywhere(selecting):
    assert homes(rendered(deployment("web"), deployment("db"), selecting), selecting["kind"], "x") == "ab"


def test_an_annotation_sends_an_object_everywhere():
    service = thing("v1", "Service", "x", spec={"selector": {"app": "web"}})
    service["metadata"]["annotations"] = {EVERYWHERE: "true"}
    assert homes(rendered(deployment("web"), deployment("db"), service), "Service", "x") == "ab"


def test_a_custom_resource_takes_along_what_it_names():
    issuer = thing("example.io/v1", "Issuer", "i", spec={"acme": {"keyRef": {"secretName": "x"}}})
    web = deployment("web", volumes=[{"name": "v", "secret": {"secretName": "x"}}])
    assert homes(rendered(web, deployment("db"), issuer, secret("x")), "Secret", "x") == "ab"


def test_a_name_in_another_namespace_is_another_object():
    other = secret("x")
    other["metadata"]["namespace"] = "elsewhere"
    result = rendered(deployment("web", imagePullSecrets=[{"name": "x"}]), deployment("db"), other)
    assert homes(result, "Secret", "x") == "ab"


def test_what_is_needed_and_not_sent_along_is_said():
    volumes = [
        {"name": "a", "secret": {"secretName": "gone"}},
        {"name": "b", "configMap": {"name": "maybe", "optional": True}},
        {"name": "c", "configMap": {"name": "kube-root-ca.crt"}},
    ]
    web = deployment("web", volumes=volumes, serviceAccountName="default")
    [missing] = rendered(web, deployment("db")).missing
    assert (missing.cluster, missing.target) == ("a", Identity("", "Secret", "shop", "gone"))
    assert missing.needed_by == identify(web)
