# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that waits for a ticket goes on waiting while it can't have one, and no longer than it can hope for one."""

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import api, files, kubeadm, ticket
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubeadm import Role, Ticket

REQUEST = ticket.Request(Role.WORKER, 15)
TICKET = Ticket("token", "hash", "ca", "")


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[NodeError]:
    """What goes wrong, one after the other, before the control plane gives a ticket."""
    coming: list[NodeError] = []

    def issue(_role: Role, _minutes: int) -> Ticket:
        if coming:
            raise coming.pop(0)
        return TICKET

    monkeypatch.setattr(ticket, "_PAUSE", 0.0)
    monkeypatch.setattr(ticket, "_look", lambda _request: ticket.Reply(True))
    monkeypatch.setattr(ticket, "_issue", issue)
    return coming


def test_one_that_fails_for_the_moment_is_asked_for_again(failures: list[NodeError]) -> None:
    failures.append(NodeError("the API server ended the connection"))
    assert ticket.give(REQUEST, 60.0).ticket == TICKET


def test_the_last_failure_is_the_reason_when_the_time_is_over(failures: list[NodeError]) -> None:
    failures.append(NodeError("the API server ended the connection"))
    reply = ticket.give(REQUEST, 0.0)
    assert not reply.open
    assert reply.reason == "the API server ended the connection"


def test_the_reason_says_how_long_it_was_so(failures: list[NodeError]) -> None:
    failures.extend([NodeError("it is no control plane yet")] * 10_000)
    assert ticket.give(REQUEST, 0.01).reason == "it is no control plane yet, still after 0.01 s"


def test_a_control_plane_that_fails_at_its_own_part_is_not_waited_for(
    failures: list[NodeError], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures.extend([NodeError("its init is not finished")] * 10)
    counted = iter([1, 1, 2])
    monkeypatch.setattr(ticket, "failures", lambda: next(counted))
    reply = ticket.give(REQUEST, 60.0, known_failures=1)
    assert reply.reason == "its control plane failed in this play (its init is not finished)"


def test_one_that_failed_after_it_had_begun_lets_hosts_in(
    failures: list[NodeError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket, "failures", lambda: 2)
    assert ticket.give(REQUEST, 60.0, known_failures=1).open


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What cluster-info says, each time it is asked; the last for ever."""
    coming: list[dict[str, str]] = []

    def get(_path: str) -> dict[str, dict[str, str]]:
        return {"data": coming.pop(0) if len(coming) > 1 else coming[0]}

    said = "kubeadm join 10.0.0.11:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:0a1b"
    monkeypatch.setattr(ticket, "_SIGNATURE_PAUSE", 0.0)
    monkeypatch.setattr(ticket, "_SIGNATURE_PATIENCE", 0.05)
    monkeypatch.setattr(ticket, "_look", lambda _request: ticket.Reply(True))
    monkeypatch.setattr(ticket, "run", lambda _command, deadline: said)
    monkeypatch.setattr(ticket.kubelet, "fingerprint", lambda _authority: "ca")
    monkeypatch.setattr(files, "read", lambda _path: None)
    monkeypatch.setattr(api, "get", get)
    return coming


def test_a_ticket_is_given_when_its_token_is_signed(signatures: list[dict[str, str]]) -> None:
    signatures.extend([{}, {"jws-kubeconfig-other0": "x"}, {"jws-kubeconfig-abcdef": "x"}])
    given = ticket.give(REQUEST, 0.0).ticket
    assert given == kubeadm.Ticket("abcdef.0123456789abcdef", "sha256:0a1b", "ca", "")
    assert signatures == [{"jws-kubeconfig-abcdef": "x"}]


def test_a_token_that_nobody_signs_is_left_to_kubeadm(signatures: list[dict[str, str]]) -> None:
    signatures.append({})
    assert ticket.give(REQUEST, 0.0).open
