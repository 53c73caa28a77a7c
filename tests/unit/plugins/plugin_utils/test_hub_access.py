# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.navarch.fleet.plugins.plugin_utils.hub_access import beside, shareable


def test_a_relative_path_starts_at_the_inventory_file(tmp_path: Path) -> None:
    (tmp_path / "hub.kubeconfig").write_text("", encoding="utf-8")
    found = beside({"hub_kubeconfig": "hub.kubeconfig"}, str(tmp_path))
    assert found["hub_kubeconfig"] == str(tmp_path / "hub.kubeconfig")


def test_a_relative_path_that_is_not_there_starts_where_we_are(tmp_path: Path) -> None:
    found = beside({"hub_kubeconfig": "elsewhere"}, str(tmp_path))
    assert found["hub_kubeconfig"] == str(Path.cwd() / "elsewhere")


def test_content_is_left_as_it_is(tmp_path: Path) -> None:
    content = "apiVersion: v1\nkind: Config\n"
    assert beside({"hub_kubeconfig": content}, str(tmp_path))["hub_kubeconfig"] == content


def test_plays_learn_where_the_hub_is_but_never_how_to_get_in(tmp_path: Path) -> None:
    path = tmp_path / "hub.kubeconfig"
    path.write_text("", encoding="utf-8")
    assert shareable({"hub_kubeconfig": str(path), "hub_context": "a"}) == {
        "hub_kubeconfig": str(path),
        "hub_context": "a",
    }
    secrets = {"hub_kubeconfig": "users:\n- token: secret\n", "hub_token": "secret", "hub_host": "https://hub"}
    assert shareable(secrets) == {"hub_host": "https://hub"}
    assert shareable({"hub_kubeconfig": {"users": []}}) == {}
