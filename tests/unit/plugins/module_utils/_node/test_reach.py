# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Others are tried over real sockets: an answer counts, a refusal too, silence does not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import reach
from ansible_collections.navarch.fleet.plugins.module_utils._node.reach import Target


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_somebody_who_listens_and_somebody_who_refuses_are_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listening = Target("127.0.0.1", listener.getsockname()[1], "API")
        assert reach.unreached([listening, Target("127.0.0.1", free_port(), "API")]) == []


def test_silence_is_told_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_PATIENCE", 0.2)
    with socket.socket() as full:
        # A queue that nobody empties: further connections get no answer.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _each in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        (found,) = reach.unreached([Target("127.0.0.1", address[1], "API of the control plane n1")])
        for each in waiting:
            each.close()
    assert found.address == "127.0.0.1"
    assert "API of the control plane n1): no answer" in found.text
    assert "firewalls" in found.text


def test_a_mirror_on_a_disk_is_looked_for(tmp_path: Path) -> None:
    assert reach.mirror_problem(f"file://{tmp_path}") == ""
    assert "there is no folder" in reach.mirror_problem(f"file://{tmp_path}/none")
    assert reach.mirror_problem("") == ""


def test_a_mirror_that_does_not_answer_is_told() -> None:
    assert reach.mirror_problem(f"http://127.0.0.1:{free_port()}/") != ""
