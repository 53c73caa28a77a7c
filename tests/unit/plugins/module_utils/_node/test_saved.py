# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import saved


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "_FOLDER", str(tmp_path / "saved"))
    monkeypatch.setattr(saved, "_LIST", str(tmp_path / "saved" / "list.json"))


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "etcd.yaml").write_text("old")
    return folder


def test_everything_comes_back_as_it_was(manifests: Path, tmp_path: Path) -> None:
    program, added = tmp_path / "kubelet", tmp_path / "added"
    program.write_text("old")
    program.chmod(0o755)
    saved.keep("v1.37.2", [str(manifests), str(program), str(added)])
    (manifests / "etcd.yaml").write_text("new one")
    (manifests / "more.yaml").write_text("new")
    program.write_text("new one")
    program.chmod(0o600)
    added.write_text("new")
    saved.bring_back()
    assert os.listdir(manifests) == ["etcd.yaml"]
    assert (manifests / "etcd.yaml").read_text() == "old"
    assert program.read_text() == "old"
    assert program.stat().st_mode & 0o777 == 0o755
    assert not added.exists()


def test_the_first_copy_is_kept_when_it_is_asked_for_again(manifests: Path) -> None:
    saved.keep("v1.37.2", [str(manifests)])
    (manifests / "etcd.yaml").write_text("half done")
    saved.keep("v1.37.2", [str(manifests)])
    saved.bring_back()
    assert (manifests / "etcd.yaml").read_text() == "old"


def test_a_copy_that_was_interrupted_is_none(manifests: Path) -> None:
    Path(saved._FOLDER).mkdir()
    (Path(saved._FOLDER) / "0").write_text("half")
    assert saved.name_kept() == ""
    assert saved.bring_back() == []


def test_what_is_forgotten_stays_as_it_is(manifests: Path) -> None:
    saved.keep("v1.37.2", [str(manifests)])
    (manifests / "etcd.yaml").write_text("new one")
    saved.forget(str(manifests))
    assert saved.bring_back() == []
    assert (manifests / "etcd.yaml").read_text() == "new one"
