# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.plugin_utils.benchmark_table import summary, table

_ARGUMENTS = {
    "result": {"type": "str", "default": "cis_benchmark_judged"},
    "shown": {"type": "list", "elements": "str", "default": ["fail", "off"]},
    "file": {"type": "str", "default": ""},
    "fail": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Put what was found on all hosts into one table."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        variables = task_vars or {}
        judged = {}
        for host in variables["ansible_play_hosts"]:
            said = variables["hostvars"][host].get(arguments["result"]) or {}
            if "items" in said:
                judged[host] = said["items"]
        if arguments["file"] and not self._task.check_mode:
            text = json.dumps({"benchmark": said.get("benchmark", ""), "hosts": judged}, indent=2, sort_keys=True)
            Path(arguments["file"]).write_text(text + "\n", encoding="utf-8")
        lines = table(judged, arguments["shown"])
        failed = sorted({item["number"] for items in judged.values() for item in items if item["result"] == "fail"})
        for line in [*lines, summary(judged)]:
            self._display.display(line)
        result.update(changed=False, table=[*lines, summary(judged)], failed_items=failed)
        if failed and arguments["fail"]:
            result.update(
                failed=True, msg=f"{len(failed)} items fail: {', '.join(failed)}. The table says how to mend each."
            )
        return result
