# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How modules on hosts end: with what came of their work, or with what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .errors import NodeError
from .lock import host_lock

Work = Callable[[], Mapping[str, Any]]


class Module(Protocol):
    """What is used of Ansible's module."""

    params: dict[str, Any]
    check_mode: bool

    def exit_json(self, **result: Any) -> Any: ...

    def fail_json(self, msg: str) -> Any: ...


def answer(module: Module, work: Work) -> None:
    """Do the work, and end the module with its result."""
    try:
        result = work()
    except (NodeError, OSError) as problem:
        module.fail_json(msg=str(problem))
    else:
        module.exit_json(**result)


def answer_alone(module: Module, work: Work) -> None:
    """The same while nobody else changes the host; its option `deadline` says how long somebody else is waited for."""

    def locked() -> Mapping[str, Any]:
        with host_lock(module.params["deadline"], exclusive=not module.check_mode):
            return work()

    answer(module, locked)
