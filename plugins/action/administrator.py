# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.files import write_atomically

_KUBECONFIG = "/etc/kubernetes/admin.conf"
_MODE = 0o600
_ARGUMENTS = {"path": {"type": "path"}}


class ActionModule(ActionBase):
    """Read the administrator's kubeconfig on a control plane, and keep it on the controller."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        path = self.validate_argument_spec(_ARGUMENTS)[1]["path"]
        said = self._execute_module("ansible.builtin.slurp", module_args={"src": _KUBECONFIG}, task_vars=task_vars)
        if "content" not in said:
            return {**result, **said}
        kubeconfig = base64.b64decode(said["content"]).decode("utf-8")
        changed = bool(path) and not _is(Path(path), kubeconfig)
        if changed and not self._task.check_mode:
            _write(Path(path), kubeconfig)
        return {**result, "changed": changed, "kubeconfig": kubeconfig}


def _is(path: Path, content: str) -> bool:
    """Whether a file has this content, and nobody else may read it."""
    try:
        return path.read_text(encoding="utf-8") == content and path.stat().st_mode & 0o777 == _MODE
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    except OSError as problem:
        raise AnsibleActionFail(f"The kubeconfig can't be read on the controller: {problem}.") from None


def _write(path: Path, content: str) -> None:
    """Whoever reads meanwhile sees the old file or the new one."""
    try:
        if not path.parent.is_dir():
            raise NotADirectoryError(f"there is no folder {path.parent}")
        write_atomically(path, content, _MODE)
    except OSError as problem:
        raise AnsibleActionFail(f"The kubeconfig can't be written on the controller: {problem}.") from None
