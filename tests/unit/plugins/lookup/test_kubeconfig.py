# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import Credential
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import NotFoundError

Options = dict[str, object]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The hub options that the lookup connected with."""
    found: list[Options] = []
    namespace = vars(sys.modules[type(lookup()).__module__])
    monkeypatch.setitem(namespace, "connect", found.append)
    monkeypatch.setitem(namespace, "member_credential", credential)
    for name in ("NAVARCH_HUB_KUBECONFIG", "NAVARCH_HUB_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    return found


def credential(_hub: object, name: str) -> Credential:
    if name == "nobody":
        raise NotFoundError("no such member", code=404, cluster="hub", next_step="Join it")
    return Credential(server="https://192.0.2.1", token="secret")


def lookup() -> LookupBase:
    return lookup_loader.get("navarch.fleet.kubeconfig")


def test_each_member_gives_a_kubeconfig(seen: list[Options]) -> None:
    found = lookup().run(["idc-north"], {}, hub_kubeconfig="/hub")
    assert found[0]["current-context"] == "idc-north"
    assert found[0]["users"][0]["user"] == {"token": "secret"}


def test_the_hub_comes_from_options_then_variables_then_environment(
    seen: list[Options], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVARCH_HUB_KUBECONFIG", "/environment")
    lookup().run(["a"], {"navarch_hub_kubeconfig": "/variable"}, hub_kubeconfig="/option")
    lookup().run(["a"], {"navarch_hub_kubeconfig": "/variable"})
    lookup().run(["a"], {})
    assert [options["hub_kubeconfig"] for options in seen] == ["/option", "/variable", "/environment"]
    assert seen[0]["hub_namespace"] == "navarch-system"


def test_a_member_that_does_not_exist_is_named(seen: list[Options]) -> None:
    with pytest.raises(AnsibleLookupError, match="no such member. Join it"):
        lookup().run(["nobody"], {})
