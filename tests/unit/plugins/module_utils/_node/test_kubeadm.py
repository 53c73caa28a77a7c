# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kubeadm has to do is read from what it left."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node.commands import run
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubeadm import (
    ADMIN,
    API_SERVER,
    Found,
    Journal,
    Role,
    State,
    Ticket,
    Wanted,
    configuration,
    plan,
)
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubelet import KUBECONFIG, Answer, Membership

READY: dict[str, Any] = {
    "metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}
NOTHING = Journal()
NOBODY = Membership(Answer.NOT_ASKED, "", "", {})


def wanted(state: State, role: Role = Role.WORKER, ca: str = "this") -> Wanted:
    return Wanted(state, role, "n1", {}, Ticket("token", "hash", ca, ""), 60)


def found(journal: Journal = NOTHING, remains: tuple[str, ...] = (), membership: Membership = NOBODY) -> Found:
    return Found(journal, KUBECONFIG in remains, {ADMIN, API_SERVER} <= set(remains), remains, membership)


def member(answer: Answer = Answer.FOUND, ca: str = "this", node: dict[str, Any] | None = None) -> Membership:
    return Membership(answer, "https://api:6443", ca, READY if node is None else node)


def steps(target: Wanted, there: Found) -> list[str]:
    return [f"{step.action} {step.subject}" for step in plan(target, there)]


def test_a_bare_host_begins_or_joins() -> None:
    assert steps(wanted(State.INITIALISED, Role.CONTROL_PLANE), found()) == ["run init"]
    assert steps(wanted(State.JOINED), found()) == ["run join"]


def test_a_member_is_left_alone() -> None:
    there = found(Journal("join", True), (KUBECONFIG,), member())
    assert steps(wanted(State.JOINED), there) == []


def test_a_member_that_somebody_joined_by_hand_is_left_alone() -> None:
    assert steps(wanted(State.JOINED), found(Journal(), (KUBECONFIG,), member())) == []


def test_a_member_whose_api_is_silent_is_left_alone() -> None:
    there = found(Journal("join", True), (KUBECONFIG,), member(Answer.SILENT, node={}))
    assert steps(wanted(State.JOINED), there) == []


def test_an_interrupted_init_goes_on() -> None:
    there = found(Journal("init"), (ADMIN, API_SERVER), NOBODY)
    assert steps(wanted(State.INITIALISED, Role.CONTROL_PLANE), there) == ["resume init"]


def test_an_init_that_was_refused_before_it_made_anything_begins_anew() -> None:
    assert steps(wanted(State.INITIALISED, Role.CONTROL_PLANE), found(Journal("init"))) == ["run init"]


def test_an_interrupted_join_is_taken_back_and_made_again() -> None:
    there = found(Journal("join"), (KUBECONFIG,), member(Answer.UNKNOWN, node={}))
    assert steps(wanted(State.JOINED), there) == ["reset this host", "run join"]


def test_a_join_whose_end_was_not_written_down_is_recognised() -> None:
    assert steps(wanted(State.JOINED), found(Journal("join"), (KUBECONFIG,), member())) == ["record join"]
    remains = (KUBECONFIG, ADMIN, API_SERVER)
    there = found(Journal("join"), remains, member())
    assert steps(wanted(State.JOINED, Role.CONTROL_PLANE), there) == ["record join"]
    unlabelled = member(node={**READY, "metadata": {}})
    there = found(Journal("join"), remains, unlabelled)
    assert steps(wanted(State.JOINED, Role.CONTROL_PLANE), there) == ["reset this host", "run join"]


@pytest.mark.parametrize("answer", [Answer.UNKNOWN, Answer.REFUSED])
def test_a_host_that_its_cluster_let_go_joins_again(answer: Answer) -> None:
    there = found(Journal("join", True), (KUBECONFIG,), member(answer, node={}))
    assert steps(wanted(State.JOINED), there) == ["reset this host", "run join"]


def test_a_member_of_another_cluster_is_refused() -> None:
    there = found(Journal("join", True), (KUBECONFIG,), member(ca="other"))
    with pytest.raises(NodeError, match="belongs to another cluster"):
        plan(wanted(State.JOINED), there)


def test_parts_of_a_cluster_that_we_did_not_put_there_are_refused() -> None:
    with pytest.raises(NodeError, match="did not put there"):
        plan(wanted(State.JOINED), found(remains=("/var/lib/etcd/member",)))


def test_a_worker_does_not_become_a_control_plane_unasked() -> None:
    there = found(Journal("join", True), (KUBECONFIG,), member())
    with pytest.raises(NodeError, match="another role"):
        plan(wanted(State.JOINED, Role.CONTROL_PLANE), there)


def test_only_what_is_there_is_taken_out() -> None:
    assert steps(wanted(State.ABSENT), found()) == []
    assert steps(wanted(State.ABSENT), found(Journal("join", True), (KUBECONFIG,), member())) == ["reset this host"]


def test_configurations_of_several_modules_do_not_meet() -> None:
    with configuration(["one\n"]) as first:
        with configuration(["two\n", "three\n"]) as second:
            assert run(["cat", second, second]) == "two\n---\nthree\n" * 2
        assert run(["cat", first]) == "one\n"
