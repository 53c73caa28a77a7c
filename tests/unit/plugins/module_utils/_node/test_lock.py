# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One change of a host at a time, and how many of them failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import lock
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "lock"
    monkeypatch.setattr(lock, "_FILE", str(place))
    monkeypatch.setattr(lock, "_PAUSE", 0.01)
    return place


def test_a_second_change_is_refused_when_the_first_takes_too_long() -> None:
    said = "Another run has been changing this host"
    with (
        lock.host_lock(1.0, exclusive=True),
        pytest.raises(NodeError, match=said),
        lock.host_lock(0.05, exclusive=True),
    ):
        pass


def test_two_that_look_do_so_side_by_side() -> None:
    with lock.host_lock(1.0, exclusive=False), lock.host_lock(0.0, exclusive=False):
        pass


def test_changes_that_fail_are_counted() -> None:
    assert lock.failures() == 0
    for number in range(1, 12):
        _fail(exclusive=True)
        assert lock.failures() == number


def test_what_goes_well_or_only_looks_is_not_counted() -> None:
    with lock.host_lock(1.0, exclusive=True):
        pass
    _fail(exclusive=False)
    assert lock.failures() == 0


def test_one_that_was_refused_is_not_counted() -> None:
    with lock.host_lock(1.0, exclusive=True), pytest.raises(NodeError), lock.host_lock(0.0, exclusive=True):
        pass
    assert lock.failures() == 0


@pytest.mark.parametrize("content", [b"", b"no number\n"])
def test_a_file_that_holds_no_number_counts_none(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert lock.failures() == 0


def _fail(*, exclusive: bool) -> None:
    with pytest.raises(NodeError), lock.host_lock(1.0, exclusive=exclusive):
        raise NodeError("kubeadm failed")
