# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts of the data centre as machines; the hosts are listening sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.idc import IdcProvider
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.provider import MachineSet
from ansible_collections.navarch.fleet.tests.unit.plugins.module_utils._infrastructure.provider_contract import (
    ProviderContract,
    known,
    names,
    reach,
)

CAPACITY = {"cpu": "16", "memory": "64Gi"}


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


def hosts(port: int, *named: str, zone: str = "") -> list[dict[str, object]]:
    return [{"name": name, "address": "127.0.0.1", "port": port, "zone": zone} for name in named]


class TestContract(ProviderContract):
    @pytest.fixture
    def provider(self) -> IdcProvider:
        return IdcProvider()

    @pytest.fixture
    def machine_set(self, port: int) -> MachineSet:
        return MachineSet("racks", "north", {"hosts": hosts(port, "h1", "h2", "h3"), "capacity": CAPACITY})

    @pytest.fixture
    def other(self, port: int) -> MachineSet:
        return MachineSet("others", "north", {"hosts": hosts(port, "o1"), "capacity": CAPACITY})

    @pytest.fixture
    def impossible(self) -> MachineSet:
        return MachineSet("racks", "north", {"hosts": [], "capacity": CAPACITY})


def test_a_host_that_does_not_answer_is_passed_over_and_named(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead_port = closed.getsockname()[1]
    pool = [*hosts(dead_port, "dead"), *hosts(port, "alive")]
    machine_set = MachineSet("racks", "north", {"hosts": pool, "capacity": CAPACITY})
    result = IdcProvider().apply(IdcProvider().plan(machine_set, 2))
    assert names(result.machines) == {"alive"}
    assert "host dead does not answer: 127.0.0.1" in str(result.errors[0])


def test_zones_take_turns(port: int) -> None:
    pool = [*hosts(port, "a1", "a2", zone="a"), *hosts(port, "b1", zone="b")]
    machine_set = MachineSet("racks", "north", {"hosts": pool, "capacity": CAPACITY}, zones=("a", "b"))
    assert IdcProvider().plan(machine_set, 3).create == ("a1", "b1", "a2")


def test_room_is_what_is_spare(port: int) -> None:
    machine_set = MachineSet("racks", "north", {"hosts": hosts(port, "h1", "h2"), "capacity": CAPACITY})
    used = known(machine_set, reach(IdcProvider(), machine_set, 1))
    assert IdcProvider().room(used, 5).machines == 1
    assert IdcProvider().room(used, 5).limit == "1 of 2 hosts are in use"
