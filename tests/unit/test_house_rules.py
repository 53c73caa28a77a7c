# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module and every role brings along, and what the repository never holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("[!_]*.py"))
ROLES = sorted(folder.name for folder in (ROOT / "roles").glob("*") if folder.is_dir())
TARGETS = sorted(folder.name for folder in (ROOT / "tests" / "integration" / "targets").glob("*") if folder.is_dir())
SCENARIOS = sorted(file.parent.name for file in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))
PYTHON = sorted(file for folder in ("plugins", "extensions", "tests") for file in (ROOT / folder).rglob("*.py"))
HUB_FRAGMENT = "navarch.fleet.hub"


def assigned(file: Path, name: str) -> Any:
    """The YAML that a module assigns to DOCUMENTATION, EXAMPLES or RETURN."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("module", MODULES)
def test_a_module_documents_options_examples_and_results(module: str) -> None:
    file = ROOT / "plugins" / "modules" / f"{module}.py"
    documentation = assigned(file, "DOCUMENTATION")
    assert documentation["module"] == module
    assert {"short_description", "description", "version_added", "author"} <= set(documentation)
    assert {"check_mode", "diff_mode", "platform"} <= set(documentation.get("attributes", {})), "attributes"
    assert assigned(file, "EXAMPLES")
    assert assigned(file, "RETURN")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_talks_to_the_hub_is_in_the_action_group(module: str) -> None:
    documentation = assigned(ROOT / "plugins" / "modules" / f"{module}.py", "DOCUMENTATION")
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["fleet"]
    assert (module in group) == (HUB_FRAGMENT in documentation.get("extends_documentation_fragment", []))


def test_the_action_group_names_only_modules() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["fleet"]
    assert group == sorted(group)
    assert set(group) <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_tested_against_real_servers(module: str) -> None:
    names = (module, module.removesuffix("_info"))
    used = (
        [target for target in TARGETS if target.startswith(names)]
        or _users_of(f"navarch.fleet.{module}:")
        or _covers(module)
    )
    assert used, f"no integration target or scenario uses navarch.fleet.{module}"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_says_what_it_takes(role: str) -> None:
    folder = ROOT / "roles" / role
    missing = [
        name
        for name in ("meta/argument_specs.yml", "meta/main.yml", "README.md", "tasks/main.yml")
        if not (folder / name).is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_variables_carry_its_name(role: str) -> None:
    defaults = ROOT / "roles" / role / "defaults" / "main.yml"
    names = (yaml.safe_load(defaults.read_text()) or {}) if defaults.exists() else {}
    assert [name for name in names if not name.startswith((f"{role}_", f"_{role}_"))] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_tested_against_real_servers(role: str) -> None:
    tested = role in SCENARIOS or [target for target in TARGETS if target.startswith(role)] or _covers(role)
    assert tested, (
        f"no scenario {role}, no integration target whose name begins with it, and none whose aliases say covers/{role}"
    )


def test_nothing_is_excused() -> None:
    """No ignore file, no comment that switches a check off."""
    assert list((ROOT / "tests" / "sanity").glob("ignore*")) == []
    marks = re.compile("#" + r"\s*(noqa|type:\s*ignore|pylint:\s*disable|nosec)")
    excused = [str(file.relative_to(ROOT)) for file in PYTHON if marks.search(file.read_text(encoding="utf-8"))]
    assert excused == []


TASK_FILES = sorted(file for pattern in ("roles/*/tasks/*.yml", "playbooks/*.yml") for file in ROOT.glob(pattern))


@pytest.mark.parametrize("file", TASK_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_block_asks_for_what_its_own_tasks_set(file: Path) -> None:
    """A block's condition is asked for each of its tasks, those of its rescue as well: one that sets the variable ends the others."""
    for block in _blocks(yaml.safe_load(file.read_text(encoding="utf-8"))):
        asked = set(re.findall(r"\w+", str(block.get("when", ""))))
        inside = [task for part in ("block", "rescue", "always") for task in block.get(part) or ()]
        made = {task["register"] for task in inside if "register" in task}
        made |= {name for task in inside for name in task.get("ansible.builtin.set_fact") or ()}
        assert not asked & made, f"{block.get('name')}: {asked & made}"


def _blocks(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, list):
        for each in content:
            yield from _blocks(each)
    elif isinstance(content, dict):
        if "block" in content:
            yield content
        for each in content.values():
            yield from _blocks(each)


def test_plugins_carry_the_licence() -> None:
    plugins = [file for file in (ROOT / "plugins").rglob("*.py") if file.name != "__init__.py"]
    without = [
        str(file.relative_to(ROOT))
        for file in plugins
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in file.read_text(encoding="utf-8")[:600]
    ]
    assert without == []


def test_links_between_pages_lead_somewhere() -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "roles").glob("*/README.md"),
    ]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        if page.exists()
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    assert broken == []


def _covers(name: str) -> list[Path]:
    """Targets that need several roles and their modules at once, and say in their file `aliases` which."""
    return [
        file
        for file in (ROOT / "tests" / "integration" / "targets").glob("*/aliases")
        if f"covers/{name}" in file.read_text(encoding="utf-8").split()
    ]


def _users_of(text: str) -> list[Path]:
    folders = (ROOT / "tests" / "integration" / "targets", ROOT / "extensions" / "molecule")
    return [file for folder in folders for file in folder.rglob("*.yml") if text in file.read_text(encoding="utf-8")]
