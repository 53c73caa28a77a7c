# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host knows of itself."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.navarch.fleet.plugins.module_utils._node import facts


def test_files_name_the_interface_and_the_network_of_their_host() -> None:
    seen = replace(facts.observe(""), address_interface="eth7", address_network="192.0.2.0/24")
    given = {
        "packages": ["bird2"],
        "files": [
            {"path": "/etc/a", "content": "on @ADDRESS_INTERFACE@ to @ADDRESS_NETWORK@, @ADDRESS_INTERFACE@"},
            {"path": "/etc/folder", "content": None},
            {"path": "/etc/gone", "absent": True},
        ],
    }
    filled = facts.filled_in(given, seen)
    assert filled["packages"] == ["bird2"]
    assert [file["content"] for file in filled["files"]] == ["on eth7 to 192.0.2.0/24, eth7", None, None]
    assert given["files"][0]["content"].startswith("on @ADDRESS_INTERFACE@"), "what the role lists stays as it was"


def test_resources_without_files_stay_without_them() -> None:
    assert facts.filled_in({"packages": ["bird2"], "files": None}, facts.observe("")) == {
        "packages": ["bird2"],
        "files": [],
    }
