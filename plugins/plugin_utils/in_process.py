# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that work in the controller's own process, where Ansible would start this very Python on this very machine.

To pack, start, compile and import a module takes several times as long as what it does for a thousand objects that
nobody touched. Everywhere else the module is run as any other, and wrong options are left to it to complain about.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from functools import cache
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ansible_collections.navarch.fleet.plugins.plugin_utils.interrupts import interruptible

PLUGINS = "ansible_collections.navarch.fleet.plugins."
COLLECT_AFTER = 100_000
"""New objects between two searches for garbage; Python's own number is 700."""


class ActionModule(ModuleAction):
    """Calls the module of the same name, here when it may, as a program of its own when not."""

    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if self._is_elsewhere(task_vars or {}):
            return super().run(tmp, task_vars)
        module = imported(f"modules.{self._task.action.rsplit('.', 1)[-1]}")
        given = json.loads(json.dumps(dict(self._task.args), cls=AnsibleJSONEncoder, vault_to_text=True))
        known = {**imported("module_utils._ansible.options").HUB_ARGUMENTS, **module.ARGUMENTS}
        checked = ArgumentSpecValidator(known, **vars(module).get("CONSTRAINTS", {})).validate(given)
        if checked.error_messages:
            return super().run(tmp, task_vars)
        _collect_seldom()
        with interruptible(), chdir(self._loader.get_basedir()):
            return outcome_of(module, checked.validated_parameters, check=self._task.check_mode)

    def _is_elsewhere(self, variables: Mapping[str, Any]) -> bool:
        """Whether the task asks for anything that only a program of its own has."""
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        return bool(
            self._connection.transport != "local"
            or self._connection.become is not None
            or self._task.async_val
            or self._task.delegate_to
            or environment
            or not _is_this_python(self._templar.template(variables.get("ansible_python_interpreter")))
        )


def _is_this_python(interpreter: str | None) -> bool:
    """Whether it is this program by this or another name (`python`, `python3`) in the same virtual environment."""
    if not interpreter:
        return False
    this, that = Path(sys.executable), Path(interpreter)
    return that.parent == this.parent and that.resolve() == this.resolve()


def _collect_seldom() -> None:
    """Let Python look for garbage after many new objects, and never through all that Ansible holds.

    What servers answer is a hundred thousand small objects without a cycle. Only this worker is concerned.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 100)


def outcome_of(module: ModuleType, params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    """What the module would return: no secret in it, and of the options no content."""
    options, calls = imported("module_utils._ansible.options"), imported("module_utils._ansible.run")
    secret = options.secrets_among(params)
    result = calls.outcome(lambda: module.work(params, check=check))
    result = remove_values({"changed": False, **result}, secret)
    return {**result, "invocation": remove_values(options.shown(params), secret)}


def imported(name: str) -> ModuleType:
    """A file below `plugins`, compiled once and not in each process that needs it."""
    if not any(isinstance(finder, Compiled) for finder in sys.meta_path):
        sys.meta_path.insert(0, Compiled())
    return importlib.import_module(f"{PLUGINS}{name}")


class Compiled:
    """Finds this collection's files for Python's own loader, which keeps what it compiled; Ansible's keeps nothing."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The file of a module; `path` is where its parent lives."""
        if not name.startswith(PLUGINS) or not path:
            return None
        return _files_of(path[0]).find_spec(name)


@cache
def _files_of(folder: str) -> FileFinder:
    return FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
