# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for clusters that Cluster API makes and removes; a management cluster that answers as a test says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import (
    CredentialError,
    DeadlineError,
    FleetError,
    UnreachableError,
)
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Propagation, Session
from ansible_collections.navarch.fleet.plugins.module_utils._machines import cluster_api_clusters
from ansible_collections.navarch.fleet.plugins.module_utils._machines.cluster_api_clusters import remove_cluster

OURS: dict[str, Any] = {"metadata": {"name": "west", "labels": {"app.kubernetes.io/managed-by": "navarch"}}}
GOING: dict[str, Any] = {"metadata": {**OURS["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
SILENCE = UnreachableError("no answer: timed out")


class Management:
    """Gives these answers to a look at the cluster, one after the other, the last one again and again."""

    cluster = "idc-north"

    def __init__(self, answers: Iterable[dict[str, Any] | FleetError | None]) -> None:
        self._answers = list(answers)
        self.deleted = 0

    def get(self, *_object: object) -> dict[str, Any] | None:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, FleetError):
            raise answer
        return answer

    def delete(self, *_object: object, **options: object) -> None:
        # Else its dependants would go all at once, machines after what they stand on.
        assert options.get("propagation", Propagation.BACKGROUND) is Propagation.BACKGROUND
        self.deleted += 1

    def discovery(self) -> tuple[()]:
        return ()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_api_clusters, "_PAUSE", 0.0)


def removed(management: Management, timeout: float = 60) -> bool:
    return remove_cluster(cast(Session, management), "clusters", "west", timeout, check=False)


def test_a_cluster_is_asked_to_go_once_and_waited_for() -> None:
    management = Management([OURS, OURS, GOING, GOING, None])

    assert removed(management)
    assert management.deleted == 1


def test_a_management_cluster_that_does_not_answer_for_a_moment_is_waited_for() -> None:
    management = Management([OURS, SILENCE, OURS, SILENCE, GOING, None])

    assert removed(management)
    assert management.deleted == 1


def test_a_lasting_fault_ends_the_wait_at_once() -> None:
    with pytest.raises(CredentialError):
        removed(Management([OURS, CredentialError("it was withdrawn")]))


def test_a_cluster_that_does_not_go_is_said_to_be_still_there() -> None:
    with pytest.raises(DeadlineError, match="still there after 0 s"):
        removed(Management([OURS, GOING]), timeout=0)


def test_a_cluster_that_somebody_else_made_is_left_alone() -> None:
    management = Management([{"metadata": {"name": "west"}}])

    with pytest.raises(FleetError, match="not made by us"):
        removed(management)
    assert management.deleted == 0
