# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play knows the variables of each role that its tasks name: one that it forgot is seen on the host that comes to that task, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "navarch.fleet."
PLAYS = [
    pytest.param(play, id=f"{file.stem}: {play['name']}")
    for file in sorted((ROOT / "playbooks").glob("*.yml"))
    for play in yaml.safe_load(file.read_text(encoding="utf-8"))
    if "tasks" in play
]
OWNERS = {
    name: role.name
    for role in sorted((ROOT / "roles").iterdir())
    for folder in ("vars", "defaults")
    if (role / folder / "main.yml").exists()
    for name in yaml.safe_load((role / folder / "main.yml").read_text(encoding="utf-8")) or ()
}
"""Which role gives a variable."""
NO_NEED = r"'\w+':|\w+(?= (is (not )?defined|\| default\())"
"""The names of what is given, and what may be missing."""


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_knows_the_variables_of_the_roles_that_its_tasks_name(play: dict[str, Any]) -> None:
    missing = {
        f"{name} in {place}"
        for place, names, known in _uses(play["tasks"], "the play", _imported(play["tasks"]))
        for name in names
        if OWNERS[name] not in known
    }
    assert missing == set()


def _uses(tasks: Any, place: str, known: frozenset[str]) -> Iterator[tuple[str, set[str], frozenset[str]]]:
    """Of each task, and of all that it brings in: where, the variables of roles that it needs, the roles that are known there."""
    for task in _tasks(tasks):
        yield f"{place}: {task.get('name')}", _needed(task), known
        for role, file in _roles(task, "include_role", "import_role"):
            inside = known | {role, *_dependencies(role)}
            for path in _files(role, file):
                content = yaml.safe_load(path.read_text(encoding="utf-8"))
                yield from _uses(content, str(path.relative_to(ROOT)), inside | _imported(content))
        if (task.get("ansible.builtin.include_role") or {}).get("public"):
            known |= {role for role, _file in _roles(task, "include_role")}


def _needed(task: dict[str, Any]) -> set[str]:
    own = {key: value for key, value in task.items() if key not in ("block", "rescue", "always")}
    return (set(re.findall(r"\w+", re.sub(NO_NEED, "", str(own)))) & set(OWNERS)) - set(own.get("vars") or ())


def _roles(task: dict[str, Any], *ways: str) -> Iterator[tuple[str, str]]:
    for way in ways:
        asked = task.get(f"ansible.builtin.{way}")
        if asked and str(asked["name"]).startswith(PREFIX):
            yield asked["name"].removeprefix(PREFIX), asked.get("tasks_from", "main")


def _imported(tasks: Any) -> frozenset[str]:
    """Roles whose variables are there for all tasks beside their import."""
    found = {role for task in _tasks(tasks) for role, _file in _roles(task, "import_role")}
    return frozenset(found | {each for role in found for each in _dependencies(role)})


def _dependencies(role: str) -> set[str]:
    meta = yaml.safe_load((ROOT / "roles" / role / "meta" / "main.yml").read_text(encoding="utf-8"))
    direct = {each["role"].removeprefix(PREFIX) for each in meta.get("dependencies") or ()}
    return direct | {far for near in direct for far in _dependencies(near)}


def _files(role: str, name: str) -> set[Path]:
    """A file of tasks, and those of its role that it takes in."""
    waiting, found = [ROOT / "roles" / role / "tasks" / f"{name}.yml"], set[Path]()
    while waiting:
        path = waiting.pop()
        found.add(path)
        for task in _tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            asked = [path.parent / str(task.get(f"ansible.builtin.{way}_tasks")) for way in ("include", "import")]
            waiting += [each for each in asked if each.is_file() and each not in found]
    return found


def _tasks(tasks: Any) -> Iterator[dict[str, Any]]:
    for task in tasks or ():
        yield task
        for part in ("block", "rescue", "always"):
            yield from _tasks(task.get(part))
