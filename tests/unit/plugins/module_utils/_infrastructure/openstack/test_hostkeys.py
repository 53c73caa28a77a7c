# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host keys on consoles."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack import hostkeys
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Cloud, Kind
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.errors import RefusedError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.execute import Limits, Site
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.hostkeys import best_key
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.steps import Act, Ref, Step

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
CONSOLE = f"""\
[   12.3] cloud-init[612]: ssh-ed25519 {KEY[:-4]}aaaa a key that somebody echoed
-----BEGIN SSH HOST KEY KEYS-----
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBL0 root@north-worker-1
ssh-ed25519 {KEY} root@north-worker-1
-----END SSH HOST KEY KEYS-----
north-worker-1 login:
"""


def test_the_key_between_the_marks_is_taken() -> None:
    assert best_key(CONSOLE) == f"ssh-ed25519 {KEY}"


def test_half_a_console_is_waited_for() -> None:
    assert best_key(CONSOLE.partition("-----END")[0]) == ""
    assert best_key("") == ""


def test_the_keys_of_the_last_boot_count() -> None:
    first = CONSOLE.replace(KEY, KEY[:-4] + "zzzz")
    assert best_key(first + CONSOLE) == f"ssh-ed25519 {KEY}"


class BuildingCloud:
    """A server that is at work after two looks at it, or in this state for ever."""

    def __init__(self, status: str) -> None:
        self.looks = 0
        self.status = status
        self.kept: dict[str, str] = {}
        self.connection = SimpleNamespace(compute=self)

    def retried(self, _what: str, call: Callable[[], Any]) -> Any:
        return call()

    def listing(self, _kind: Kind, **_query: Any) -> list[dict[str, Any]]:
        return [{"id": "s1", "status": self.status}]

    def get_server_console_output(self, _server: str) -> dict[str, str]:
        self.looks += 1
        if self.looks <= 2 or self.status == "ERROR":
            raise RefusedError("can't read a console: Instance s1 is not ready.", status=409)
        return {"output": CONSOLE}

    def set_server_metadata(self, _server: str, **metadata: str) -> None:
        self.kept |= metadata


def learnt(cloud: BuildingCloud) -> dict[str, str]:
    site = Site(cast(Cloud, cloud), "north", lambda: None, Limits(), ids={"server/worker/1": "s1"})
    attributes = {"server": Ref("server/worker/1")}
    step = Step(Act.LEARN, Kind.SERVER, "server/worker/1", "north-worker-1", "it is not known", attributes)
    hostkeys.learn_host_key(site, step)
    return cloud.kept


def test_a_server_that_is_still_being_built_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostkeys, "LOOK", 0.0)
    assert list(learnt(BuildingCloud("BUILD")).values()) == [f"ssh-ed25519 {KEY}"]


def test_a_server_that_could_not_be_built_is_not_waited_for() -> None:
    with pytest.raises(RefusedError):
        learnt(BuildingCloud("ERROR"))
