# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import upgrade_record
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.upgrade import Found, Phase, State, Wanted, plan
from ansible_collections.navarch.fleet.plugins.module_utils._node.upgrade_record import Record

OLD, NEW = "v1.36.3", "v1.37.2"


def wanted(state: State) -> Wanted:
    return Wanted(state, NEW, (), {}, 1.0)


def found(phase: Phase = Phase.NONE, **fields: Any) -> Found:
    given: dict[str, Any] = {
        "target": NEW if phase is not Phase.NONE else "",
        "control_plane": False,
        "api_server": "",
        "cluster": "",
        "kubelet": OLD,
    }
    return Found(phase=phase, **{**given, **fields})


def control_plane(phase: Phase = Phase.NONE, api_server: str = OLD, cluster: str = OLD, kubelet: str = OLD) -> Found:
    return found(phase, control_plane=True, api_server=api_server, cluster=cluster, kubelet=kubelet)


def steps(state: State, there: Found) -> list[str]:
    return [f"{step.action} {step.subject}" for step in plan(wanted(state), there)]


def test_the_first_control_plane_takes_the_cluster_along_and_the_others_follow() -> None:
    assert steps(State.UPGRADED, control_plane(Phase.PREPARED)) == ["run kubeadm upgrade apply"]
    assert steps(State.UPGRADED, control_plane(Phase.PREPARED, cluster=NEW)) == ["run kubeadm upgrade node"]


def test_a_worker_follows() -> None:
    assert steps(State.UPGRADED, found(Phase.PREPARED)) == ["run kubeadm upgrade node"]


def test_what_kubeadm_finished_is_not_done_twice() -> None:
    assert steps(State.UPGRADED, control_plane(Phase.APPLIED, NEW, NEW)) == []


def test_kubeadm_is_not_asked_where_only_other_programs_differ() -> None:
    assert steps(State.UPGRADED, control_plane(Phase.PREPARED, NEW, NEW, NEW)) == []
    assert steps(State.UPGRADED, found(Phase.PREPARED, kubelet=NEW)) == []


def test_what_was_interrupted_is_run_again() -> None:
    assert steps(State.UPGRADED, found(Phase.BEGUN, kubelet=NEW)) == ["run kubeadm upgrade node"]


def test_what_ran_before_is_put_aside_once() -> None:
    assert steps(State.PREPARED, found()) == ["put aside what runs now"]
    assert steps(State.PREPARED, found(Phase.BEGUN)) == []
    # What an upgrade to another version left is no way back for this one.
    assert steps(State.PREPARED, found(Phase.PREPARED, target="v1.37.1")) == ["put aside what runs now"]


def test_there_is_no_way_back_where_nothing_was_begun() -> None:
    assert steps(State.RESTORED, found()) == []
    assert steps(State.RESTORED, found(Phase.BEGUN)) == ["bring back what ran before"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(upgrade_record, "_write", lambda record, fields: calls.append(dict(fields)))
    return calls


def record(state: upgrade_record.State, **nodes: str) -> Record:
    return Record(state, OLD, NEW, nodes)


def test_nobody_begins_while_the_upgrade_is_paused(written: list[dict[str, Any]]) -> None:
    with pytest.raises(NodeError, match="paused"):
        upgrade_record.take_turn(record(upgrade_record.State.PAUSED), "n2", 0)
    assert written == []


def test_nobody_begins_after_another_failed_but_that_one_tries_again(written: list[dict[str, Any]]) -> None:
    there = record(upgrade_record.State.RUNNING, n1="failed it broke")
    with pytest.raises(NodeError, match=r"failed on n1: it broke\."):
        upgrade_record.take_turn(there, "n2", 0)
    upgrade_record.take_turn(there, "n1", 0)
    upgrade_record.take_turn(there, "n2", 1)
    assert [sorted(fields) for fields in written] == [["node.n1"], ["node.n2"]]


def test_going_on_keeps_what_is_known_and_a_new_upgrade_forgets_it(written: list[dict[str, Any]]) -> None:
    upgrade_record.begin(record(upgrade_record.State.PAUSED, n1="done x"), OLD, NEW)
    assert written.pop() == {"state": "running"}
    upgrade_record.begin(record(upgrade_record.State.FINISHED, n1="done x"), NEW, "v1.38.0")
    assert written[0]["node.n1"] is None
    assert written[0]["to"] == "v1.38.0"


def test_going_on_tries_again_what_failed(written: list[dict[str, Any]]) -> None:
    upgrade_record.begin(record(upgrade_record.State.RUNNING, n1="done x", n3="failed it broke"), OLD, NEW)
    assert written == [{"state": "running", "node.n3": None}]


def test_a_reason_does_not_fill_the_record(written: list[dict[str, Any]]) -> None:
    upgrade_record.note(record(upgrade_record.State.RUNNING), "n1", upgrade_record.Progress.FAILED, "x" * 10_000)
    assert len(written[0]["node.n1"]) < 600
