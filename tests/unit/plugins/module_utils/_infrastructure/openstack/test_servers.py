# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that go; a cloud that counts what it is asked."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack import servers, watch
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Cloud, Kind
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.errors import UnavailableError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.execute import Limits, Site
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.observe import Item
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.steps import Act, Step


class SlowCloud:
    """A server that is deleted goes after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self.asked: Counter[str] = Counter()

    def listing(self, _kind: Kind, **_query: Any) -> list[dict[str, Any]]:
        self.asked["list"] += 1
        return [self._server()] if self.asked["list"] <= self._looks else []

    def get(self, _kind: Kind, _server: str) -> dict[str, Any] | None:
        self.asked["get"] += 1
        return self._server() if self.asked["list"] <= self._looks else None

    def delete(self, _kind: Kind, _server: str) -> None:
        self.asked["delete"] += 1

    def _server(self) -> dict[str, Any]:
        return {"id": "s1", "status": "ACTIVE", "description": ""}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LOOK", 0.0)
    monkeypatch.setattr(watch, "LOOK", 0.0)


def deleted(cloud: SlowCloud, timeout: float = 60) -> None:
    site = Site(cast(Cloud, cloud), "north", lambda: None, Limits(build_timeout=timeout))
    item = Item(Kind.SERVER, "server/worker/1", "s1", {})
    servers.delete_server(
        site, Step(Act.DELETE, Kind.SERVER, "server/worker/1", "north-worker-1", "too many", item=item)
    )


def test_a_server_that_goes_is_looked_for_in_the_list_that_all_share_and_once_by_itself() -> None:
    cloud = SlowCloud(looks=5)

    deleted(cloud)

    assert cloud.asked == {"delete": 1, "list": 6, "get": 1}


def test_a_server_that_does_not_go_is_said_to_stay() -> None:
    with pytest.raises(UnavailableError, match="does not go away, it is ACTIVE"):
        deleted(SlowCloud(looks=10**6), timeout=0)
