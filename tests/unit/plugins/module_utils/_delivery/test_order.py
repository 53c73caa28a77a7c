# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.order import (
    in_order,
    order_key,
    stage_name,
    stage_of,
)

KINDS = [
    ("v1", "Namespace"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("v1", "ServiceAccount"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("v1", "PersistentVolumeClaim"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "Job"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("networking.k8s.io/v1", "Ingress"),
    ("example.dev/v1", "Widget"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("apiregistration.k8s.io/v1", "APIService"),
]


def of(api_version: str, kind: str, name: str = "x") -> dict:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}}


ALL = [of(*kind) for kind in KINDS]


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (("", "Namespace"), "definitions"),
        (("apiextensions.k8s.io", "CustomResourceDefinition"), "definitions"),
        (("", "Secret"), "configuration"),
        (("", "ServiceAccount"), "foundations"),
        (("rbac.authorization.k8s.io", "Role"), "foundations"),
        (("rbac.authorization.k8s.io", "RoleBinding"), "configuration"),
        (("scheduling.k8s.io", "PriorityClass"), "foundations"),
        (("", "Service"), "services"),
        (("apps", "StatefulSet"), "workloads"),
        (("policy", "PodDisruptionBudget"), "workloads"),
        (("certificates.k8s.io", "ClusterTrustBundle"), "workloads"),
        (("serving.knative.dev", "Service"), "custom"),
        (("gateway.networking.k8s.io", "Gateway"), "custom"),
        (("admissionregistration.k8s.io", "MutatingWebhookConfiguration"), "hooks"),
        (("apiregistration.k8s.io", "APIService"), "hooks"),
    ],
)
def test_a_kind_has_its_stage(kind, stage):
    assert stage_name(Identity(*kind, "", "x")) == stage


def test_stages_come_in_order():
    found = dict.fromkeys(stage_name(identify(manifest)) for manifest in in_order(reversed(ALL)))
    assert list(found) == ["definitions", "foundations", "configuration", "services", "workloads", "custom", "hooks"]


def test_what_others_refer_to_comes_first_within_a_stage():
    kinds = [manifest["kind"] for manifest in in_order(reversed(ALL))]
    for earlier, later in [
        ("Namespace", "CustomResourceDefinition"),
        ("StorageClass", "PersistentVolumeClaim"),
        ("ServiceAccount", "Secret"),
        ("ServiceAccount", "ClusterRoleBinding"),
        ("ClusterRole", "ClusterRoleBinding"),
        ("Deployment", "HorizontalPodAutoscaler"),
    ]:
        assert kinds.index(earlier) < kinds.index(later)


manifests = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from("abc")).map(lambda item: of(*item[0], item[1])),
    unique_by=identify,
)


@settings(deadline=None)
@given(manifests, st.randoms())
def test_the_order_is_the_same_however_objects_come_in(objects, random):
    shuffled = list(objects)
    random.shuffle(shuffled)
    assert in_order(shuffled) == in_order(objects)
    keys = [order_key(identify(manifest)) for manifest in in_order(objects)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@settings(deadline=None)
@given(manifests)
def test_a_later_stage_never_comes_before_an_earlier_one(objects):
    numbers = [stage_of(identify(manifest)) for manifest in in_order(objects)]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(objects)
