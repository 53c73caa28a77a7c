# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for health: what is told early, what is given up, and what is waited for to the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery import verify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.patience import SECONDS, Patience
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.verify import (
    ClusterHealth,
    Expectation,
    wait_until_healthy,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.discovery import Resource
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import NotFoundError
from ansible_collections.navarch.fleet.plugins.module_utils._kube.health import Health, State

WEB = Identity("apps", "Deployment", "shop", "web")
API = Identity("apps", "Deployment", "shop", "api")
DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments", True, frozenset())
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"namespace": "shop", "name": "web", "generation": 1},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {}}},
    "status": {"observedGeneration": 1, "updatedReplicas": 1, "replicas": 1},
}


def bad(reason: str) -> Health:
    return Health(State.UNHEALTHY, reason)


def test_what_fails_for_long_is_given_up() -> None:
    patience = Patience()
    patience.saw({WEB: bad("ImagePullBackOff")}, 0)
    assert not patience.is_over(SECONDS["image"] - 1)
    assert patience.is_over(SECONDS["image"])


def test_reasons_that_take_turns_are_one() -> None:
    patience = Patience()
    patience.saw({WEB: bad("ErrImagePull")}, 0)
    patience.saw({WEB: bad("ImagePullBackOff")}, 15)
    assert patience.is_over(20)


def test_what_was_well_in_between_begins_anew() -> None:
    patience = Patience()
    patience.saw({WEB: bad("ImagePullBackOff")}, 0)
    patience.saw({API: bad("FailedCreate")}, 10)
    patience.saw({WEB: bad("ImagePullBackOff")}, 15)
    assert not patience.is_over(21)


@pytest.mark.parametrize("reason", ["Unschedulable", "Updating", "ProgressDeadlineExceeded"])
def test_what_may_come_is_waited_for(reason: str) -> None:
    patience = Patience()
    patience.saw({WEB: bad(reason)}, 0)
    assert not patience.is_over(10_000)


class Member:
    """A session that shows a Deployment whose pod has one status, and its log."""

    def __init__(self, status: Mapping[str, Any], log: str | None = None) -> None:
        self.status, self.log, self.asked = status, log, []

    def list(self, resource: Resource, namespace: str | None = None, **selectors: str) -> list[dict[str, Any]]:
        if resource.kind == "Pod":
            return [{"metadata": {"namespace": "shop", "name": "web-1"}, "status": self.status}]
        return [DEPLOYMENT]

    def text(self, path: str, *, timeout: float | None = None) -> str:
        self.asked.append(path)
        if self.log is None:
            raise NotFoundError("no log", code=404)
        return self.log


def waiting(reason: str) -> dict[str, Any]:
    return {
        "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": reason, "message": f"says {reason}"}}}]
    }


def waited(
    member: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[ClusterHealth, list[Mapping[str, ClusterHealth]], float]:
    """Wait for an hour on a clock that only sleeping moves: the answer, what was told, and when it ended."""
    clock = [0.0]
    monkeypatch.setattr(verify.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(verify.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    told: list[Mapping[str, ClusterHealth]] = []
    expectation = Expectation(member, "set", {WEB: DEPLOYMENT}, lambda _identity: DEPLOYMENTS)
    found = wait_until_healthy({"eu": expectation}, 3600, told.append)
    return found["eu"], told, clock[0]


def test_a_missing_image_is_told_in_seconds_and_given_up_long_before_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, told, ended = waited(Member(waiting("ImagePullBackOff")), monkeypatch)
    assert "says ImagePullBackOff" in told[0]["eu"].reasons[0]
    assert len(told) == 1, "the same reason is told once"
    assert "ImagePullBackOff" in found.reasons[0]
    assert 20 <= ended < 40


def test_a_pod_without_a_node_is_told_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    found, told, ended = waited(Member({"conditions": [condition]}), monkeypatch)
    assert "0/3 nodes" in told[0]["eu"].reasons[0]
    assert "0/3 nodes" in found.reasons[0]
    assert ended >= 3600


def test_a_crash_comes_with_the_last_line_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    member = Member(waiting("CrashLoopBackOff"), "no database at db:5432\n")
    found, _told, ended = waited(member, monkeypatch)
    assert "its last words: no database at db:5432" in found.reasons[0]
    assert "pods/web-1/log?container=web" in member.asked[0]
    assert 60 <= ended < 90


def test_a_log_that_can_not_be_had_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _told, _ended = waited(Member(waiting("CrashLoopBackOff")), monkeypatch)
    assert "CrashLoopBackOff" in found.reasons[0]
    assert "last words" not in found.reasons[0]
