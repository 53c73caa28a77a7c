# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A saved plan: no secret is in it, and whatever has changed since is named."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery import planfile
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Owner, Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.plan import ClusterPlan, Operation, Plan, Step
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

WEB = Identity("apps", "Deployment", "shop", "web")
PASSWORD = Identity("", "Secret", "shop", "password")
FLEET: Any = SimpleNamespace(members={})


@pytest.fixture(autouse=True)
def a_quick_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planfile, "ROUNDS", 1)


def live(version: str = "1", generation: int = 1, writer: str = "somebody", status: bool = True) -> dict:
    fields = [{"manager": writer, "operation": "Update", "time": "2026-01-01T00:00:00Z"}]
    metadata = {
        "name": "web",
        "uid": "u",
        "resourceVersion": version,
        "generation": generation,
        "managedFields": fields,
    }
    found = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    return {**found, "status": {"version": version}} if status else found


def prepared(before: dict | None = None, **changes: Any) -> Any:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "stringData": {"p": "hunter2"}}
    steps = (
        Step(WEB, Operation.UPDATE, "", before=before or live(), after=live()),
        Step(PASSWORD, Operation.CREATE, "", manifest=secret, after=secret),
    )
    found = {
        "owner": Owner("hub-1", "default", "shop"),
        "spec": Spec("default", "shop", "shop", source_digest="s1"),
        "revision": SimpleNamespace(number=2, digest="d1"),
        "is_new": True,
        "interrupted": False,
        "empty": False,
        "decided": SimpleNamespace(clusters=("m1",), replicas={WEB: {"m1": 3}}),
        "surveys": {"m1": None},
        "plan": Plan({"m1": ClusterPlan("m1", steps)}),
    }
    return SimpleNamespace(**{**found, **changes})


def saved() -> dict:
    document = planfile.document(FLEET, prepared(), by="me", created="2026-01-01T00:00:00Z", salt="00" * 16)
    return json.loads(json.dumps(document))


def test_the_same_plan_holds() -> None:
    assert planfile.changes(saved(), FLEET, prepared()) == []


def test_a_status_that_changes_does_not_void_a_plan() -> None:
    assert planfile.changes(saved(), FLEET, prepared(live(version="9"))) == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (prepared(live(version="9", generation=2)), "Deployment shop/web was changed"),
        (prepared(live(version="9", writer="kubectl-edit")), "last by kubectl-edit at 2026"),
        (prepared(spec=Spec("default", "shop", "shop", source_digest="s2")), "the sources are others"),
        (prepared(revision=SimpleNamespace(number=3, digest="d1")), "revision 2 was planned, now it would be 3"),
        (prepared(revision=SimpleNamespace(number=2, digest="d2")), "other manifests"),
        (prepared(decided=SimpleNamespace(clusters=("m1",), replicas={WEB: {"m1": 4}})), "was m1 3 and is m1 4"),
        (prepared(plan=Plan({"m1": ClusterPlan("m1")})), "update was planned, now it would be nothing"),
        (prepared(plan=Plan({})), "m1: it was part of the plan"),
        (prepared(owner=Owner("hub-2", "default", "shop")), "in the hub hub-1"),
    ],
)
def test_whatever_has_changed_is_named(now: Any, words: str) -> None:
    assert words in "; ".join(planfile.changes(saved(), FLEET, now))


def test_an_object_without_a_status_is_changed_when_its_version_is() -> None:
    document = planfile.document(FLEET, prepared(live(status=False)), by="", created="", salt="00")
    assert planfile.changes(document, FLEET, prepared(live("9", status=False)))


def test_a_plan_that_was_carried_out_is_no_error() -> None:
    assert planfile.changes(saved(), FLEET, prepared(empty=True, plan=Plan({"m1": ClusterPlan("m1")}))) == []


def test_a_plan_that_was_interrupted_is_finished() -> None:
    half = Plan({"m1": ClusterPlan("m1", prepared().plan.clusters["m1"].steps[1:])})
    assert planfile.changes(saved(), FLEET, prepared(interrupted=True, is_new=False, plan=half)) == []


def test_no_secret_is_in_the_file_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    planfile.saver(file, "me")(FLEET, prepared())
    assert "hunter2" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    planfile.checker(file)(FLEET, prepared())


def test_a_plan_that_would_fail_is_not_saved(tmp_path: Path) -> None:
    failing = ClusterPlan("m1", (replace(prepared().plan.clusters["m1"].steps[0], operation=Operation.CONFLICT),))
    planfile.saver(tmp_path / "plan.json", "me")(FLEET, prepared(plan=Plan({"m1": failing})))
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize(
    "content", ["", "[]", '{"kind": "other"}', '{"kind": "navarch.fleet plan", "schemaVersion": 9}']
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(InputError):
        planfile.read(file)
