# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which applications a rebalance must not touch, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.rebalance import (
    Done,
    Outcome,
    Request,
    is_asked,
    note_of,
    refuse_during_failover,
    refuse_unknown,
    why_held,
)
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.rebalance_report import rebalance_report
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import ApplicationRecord
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.result import Result
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.revision import Revision
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.standing import Standing
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError, InputError, LeaseHeldError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member, Taint
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.rebalance import (
    Candidate,
    Limits,
    Plan,
    Stay,
    Step,
    plan,
)
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import (
    Target,
    Workload,
    parse_clusters,
)

READY = {
    "conditions": [{"type": "Ready", "status": "True"}],
    "observedAt": "2026-01-01T00:00:00Z",
}
UNREADY = {
    "conditions": [{"type": "Ready", "status": "False"}],
    "observedAt": "2026-01-01T00:00:00Z",
}
DYNAMIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}
WEB = Identity.parse("apps/Deployment/shop/web")


def standing(status: dict[str, Any] | None = None, note: str = "") -> Standing:
    spec = Spec("default", "shop", "shop", DYNAMIC)
    record = ApplicationRecord(spec, {"phase": "Deployed", "revision": 3, **(status or {})}, "uid", "7")
    replicas = {WEB: {"a": 2, "b": 2}}
    return Standing(record, Revision(3, "shop", (), DYNAMIC, replicas, ("a", "b"), {}, note=note))


def members(**more: Member) -> dict[str, Member]:
    return {name: Member(name, status=READY) for name in "abc"} | more


def step() -> Step:
    workload = Workload("apps/v1", "Deployment", "shop", "web", "u", 4, {"cpu": "1"})
    application = Application((), DYNAMIC, (workload,), {workload.key: (Target("a", 4),)})
    capacity = {"allocatable": {"cpu": 9, "pods": 9}}
    full = {**capacity, "allocated": {"cpu": 4, "pods": 4}}
    clusters = parse_clusters([{"name": "a", "resourceSummary": full}, {"name": "c", "resourceSummary": capacity}])
    return plan({"default/shop": Candidate(application)}, clusters, Limits(replicas=1, percent=None)).steps[0]


def test_a_healthy_application_in_ready_clusters_may_move() -> None:
    assert why_held(standing(), members()) == ""


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"rollout": {"phase": "Paused"}}, "a rollout of it is not over"),
        ({"stale": {"c": "its copies are to be removed"}}, "copies of it are still to be removed from c"),
        ({"phase": "Failed"}, "revision 3 of it is failed: finish it first"),
    ],
)
def test_an_application_with_unfinished_work_is_held(status: dict[str, Any], reason: str) -> None:
    assert why_held(standing(status), members()).startswith(reason)


def test_an_application_in_a_cluster_that_cant_take_part_is_held() -> None:
    reason = "it stands in b, which can't take part now"
    assert why_held(standing(), members(b=Member("b", status=UNREADY))).startswith(reason)
    tainted = Member("b", status=READY, taints=(Taint("fleet.navarch.dev/unreachable", "NoExecute"),))
    assert why_held(standing(), members(b=tainted)).startswith(reason)
    assert why_held(standing(), {"a": Member("a", status=READY)}).startswith(reason)


def test_an_application_whose_share_a_failover_moved_is_held_until_it_is_back() -> None:
    failed_over = standing({"failover": {"departures": {"c": {"at": "", "phase": "finished"}}}})
    assert why_held(failed_over, members(c=Member("c", status=UNREADY))).startswith("it left c in a failover")
    assert why_held(failed_over, members()) == ""


def test_what_an_earlier_rebalance_began_is_not_held_but_finished() -> None:
    assert why_held(standing({"phase": "Failed"}, note="rebalance: 1 of web from a to c"), members()) == ""


def test_applications_are_named_with_or_without_their_tenant() -> None:
    limits = Limits()
    assert is_asked(standing(), Request(limits, "here"))
    assert is_asked(standing(), Request(limits, "here", frozenset({"default/shop"})))
    assert not is_asked(standing(), Request(limits, "here", frozenset({"blog"})))
    assert not is_asked(standing(), Request(limits, "here", exclude=frozenset({"shop"})))
    with pytest.raises(InputError, match=r"exclude names shp, and there is no such application.*Did you mean shop"):
        refuse_unknown([standing().record], Request(limits, "here", exclude=frozenset({"shp"})))


def hub_with(leases: Iterator[dict[str, Any]]) -> Any:
    session = SimpleNamespace(cluster="hub", get=lambda _resource, _name, _namespace: next(leases))
    return SimpleNamespace(session=session, namespace="navarch-system")


def lease(version: str, holder: str | None = "play") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": version}, "spec": {"holderIdentity": holder}}


def test_nothing_is_done_while_a_failover_renews_its_lease() -> None:
    with pytest.raises(LeaseHeldError, match="a failover is going on"):
        refuse_during_failover(hub_with(iter([lease("1"), lease("2")])), sleep=0)
    refuse_during_failover(hub_with(iter([lease("1", None)])), sleep=0)
    refuse_during_failover(hub_with(iter([lease("1"), lease("2", None)])), sleep=0)


def test_the_revision_says_what_was_moved_and_why() -> None:
    assert note_of(step()) == "rebalance: 1 of Deployment/shop/web from a to c; 50 points off before, 25 after"


def test_the_answer_names_moves_and_the_reasons_of_those_that_stay() -> None:
    planned = Plan((step(),), (Stay("default/blog", "its placement says rebalance: never"),))
    done = {"default/shop": Done("default/shop", Result(True, revision=4, replicas={WEB: {"a": 3, "c": 1}}))}
    found = rebalance_report(Outcome(planned, {}, done), check=False)
    assert found["changed"]
    assert not found["balanced"]
    assert found["remaining"] == 1
    assert found["moves"] == [
        {"application": "default/shop", "workload": "Deployment/shop/web", "from": "a", "to": "c", "replicas": 1}
    ]
    assert found["applications"]["default/blog"]["action"] == "held"
    assert found["applications"]["default/shop"]["revision"] == 4
    assert found["clusters"] == {
        "a": {"leaving": 1, "coming": 0, "errors": []}, "c": {"leaving": 0, "coming": 1, "errors": []}
    }  # fmt: skip
    assert found["table"][2].split()[:6] == ["shop", "moved", "Deployment/shop/web", "a", "->", "c:"]
    assert (
        rebalance_report(Outcome(planned, {}, done), check=True)["applications"]["default/shop"]["action"]
        == "would move"
    )


def test_one_failed_application_hides_nobody() -> None:
    planned = Plan((step(),), ())
    failed = {"default/shop": Done("default/shop", None, FleetError("not healthy in time", cluster="c"))}
    found = rebalance_report(Outcome(planned, {}, failed), check=False)
    assert found["failed"]
    assert found["msg"].startswith("1 of 1 applications failed: cluster c: not healthy in time")
    assert found["applications"]["default/shop"]["action"] == "failed"
    assert found["applications"]["default/shop"]["left"] == found["applications"]["default/shop"]["gain"]


def test_a_fleet_that_stands_well_is_balanced() -> None:
    found = rebalance_report(Outcome(Plan((), (Stay("default/shop", "fine", balanced=True),)), {}, {}), check=False)
    assert found["balanced"]
    assert not found["changed"]
