# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import failures, run
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError, UnreachableError

ARGUMENTS: dict[str, Any] = {
    "clusters": {"type": "list", "elements": "dict", "options": {"kubeconfig": {"type": "raw"}}}
}


@pytest.fixture(autouse=True)
def _plain_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ansible 2.19 wants to know how to write its answer; older ones don't ask.
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)


def module_with(**params: Any) -> FleetModule:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode())
        return FleetModule(ARGUMENTS)


def test_no_credential_reaches_a_result_or_the_log(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, message, log_args=None: logged.append(str(message)))
    text = "users:\n- user:\n    token: geheim-text\n"
    module = module_with(
        hub_kubeconfig=text,
        hub_token="geheim-token",
        clusters=[{"kubeconfig": {"users": [{"user": {"token": "geheim-dict"}}]}}],
    )
    with pytest.raises(SystemExit):
        module.exit_json(msg="geheim-text geheim-token geheim-dict default", changed=False)
    shown = capfd.readouterr().out
    assert "geheim" not in shown
    assert "default" in shown
    assert logged
    assert "geheim" not in "".join(logged)


def test_values_of_charts_and_templates_are_not_echoed(capfd: pytest.CaptureFixture[str]) -> None:
    sources = [
        {"helm": {"chart": "shop", "values": {"password": "geheim"}}},
        {"template": {"path": "x", "values": {"a": "geheim"}}},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {"sources": sources}}).encode())
        module = FleetModule({"sources": {"type": "list", "elements": "dict"}})
    with pytest.raises(SystemExit):
        module.exit_json(changed=False)
    shown = capfd.readouterr().out
    assert "geheim" not in shown
    assert "shop" in shown


def test_the_environment_stands_in_for_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAVARCH_HUB_KUBECONFIG", "/from/environment")
    assert module_with().params["hub_kubeconfig"] == "/from/environment"
    assert module_with(hub_kubeconfig="/given").params["hub_kubeconfig"] == "/given"


def test_an_error_of_ours_is_one_message_with_its_parts(capfd: pytest.CaptureFixture[str]) -> None:
    def call() -> dict[str, Any]:
        raise InputError("it is wrong", cluster="m1", object="Secret a/b", next_step="Put it right")

    with pytest.raises(SystemExit):
        run(module_with(), call)
    result = json.loads(capfd.readouterr().out)
    assert result["msg"] == "cluster m1, Secret a/b: it is wrong. Put it right"
    assert result["error"]["kind"] == "Input"
    assert result["clusters"] == {}


def test_a_failed_member_hides_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    errors = {name: UnreachableError("no answer", cluster=name) for name in ("b", "c")}
    with pytest.raises(SystemExit):
        run(module_with(), lambda: {"changed": True, "clusters": {"a": {"ok": True}}, **failures(errors, 3)})
    result = json.loads(capfd.readouterr().out)
    assert result["failed"] is True
    assert result["msg"].startswith("2 of 3 clusters failed: cluster b: no answer")
    assert result["clusters"] == {"a": {"ok": True}}
