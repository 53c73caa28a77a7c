# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.progress import (
    Phase,
    Progress,
    active_rollout,
    progress_of,
    refuse_under_way,
    spec_digest,
    standing_spec,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.record import record_from
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.steer import merged
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.waves import RolloutStep, StepKind
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError

STEPS = (
    RolloutStep("eu", StepKind.CANARY, ("a",), canary="25%"),
    RolloutStep("eu", StepKind.DEPLOY, ("a",)),
    RolloutStep("finish", StepKind.FINISH, ("a", "b")),
)
PROGRESS = Progress(
    revision=5, base=4, phase=Phase.PAUSED, steps=STEPS, step=1, awaiting=True, touched=("a",), failed={"a": "broken"},
    accepted=("a",), message="it hurts", broken=True, request="abort", spec_digest="abc", previous_spec={"namespace": "x"},
    by="me on here", started="2026-01-01T00:00:00Z",
)  # fmt: skip


def record(rollout: dict[str, Any] | None) -> Any:
    metadata = {"namespace": "default", "name": "shop", "uid": "u", "resourceVersion": "1"}
    return record_from({"metadata": metadata, "spec": {}, "status": {"rollout": rollout} if rollout else {}})


def test_progress_survives_the_way_through_the_hub() -> None:
    assert Progress.from_dict(PROGRESS.to_dict()) == PROGRESS


def test_a_rollout_that_is_over_is_not_gone_on_with() -> None:
    assert active_rollout(record(PROGRESS.to_dict())) == PROGRESS
    for phase in (Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.SUPERSEDED):
        found = record({**PROGRESS.to_dict(), "phase": phase.value})
        assert active_rollout(found) is None
        assert progress_of(found) is not None
        assert found.touched == ()
    assert active_rollout(record(None)) is None
    assert active_rollout(None) is None


def test_what_a_rollout_touched_is_known_until_it_is_over() -> None:
    assert record(PROGRESS.to_dict()).touched == ("a",)


def test_another_request_is_told_from_the_same() -> None:
    spec = Spec("default", "shop", "shop", source_digest="1", rollout={"canary": 1})
    assert spec_digest(spec) == spec_digest(Spec("default", "shop", "shop", source_digest="1", rollout={"canary": 1}))
    assert spec_digest(spec) != spec_digest(Spec("default", "shop", "shop", source_digest="1", rollout={"canary": 2}))
    assert spec_digest(spec) != spec_digest(Spec("default", "shop", "shop", source_digest="2", rollout={"canary": 1}))


def test_what_moves_an_application_meanwhile_moves_what_stood_before() -> None:
    assert standing_spec(record(PROGRESS.to_dict())).namespace == "x"
    over = record({**PROGRESS.to_dict(), "phase": "Succeeded"})
    assert standing_spec(over) is over.spec


def test_what_is_not_urgent_waits_for_a_rollout_to_end() -> None:
    with pytest.raises(FleetError, match="a rollout is not over: paused at revision 5"):
        refuse_under_way(record(PROGRESS.to_dict()))
    refuse_under_way(record({**PROGRESS.to_dict(), "phase": "RolledBack"}))
    refuse_under_way(None)


def test_one_line_says_where_it_stands() -> None:
    assert PROGRESS.line == "paused at revision 5, step 2 of 3 (wave eu): it hurts"


def test_a_step_that_only_looked_does_not_hide_one_that_wrote() -> None:
    wrote = {"a": {"action": "updated", "counts": {"update": 1}, "objects": [1], "health": "then"}}
    looked = {"a": {"action": "unchanged", "counts": {}, "objects": [], "health": "now"}, "b": {"action": "unchanged"}}
    assert merged(wrote, looked) == {
        "a": {"action": "updated", "counts": {"update": 1}, "objects": [1], "health": "now"}, "b": {"action": "unchanged"},
    }  # fmt: skip
    assert merged(wrote, {"a": {"action": "failed"}})["a"]["action"] == "failed"
