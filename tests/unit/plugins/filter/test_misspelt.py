# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.navarch.fleet.plugins.filter.misspelt import misspelt


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("rollot", "rollout"),
        ("namspace", "namespace"),
        ("override", "overrides"),
        ("revisionHistoryLimit", "revision_history_limit"),
    ],
)
def test_a_name_that_nearly_is_one_of_the_role_is_told_with_the_right_one(given: str, meant: str) -> None:
    assert misspelt([f"application_{given}"], "application") == [
        f"nobody reads application_{given}; application_{meant} is meant, it seems."
    ]


@pytest.mark.parametrize(
    "name", ["application_rollout", "application_result", "application_team", "app_rollot", "rollot"]
)
def test_what_the_role_reads_or_registers_and_what_is_the_users_own_is_left_alone(name: str) -> None:
    assert misspelt([name], "application") == []
