# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds are divided as replicas are, and replicas are left to whoever scales."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Owner
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.autoscale import (
    Scaled,
    is_handed_over,
    shares_of,
    with_bounds,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity

WEB = Identity("apps", "Deployment", "shop", "web")
OWNER = Owner("hub-1", "default", "shop")


def hpa(least: int | None, most: int, name: str = "web") -> dict:
    bounds = {"maxReplicas": most, **({} if least is None else {"minReplicas": least})}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": reference, **bounds},
    }


@pytest.mark.parametrize(
    ("least", "most", "counts", "expected"),
    [
        (3, 30, {"a": 4, "b": 2}, {"a": (2, 20), "b": (1, 10)}),
        (2, 10, {"a": 3, "b": 2}, {"a": (1, 6), "b": (1, 4)}),
        (None, 10, {"a": 4, "b": 1}, {"a": (None, 8), "b": (None, 2)}),
        # The least that an autoscaler takes is one, so three clusters have at least three.
        (1, 2, {"a": 2, "b": 2, "c": 2}, {"a": (1, 1), "b": (1, 1), "c": (1, 1)}),
        (6, 6, {"a": 5, "b": 1}, {"a": (5, 5), "b": (1, 1)}),
    ],
)
def test_bounds_are_divided_in_proportion(least: int | None, most: int, counts: dict, expected: dict) -> None:
    found = shares_of(hpa(least, most), {WEB: counts}, {WEB: sum(counts.values())})
    assert {name: (entry.least, entry.most) for name, entry in found.items()} == expected


@pytest.mark.parametrize("counts", [{"a": 4, "b": 4}, {"a": 4}, {}])
def test_bounds_stay_whole_where_every_cluster_has_all_replicas(counts: dict) -> None:
    assert shares_of(hpa(2, 8), {WEB: counts}, {WEB: 4}) == {}


def test_an_autoscaler_of_something_else_stays_as_it_is() -> None:
    assert shares_of(hpa(2, 8, name="other"), {WEB: {"a": 1, "b": 1}}, {WEB: 2}) == {}
    assert with_bounds(hpa(2, 8), None) == hpa(2, 8)


def test_what_scales_to_nothing_may_go_on_doing_so() -> None:
    scaled = {**hpa(1, 1), "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject"}
    scaled["spec"] = {"scaleTargetRef": {"name": "web"}, "minReplicaCount": 0, "maxReplicaCount": 9}
    found = shares_of(scaled, {WEB: {"a": 2, "b": 1}}, {WEB: 3})
    assert {name: (entry.least, entry.most) for name, entry in found.items()} == {"a": (0, 6), "b": (0, 3)}
    assert with_bounds(scaled, found["a"])["spec"]["maxReplicaCount"] == 6


def workload(replicas: int, manager: str = "navarch", subresource: str | None = None) -> dict:
    entry = {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    entry = {**entry, "subresource": subresource} if subresource else entry
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "managedFields": [entry]},
        "spec": {"replicas": replicas},
    }


class Member:
    """A member with these autoscalers, which counts how often it is asked."""

    def __init__(self, *autoscalers: dict) -> None:
        self.autoscalers = list(autoscalers)
        self.asked = 0

    def list(self, _resource: Any, _namespace: str) -> list[dict]:
        self.asked += 1
        return self.autoscalers


def scaled(member: Any, *wanted: dict) -> Scaled:
    return Scaled(member, wanted, OWNER)


def test_an_autoscaler_of_the_application_scales_from_the_start_and_nobody_is_asked() -> None:
    member = Member()
    assert scaled(member, hpa(1, 9))(workload(3), None)
    assert member.asked == 0


def test_an_autoscaler_in_the_member_is_looked_for_only_when_replicas_differ() -> None:
    member = Member(hpa(1, 9))
    asks = scaled(member)
    assert not asks(workload(3), workload(3))
    assert member.asked == 0
    assert asks(workload(3), workload(5))
    assert asks(workload(3), workload(6))
    assert member.asked == 1


def test_an_autoscaler_of_ours_that_goes_scales_no_more() -> None:
    going = hpa(1, 9)
    going["metadata"] = {**going["metadata"], "annotations": {"fleet.navarch.dev/owner": OWNER.text}}
    live = workload(5, "kube-controller-manager", "scale")
    asks = scaled(Member(going))
    assert not asks(workload(3), live)
    assert asks.transition(workload(3), live) == "nobody scales it any more"


def test_replicas_change_hands_once() -> None:
    asks = scaled(Member(), hpa(1, 9))
    assert asks.transition(workload(3), workload(3)) is not None
    assert asks.transition(workload(3), workload(3, "navarch-handover")) is None


@pytest.mark.parametrize(
    ("manager", "handed"), [("navarch", False), ("navarch-handover", True), ("kube-controller-manager", True)]
)
def test_whose_the_replicas_are_is_read_off_the_object(manager: str, handed: bool) -> None:
    assert is_handed_over(workload(3, manager)) is handed
