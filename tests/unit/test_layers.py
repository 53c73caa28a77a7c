# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the rooms: imports point down the table of the design, never up."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
ROOMS = PLUGINS / "module_utils"
OURS = "ansible_collections.navarch.fleet.plugins"

# Each room, the rooms that it may use, and the libraries beside the standard one.
MAY_USE: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "_scheduling": (frozenset(), frozenset()),
    "_kube": (frozenset(), frozenset({"kubernetes", "urllib3", "yaml", "jinja2"})),
    "_registry": (frozenset({"_kube", "_scheduling"}), frozenset()),
    "_delivery": (frozenset({"_kube", "_scheduling", "_registry"}), frozenset({"jinja2"})),
    "_continuity": (frozenset({"_kube", "_scheduling", "_registry", "_delivery"}), frozenset()),
    # keystoneauth1 comes with openstacksdk and raises some of its errors.
    "_infrastructure": (frozenset(), frozenset({"openstack", "keystoneauth1"})),
    "_machines": (frozenset({"_kube", "_scheduling", "_registry", "_delivery", "_infrastructure"}), frozenset()),
    "_node": (frozenset(), frozenset()),
    "_ansible": (
        frozenset({"_kube", "_scheduling", "_registry", "_delivery", "_continuity", "_infrastructure", "_machines"}),
        frozenset({"ansible"}),
    ),
}
# The scheduler is pure: what reads a clock, a die, a file or the network does not belong there.
IMPURE = frozenset({"time", "random", "os", "pathlib", "socket", "subprocess", "threading", "http", "urllib", "io"})
# Plugins are the rooms seen by Ansible; these kinds may use them and each other's shared code.
PLUGIN_KINDS = ("modules", "inventory", "lookup", "action", "filter", "plugin_utils", "doc_fragments")


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py")) if folder.is_dir() else []


def imports(file: Path) -> Iterator[str]:
    """Every imported name, written out in full from ``ansible_collections`` where it is ours."""
    home = [*OURS.split("."), *file.relative_to(PLUGINS).parts[:-1]]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = home[: len(home) - node.level + 1] if node.level else []
            stem = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*stem, alias.name]) for alias in node.names)


def room_of(name: str) -> str | None:
    """The room that an imported name lives in, if it is one of ours."""
    prefix = f"{OURS}.module_utils."
    return name.removeprefix(prefix).split(".")[0] if name.startswith(prefix) else None


def test_every_room_of_the_house_is_in_the_table() -> None:
    rooms = {entry.name for entry in ROOMS.iterdir() if entry.is_dir() and entry.name != "__pycache__"}
    assert rooms <= set(MAY_USE), f"not in the design's table: {sorted(rooms - set(MAY_USE))}"


def test_no_file_lies_outside_a_private_room() -> None:
    assert [str(file.relative_to(ROOMS)) for file in ROOMS.glob("*.py") if file.name != "__init__.py"] == []


@pytest.mark.parametrize("room", sorted(MAY_USE))
def test_a_room_uses_only_rooms_below_it(room: str) -> None:
    allowed = MAY_USE[room][0] | {room}
    wrong = [
        f"{file.relative_to(PLUGINS)} imports {name}"
        for file in files(ROOMS / room)
        for name in imports(file)
        if (other := room_of(name)) is not None and other not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("room", sorted(MAY_USE))
def test_a_room_uses_only_its_libraries(room: str) -> None:
    allowed = MAY_USE[room][1] | set(sys.stdlib_module_names) | {"ansible_collections"}
    wrong = [
        f"{file.relative_to(PLUGINS)} imports {name}"
        for file in files(ROOMS / room)
        for name in imports(file)
        if name.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_the_scheduler_is_pure() -> None:
    wrong = [
        f"{file.relative_to(PLUGINS)} imports {name}"
        for file in files(ROOMS / "_scheduling")
        for name in imports(file)
        if name.split(".")[0] in IMPURE
    ]
    assert wrong == []


def test_rooms_reach_each_other_by_relative_imports() -> None:
    """The source for Event-Driven Ansible loads them without Ansible's collection loader."""
    wrong = [
        str(file.relative_to(PLUGINS))
        for file in files(ROOMS)
        if f"ansible_collections{'.'}navarch" in file.read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_rooms_know_nothing_of_plugins() -> None:
    wrong = [
        f"{file.relative_to(PLUGINS)} imports {name}"
        for file in files(ROOMS)
        for name in imports(file)
        if any(name.startswith(f"{OURS}.{kind}") for kind in PLUGIN_KINDS)
    ]
    assert wrong == []


def test_no_file_is_longer_than_it_can_be_read() -> None:
    long = [
        f"{file.relative_to(PLUGINS)}: {lines} lines"
        for file in files(PLUGINS)
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert long == []


def test_init_files_are_empty() -> None:
    assert [str(file.relative_to(PLUGINS)) for file in PLUGINS.rglob("__init__.py") if file.read_text()] == []
