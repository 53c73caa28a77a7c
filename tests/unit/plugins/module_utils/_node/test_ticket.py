# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that waits for a ticket goes on waiting while it can't have one."""

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import ticket
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
