# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are compared by content and mode, and written in one move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node.files import File, act, observe, plan
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import difference


def bring_about(*wanted: dict[str, Any]) -> list[str]:
    files = [File.from_dict(each) for each in wanted]
    steps = plan(files, observe(files))
    for step in steps:
        act(step, {file.path: file for file in files})
    return [f"{step.action}: {step.reason}" for step in steps]


def test_a_file_is_written_once(tmp_path: Path) -> None:
    wanted = {"path": str(tmp_path / "a" / "b"), "content": "one\n", "mode": "0600"}
    assert bring_about(wanted) == ["write: it is missing"]
    assert (tmp_path / "a" / "b").read_text() == "one\n"
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o600
    assert bring_about(wanted) == []


def test_another_content_and_another_mode_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("two")
    path.chmod(0o644)
    assert bring_about({"path": str(path), "content": "one"}) == ["write: its content differs"]
    assert bring_about({"path": str(path), "content": "one", "mode": "0600"}) == ["write: its mode is 0644"]


def test_a_folder_has_no_content(tmp_path: Path) -> None:
    wanted = {"path": str(tmp_path / "folder")}
    assert bring_about(wanted) == ["write: it is missing"]
    assert (tmp_path / "folder").is_dir()
    assert bring_about(wanted) == []


def test_what_is_unwanted_goes(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    assert bring_about({"path": str(tmp_path / "folder"), "absent": True}) == ["remove: "]
    assert bring_about({"path": str(tmp_path / "folder"), "absent": True}) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        bring_about({"path": str(path), "content": "\udcff"})
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_secret_is_in_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old-secret")
    files = [File.from_dict({"path": str(path), "content": "new-secret", "secret": True})]
    assert "secret" not in str(difference(plan(files, observe(files)))).replace(str(path), "")
