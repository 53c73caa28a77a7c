# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module on a host ends with its result or with what went wrong, and a change has the host to itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import ending
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import Step, report


class Module:
    """Keeps what it was ended with."""

    def __init__(self, *, check_mode: bool = False) -> None:
        self.params: dict[str, Any] = {"deadline": 7.0}
        self.check_mode = check_mode
        self.ended: list[dict[str, Any]] = []

    def exit_json(self, **result: Any) -> None:
        self.ended.append(result)

    def fail_json(self, msg: str) -> None:
        self.ended.append({"failed": True, "msg": msg})


def test_it_ends_with_its_result() -> None:
    module = Module()
    ending.answer(module, lambda: report([Step("units", "restart", "kubelet")]))
    assert [(each["changed"], each["steps"]) for each in module.ended] == [(True, ["restart kubelet"])]


@pytest.mark.parametrize("problem", [NodeError("It is full.", "Make room."), OSError("no space")])
def test_what_went_wrong_is_told(problem: Exception) -> None:
    def fail() -> dict[str, Any]:
        raise problem

    module = Module()
    ending.answer(module, fail)
    assert module.ended == [{"failed": True, "msg": str(problem)}]


def test_a_fault_of_ours_is_not_told_as_one_of_the_host() -> None:
    def stumble() -> dict[str, Any]:
        raise KeyError("name")

    with pytest.raises(KeyError):
        ending.answer(Module(), stumble)


@pytest.mark.parametrize("check_mode", [True, False])
def test_only_a_change_has_the_host_to_itself(check_mode: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    @contextlib.contextmanager
    def lock(patience: float, *, exclusive: bool) -> Iterator[None]:
        asked.append((patience, exclusive))
        yield

    monkeypatch.setattr(ending, "host_lock", lock)
    module = Module(check_mode=check_mode)
    ending.answer_alone(module, lambda: report([]))
    assert asked == [(7.0, not check_mode)]
    assert [each["changed"] for each in module.ended] == [False]
