# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.secrets import secrets_in

KUBECONFIG: dict[str, Any] = {
    "clusters": [{"name": "c", "cluster": {"server": "https://s", "certificate-authority-data": "cHVibGlj"}}],
    "users": [
        {"name": "u", "user": {"token": "geheim-1", "client-key-data": "geheim-2", "password": "geheim-3"}},
        {"name": "e", "user": {"exec": {"command": "x", "env": [{"name": "A", "value": "geheim-4"}]}}},
        {"name": "a", "user": {"auth-provider": {"config": {"refresh-token": "geheim-5"}}}},
    ],
}
SECRETS = {f"geheim-{number}" for number in range(1, 6)}


@pytest.mark.parametrize("form", [KUBECONFIG, json.dumps(KUBECONFIG), json.dumps(KUBECONFIG, indent=2)])
def test_every_form_of_a_kubeconfig_gives_its_secrets(form: Any) -> None:
    assert secrets_in(form) >= SECRETS
    assert "default" not in secrets_in(form)
    assert "https://s" not in secrets_in(form)


def test_text_that_is_no_yaml_is_searched_line_by_line() -> None:
    assert "geheim" in secrets_in("users:\n  - user: {token: geheim\n  broken: [")


def test_a_path_holds_no_secret() -> None:
    assert secrets_in("/home/me/.kube/config") == set()
