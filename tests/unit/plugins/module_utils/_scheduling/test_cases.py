# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions as data: every case of cases/*.yml is one test; adding one needs no Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.decision import Decision
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Request
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schedule import schedule

FOLDER = Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    loaded = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return [pytest.param(name, case, id=case["name"]) for case in loaded]


def request_of(compatibility: str, case: dict[str, Any]) -> Request:
    clusters = [
        {"name": name, **(facts if isinstance(facts, dict) else {"available": facts})}
        for name, facts in case["clusters"].items()
    ]
    return Request.from_dict(
        {
            "clusters": clusters,
            "workload": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "namespace": "shop",
                "name": "web",
                "uid": case.get("uid", ""),
                "replicas": case["replicas"],
                "resourceRequest": case.get("request"),
            },
            "placement": case.get("placement"),
            "current": [{"name": name, "replicas": replicas} for name, replicas in case.get("current", {}).items()],
            "evicting": case.get("evicting"),
            "observedAffinity": case.get("observed"),
            "trigger": case.get("trigger"),
            "estimator": case.get("estimator", "available"),
            "compatibility": compatibility,
        }
    )


@pytest.mark.parametrize(("compatibility", "case"), [*cases("karmada"), *cases("navarch")])
def test_decision(compatibility: str, case: dict[str, Any]) -> None:
    request = request_of(compatibility, case)
    decision, expected = schedule(request), case["expect"]
    shown = decision.to_dict()
    if "targets" in expected:
        assert {target["name"]: target["replicas"] for target in shown["targets"]} == expected["targets"], shown
    assert (shown["error"] or {}).get("kind") == expected.get("error"), shown["error"]
    if "persisted" in expected:
        assert {target["name"]: target["replicas"] for target in shown["persisted"]} == expected["persisted"]
    if "observed" in expected:
        assert decision.observed_affinity == expected["observed"]
    if "message" in expected:
        assert expected["message"] in shown["error"]["message"]
    taken = [cluster for cluster in request.clusters if cluster.name in decision.replicas]
    assert len(taken) == expected.get("taken", len(taken))
    assert len({cluster.region for cluster in taken}) >= expected.get("regions", 0)
    assert len({cluster.provider for cluster in taken}) >= expected.get("providers", 0)


@pytest.mark.parametrize(("compatibility", "case"), [*cases("karmada"), *cases("navarch")])
def test_every_cluster_has_a_verdict_that_agrees_with_the_targets(compatibility: str, case: dict[str, Any]) -> None:
    request = request_of(compatibility, case)
    decision = schedule(request)
    assert set(decision.clusters) == {cluster.name for cluster in request.clusters}
    for name, verdict in decision.clusters.items():
        assert verdict.taken == (name in decision.replicas)
        assert verdict.reason
        assert bool(verdict.change) != verdict.taken


@pytest.mark.parametrize(("compatibility", "case"), [*cases("karmada"), *cases("navarch")])
def test_requests_and_decisions_survive_the_way_through_a_dictionary(compatibility: str, case: dict[str, Any]) -> None:
    request = request_of(compatibility, case)
    assert Request.from_dict(request.to_dict()) == request
    decision = schedule(request)
    assert Decision.from_dict(decision.to_dict()).to_dict() == decision.to_dict()
