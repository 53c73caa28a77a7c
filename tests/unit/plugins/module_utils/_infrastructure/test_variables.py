# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that nobody reads, labels that stop a kubelet, documents that kubeadm does not know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import variables

KNOWN = {"cluster_pod_cidrs", "cluster_service_cidrs", "cluster_kubernetes_version", "host_swap"}
PREFIXES = ("cluster_", "host_")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cluster_pod_cidr", "cluster_pod_cidrs"),
        ("cluster_podcidrs", "cluster_pod_cidrs"),
        ("cluster_kubernetes_versoin", "cluster_kubernetes_version"),
        ("host_swapp", "host_swap"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_is_meant(name: str, meant: str) -> None:
    said = variables.unread([name, "ansible_host"], KNOWN, PREFIXES)
    assert said.findings == (f"nobody reads {name}; {meant} is meant, it seems.",)


def test_a_variable_of_the_users_own_is_no_finding() -> None:
    said = variables.unread(["cluster_owner_team", "host_bay", "own_thing"], KNOWN, PREFIXES)
    assert said.findings == ()
    assert len(said.warnings) == 1
    assert "cluster_owner_team" in said.warnings[0]


@settings(deadline=None, database=None, max_examples=60)
@given(some.sampled_from(sorted(KNOWN)), some.integers(0, 30))
def test_a_name_with_one_letter_too_few_is_recognised(name: str, place: int) -> None:
    cut = place % (len(name) - 8) + 8
    wrong = name[:cut] + name[cut + 1 :]
    if wrong not in KNOWN:
        assert variables.nearest(wrong, KNOWN) == name


def test_known_variables_are_not_told() -> None:
    assert variables.unread(KNOWN, KNOWN, PREFIXES) == variables.Said()


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"node-role.kubernetes.io/storage": ""}, "kubelet would not start"),
        ({"example.k8s.io/a": "b"}, "kubelet would not start"),
        ({"a b": "c"}, "can't be the name of a label"),
        ({"tier": "front end"}, "can't be the value"),
        ({"tier": "a" * 64}, "can't be the value"),
        (["tier"], "it is a dictionary"),
    ],
)
def test_labels_that_can_not_be_are_told(labels: Any, text: str) -> None:
    assert any(text in each for each in variables.labels(labels)), list(variables.labels(labels))


def test_labels_that_a_node_may_give_to_itself_are_not() -> None:
    own = {"topology.kubernetes.io/zone": "a", "node.kubernetes.io/kind": "big", "example.org/rack": "r1", "plain": ""}
    assert list(variables.labels(own)) == []


def test_taints_have_a_key_and_an_effect() -> None:
    assert list(variables.taints([{"key": "a", "effect": "NoSchedule"}])) == []
    assert "it is one of NoSchedule" in next(variables.taints([{"key": "a", "effect": "noschedule"}]))
    assert "a taint is" in next(variables.taints(["a=b:NoSchedule"]))


def test_documents_of_kubeadm_are_known_and_as_of_v1beta4() -> None:
    assert list(variables.kubeadm({"KubeletConfiguration": {"maxPods": 50}})) == []
    assert "KubeletConfiguration is meant" in next(variables.kubeadm({"KubletConfiguration": {}}))
    old = {"ClusterConfiguration": {"apiServer": {"extraArgs": {"profiling": "false"}}}}
    assert "no list of {name, value}" in next(variables.kubeadm(old))
    assert "it is a dictionary" in next(variables.kubeadm("x"))


def test_measures_are_known_and_true_or_false() -> None:
    known = {"audit_log", "encryption"}
    assert list(variables.measures({"audit_log": False}, known)) == []
    assert "audit_log is meant" in next(variables.measures({"auditlog": False}, known))
    assert "there are audit_log, encryption" in next(variables.measures({"firewall": True}, known))
    assert "it is true or false" in next(variables.measures({"audit_log": "no"}, known))
