# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was changed is undone from what was written down before."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import (
    files,
    kernel,
    ledger,
    network_rules,
    undo,
    units,
)
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import Step


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_FILE", str(tmp_path / "state" / "ledger.json"))
    monkeypatch.setattr(ledger, "_ORIGINALS", str(tmp_path / "state" / "originals"))
    monkeypatch.setattr(ledger, "FOLDERS", (str(tmp_path / "kubernetes"), str(tmp_path / "used")))
    monkeypatch.setattr(undo, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(undo, "_KEPT", ())
    monkeypatch.setattr(undo, "_mounts", list)
    monkeypatch.setattr(network_rules, "tables", list)
    monkeypatch.setattr(network_rules, "plan", lambda before: [])
    monkeypatch.setattr(undo, "_runs", lambda unit: True)
    monkeypatch.setattr(undo, "attempt", lambda command, deadline=0.0: None)


def write(path: Path) -> Step:
    return Step(files.TOPIC, "write", str(path))


def test_a_file_comes_back_with_its_first_text(tmp_path: Path) -> None:
    file = tmp_path / "bird.conf"
    file.write_text("the distribution's")
    ledger.note([write(file)], {})
    file.write_text("ours")
    ledger.note([write(file)], {})
    file.write_text("ours, again")
    found = undo.observe()
    undo.act(undo.plan(found, with_packages=False), found, 1.0)
    assert file.read_text() == "the distribution's"


def test_a_file_that_was_not_there_goes(tmp_path: Path) -> None:
    file = tmp_path / "new"
    ledger.note([write(file)], {})
    file.write_text("ours")
    found = undo.observe()
    undo.act(undo.plan(found, with_packages=False), found, 1.0)
    assert not file.exists()
    assert not (tmp_path / "state").exists()


def test_folders_of_kubernetes_go_unless_they_were_in_use(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "image").touch()
    ledger.note([], {})
    (tmp_path / "kubernetes").mkdir()
    found = undo.observe()
    undo.act(undo.plan(found, with_packages=False), found, 1.0)
    assert (tmp_path / "used" / "image").exists()
    assert not (tmp_path / "kubernetes").exists()


def test_a_unit_that_ran_before_goes_on_and_ours_stop() -> None:
    seen = {
        "ours.service": units.Found(True, False, False, 0.0, False, True, {}),
        "theirs.service": units.Found(True, True, True, 0.0, False, True, {}),
    }
    ledger.note([Step(units.TOPIC, "restart", name) for name in seen], seen)
    stops = [step.subject for step in undo.plan(undo.observe(), with_packages=False) if step.action == "stop"]
    assert stops == ["ours.service"]


def test_the_first_value_of_a_parameter_is_the_one_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "_now", lambda name: "1")
    for before in ("0", "1"):
        ledger.note([Step(kernel.PARAMETERS, "set", "net.ipv4.ip_forward", before=before, after="1")], {})
    (step,) = [step for step in undo.plan(undo.observe(), with_packages=False) if step.action == "set"]
    assert step.after == "0"


def test_packages_of_all_runs_are_known() -> None:
    ledger.note_packages({"bash"}, {"bash", "runc"})
    ledger.note_packages({"bash", "runc", "vim"}, {"bash", "runc", "vim", "bird2"})
    book = ledger.read()
    assert book is not None
    assert book.packages == ["bird2", "runc"]


def test_a_host_that_was_never_changed_has_nothing_to_undo() -> None:
    assert undo.plan(undo.observe(), with_packages=True) == []
