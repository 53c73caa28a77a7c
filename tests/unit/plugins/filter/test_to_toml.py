# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""containerd's configuration reads back as what was written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.filter.to_toml import FilterModule

to_toml = FilterModule().filters()["to_toml"]


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"version": 3, "debug": True, "ratio": 0.5, "none": False},
        {"text": 'a "quoted" \\ path\n\tand é', "list": ["a", "b"], "empty": []},
        {"outer": {"inner": {"deep": 1}, "own": 2}, "after": 3},
        {"a name": {"with.dots": {"and-dashes_": "x"}}},
    ],
)
def test_what_is_written_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(table)) == table


def test_names_with_dots_are_one_name() -> None:
    assert '[plugins."io.containerd.cri.v1.runtime"]' in to_toml(
        {"plugins": {"io.containerd.cri.v1.runtime": {"a": 1}}}
    )
