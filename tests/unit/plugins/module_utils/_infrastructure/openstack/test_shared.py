# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Kind
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.desired import (
    Desired,
    Key,
    Network,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.observe import Item, Snapshot
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.shared import as_there


def seen(*items: Item) -> Snapshot:
    return Snapshot({item.key: item for item in items})


def port(key: str, *pairs: str) -> Item:
    addresses = [{"ip_address": pair} for pair in pairs]
    return Item(Kind.PORT, key, key, {"network_id": "net-7", "allowed_address_pairs": addresses})


def server(key: str, key_name: str | None) -> Item:
    data: dict[str, Any] = {"key_name": key_name}
    return Item(Kind.SERVER, key, key, data)


SUBNET = Item(Kind.SUBNET, "subnet", "subnet-1", {"cidr": "10.20.0.0/24", "gateway_ip": "10.20.0.254"})
THERE = seen(
    SUBNET, port("port/worker/1", "10.244.0.0/16"), port("port/lb/1", "10.20.0.9"), server("server/worker/1", "fleet")
)


def test_a_later_set_comes_into_the_network_of_the_cluster() -> None:
    filled = as_there(Desired("north"), THERE, ())
    assert filled.network == Network(cidr="10.20.0.0/24", gateway="10.20.0.254")
    assert filled.pod_cidrs == ("10.244.0.0/16",)
    assert filled.key == Key(name="fleet")


def test_a_network_that_somebody_else_keeps_is_known_by_the_machines_in_it() -> None:
    assert as_there(Desired("north"), seen(port("port/worker/1")), ()).network == Network(existing="net-7")


def test_what_is_given_stays() -> None:
    given = Desired("north", network=Network(cidr="10.30.0.0/24"), key=Key(name="mine"), pod_cidrs=("10.245.0.0/16",))
    assert as_there(given, THERE, ("network", "key", "pod_cidrs")) == given


def test_nothing_is_made_up_where_nothing_is() -> None:
    assert as_there(Desired("north"), seen(), ()) == Desired("north")
