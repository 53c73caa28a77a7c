# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.act import waves
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.plan import Application, Clean, Move


def move(name: str, *, tenant: str = "shop", minds_others: bool = False) -> Move:
    return Move(Application(tenant, name, frozenset({"a"}), minds_others=minds_others), ("a",), ("a",), "lost")


def test_an_application_has_one_worker_at_a_time_and_others_go_side_by_side() -> None:
    clean = Clean(Application("shop", "web", frozenset()), "b", "back")
    steps = {"0": move("web"), "1": move("db"), "2": clean}
    assert [set(wave) for wave in waves(steps)] == [{"0", "1"}, {"2"}]


def test_applications_that_mind_others_see_where_those_before_them_went() -> None:
    steps = {
        "0": move("web", minds_others=True),
        "1": move("cache", minds_others=True),
        "2": move("db"),
        "3": move("bus", tenant="base", minds_others=True),
    }
    assert [set(wave) for wave in waves(steps)] == [{"2"}, {"0", "3"}, {"1"}]
