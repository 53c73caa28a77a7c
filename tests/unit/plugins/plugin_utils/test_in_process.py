# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.plugin_utils import in_process

KUBECONFIG = "users:\n- user:\n    token: geheim\n"


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModuleAction, "run", lambda *_given: {"program": True})


def action(variables: dict[str, Any] | None = None, **task: Any) -> in_process.ActionModule:
    given = {"action": "navarch.fleet.application_info", "args": {"name": "shop"}, "check_mode": False, "async_val": 0}
    complete = {**given, "delegate_to": None, "environment": [{}], **task}
    folder = complete.pop("folder", ".")
    connection = SimpleNamespace(
        transport=complete.pop("transport", "local"),
        become=complete.pop("become", None),
        _shell=SimpleNamespace(env_prefix=lambda **_variables: ""),
    )
    templar = SimpleNamespace(template=lambda value: value)
    loader = SimpleNamespace(get_basedir=lambda: folder)
    return in_process.ActionModule(SimpleNamespace(**complete), connection, None, loader, templar, None)


def here() -> dict[str, Any]:
    return {"ansible_python_interpreter": sys.executable}


@pytest.mark.parametrize(
    ("task", "variables"),
    [
        ({"transport": "ssh"}, here()),
        ({"become": object()}, here()),
        ({"async_val": 60}, here()),
        ({"delegate_to": "bastion"}, here()),
        ({"environment": [{}, {"HTTPS_PROXY": "http://proxy"}]}, here()),
        ({}, {"ansible_python_interpreter": "/usr/bin/another"}),
        ({}, {}),
        ({"args": {"nmae": "shop"}}, here()),
        ({"args": {"look": "perhaps"}}, here()),
    ],
)
def test_what_asks_for_a_program_of_its_own_or_is_wrong_is_left_to_the_module(
    task: dict[str, Any], variables: dict[str, Any]
) -> None:
    assert action(**task).run(None, variables) == {"program": True}


def test_it_works_with_checked_options_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    module = in_process.imported("modules.application_info")
    monkeypatch.setattr(module, "work", lambda params, *, check: {"params": params, "check": check})
    found = action(args={"name": "shop", "look": "no"}, check_mode=True).run(None, here())
    assert found["params"]["look"] is False
    assert found["params"]["hub_namespace"] == "navarch-system"
    assert found["check"] is True
    assert found["changed"] is False


def test_another_name_of_this_python_in_its_folder_is_this_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_process.imported("modules.application_info"), "work", lambda params, *, check: {})
    for folder in ("venv", "other"):
        (tmp_path / folder).mkdir()
        for name in ("python", "python3"):
            (tmp_path / folder / name).symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python3"))
    same, other = (str(tmp_path / folder / "python") for folder in ("venv", "other"))
    assert action().run(None, {"ansible_python_interpreter": same})["changed"] is False
    # The same file, but with the libraries of another virtual environment.
    assert action().run(None, {"ansible_python_interpreter": other}) == {"program": True}


def test_it_works_in_the_folder_of_the_playbook_as_modules_on_the_controller_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = in_process.imported("modules.application_info")
    monkeypatch.setattr(module, "work", lambda params, *, check: {"folder": os.getcwd()})
    before = os.getcwd()
    assert action(folder=str(tmp_path)).run(None, here())["folder"] == str(tmp_path)
    assert os.getcwd() == before


def test_an_error_of_ours_fails_the_task_with_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
        raise InputError("it is wrong", cluster="m1", next_step="Put it right")

    module = in_process.imported("modules.application_info")
    monkeypatch.setattr(module, "work", work)
    found = action().run(None, here())
    assert found["failed"] is True
    assert found["error"]["cluster"] == "m1"
    assert "Put it right" in found["msg"]


def test_no_credential_and_no_content_is_in_what_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    module = in_process.imported("modules.application")
    monkeypatch.setattr(module, "work", lambda params, *, check: {"msg": "geheim and other-secret were told"})
    args = {
        "name": "shop",
        "hub_kubeconfig": KUBECONFIG,
        "hub_token": "other-secret",
        "sources": [{"inline": "hidden"}],
    }
    found = action(action="navarch.fleet.application", args=args).run(None, here())
    assert "told" in found["msg"]
    for text in ("geheim", "other-secret", "hidden"):
        assert text not in str(found)


def test_files_are_loaded_so_that_compiled_code_is_kept() -> None:
    for name in [name for name in sys.modules if name.endswith("_delivery.soak")]:
        del sys.modules[name]
    module = in_process.imported("module_utils._delivery.soak")
    assert isinstance(module.__spec__ and module.__spec__.loader, SourceFileLoader)
