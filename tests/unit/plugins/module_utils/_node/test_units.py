# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a unit is enabled, started, or started again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import units
from ansible_collections.navarch.fleet.plugins.module_utils._node.commands import Completed
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import Step
from ansible_collections.navarch.fleet.plugins.module_utils._node.units import Found, Unit, plan

CONFIGURATION = "/etc/containerd/config.toml"
CONTAINERD = Unit("containerd.service", running=True, needs="", reads=(CONFIGURATION,), reloads=False)
RUNNING = Found(
    known=True, active=True, enabled=True, began=100.0, stale=False, ready=True, changed={CONFIGURATION: 50.0}
)


def steps(unit: Unit, found: Found, *changing: str) -> list[str]:
    return [str(step) for step in plan([unit], {unit.name: found}, frozenset(changing))]


def test_a_unit_that_runs_with_what_is_there_is_left_alone() -> None:
    assert steps(CONTAINERD, RUNNING) == []


def test_a_unit_is_started_again_for_what_this_run_writes() -> None:
    assert steps(CONTAINERD, RUNNING, CONFIGURATION) == [f"restart containerd.service ({CONFIGURATION} changed)"]


def test_a_unit_is_started_again_for_what_an_interrupted_run_wrote() -> None:
    newer = replace(RUNNING, changed={CONFIGURATION: 101.0})
    assert steps(CONTAINERD, newer) == [f"restart containerd.service ({CONFIGURATION} changed)"]


def test_a_reload_is_enough_where_the_role_says_so() -> None:
    assert steps(replace(CONTAINERD, reloads=True), RUNNING, CONFIGURATION)[0].startswith("reload-or-restart")


def test_a_new_unit_is_enabled_and_started_once() -> None:
    new = replace(RUNNING, active=False, enabled=False, began=0.0)
    assert steps(CONTAINERD, new, CONFIGURATION) == [
        "enable containerd.service",
        "start containerd.service (it does not run)",
    ]


def test_a_unit_that_lacks_what_it_needs_is_only_enabled() -> None:
    assert steps(CONTAINERD, replace(RUNNING, active=False, enabled=False, ready=False)) == [
        "enable containerd.service"
    ]


def test_an_unwanted_unit_is_disabled_only_where_there_is_one() -> None:
    unwanted = replace(CONTAINERD, running=False)
    assert steps(unwanted, RUNNING) == ["disable --now containerd.service"]
    assert steps(unwanted, replace(RUNNING, known=False, active=False, enabled=False)) == []


def test_a_unit_that_its_package_started_meanwhile_takes_in_our_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def attempt(command: list[str], **options: float) -> Completed:
        called.append(" ".join(command))
        return Completed(0, "", "")

    monkeypatch.setattr(units, "attempt", attempt)
    monkeypatch.setattr(units, "_stamp", called.append)
    units.act(Step("units", "start", "bird.service"), {})
    assert called == ["systemctl restart bird.service", "bird.service"]
