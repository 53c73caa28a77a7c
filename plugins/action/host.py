# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The module's other half: it brings to a host what that can't fetch itself, between the plan and the act.

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

_MODULE = "navarch.fleet.host"
# Seconds; etcd and certificates suffer beyond.
_LARGEST_SKEW = 5.0


class ActionModule(ActionBase):
    """Let the module say what it needs, bring that, let it work."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        sources = _sources(arguments.get("resources") or [], arguments.get("package_archive") or {})
        if sources and not self._task.check_mode:
            plan = self._plan(arguments, task_vars)
            if plan.get("failed"):
                return {**result, **plan}
            if plan.get("bring"):
                arguments["incoming"] = self._bring(sources, plan["bring"])
        began = time.time()
        done = self._execute_module(_MODULE, module_args=arguments, task_vars=task_vars)
        if "findings" in done:
            done["offset"] = _offset(done["facts"]["time"], began, time.time())
            done["findings"] += _clock(done["offset"])
        return {**result, **done}

    def _plan(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any] | None) -> dict[str, Any]:
        self._task.check_mode = True
        try:
            return self._execute_module(_MODULE, module_args=dict(arguments), task_vars=task_vars)
        finally:
            self._task.check_mode = False

    def _bring(self, sources: Mapping[str, str], digests: Sequence[str]) -> str:
        # The task's temporary folder: it is cleared away with the task.
        folder = self._make_tmp_path()
        for digest in digests:
            source = sources.get(digest)
            if source is None or not Path(source).is_file():
                raise AnsibleActionFail(f"The file with checksum {digest} is not on the controller ({source}).")
            self._transfer_file(source, f"{folder}/{digest}")
        return folder


def _offset(there: float, began: float, ended: float) -> float:
    """Seconds that a host's clock, which was read at some moment between two of ours, is ahead of ours at least."""
    return there - ended if there > ended else min(there - began, 0.0)


def _clock(offset: float) -> list[str]:
    """What is wrong with a host's clock."""
    if abs(offset) <= _LARGEST_SKEW:
        return []
    direction = "ahead of" if offset > 0 else "behind"
    return [f"Its clock is {abs(offset):.0f} s {direction} the controller's; let it follow a time server."]


def _sources(resources: list[Mapping[str, Any]], package_archive: Mapping[str, Any]) -> dict[str, str]:
    """Where files lie on the controller, by checksum; those with an address are fetched by the host."""
    offered = [each for group in resources for kind in ("binaries", "images") for each in group.get(kind) or []]
    offered += [package_archive] if package_archive.get("sha256") else []
    return {each["sha256"]: each["source"] for each in offered if each.get("source") and not each.get("url")}
