# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands before the API servers, and floating addresses: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .cloud import Kind
from .desired import Balancer, Desired, Role
from .observe import Snapshot
from .ownership import ANCHOR, mark, tag
from .security import API, group_key
from .steps import Act, Machine, Ref, Step, after

API_ADDRESS = "api-address"
"""Key of the port whose address the machines of role load_balancer pass between them."""


def balancer(desired: Desired, seen: Snapshot) -> Balancer:
    """What it comes to, where the choice was left to us."""
    if desired.balancer is not Balancer.AUTOMATIC:
        return desired.balancer
    if desired.of_role(Role.LOAD_BALANCER):
        return Balancer.MACHINES
    planes = sum(each.count for each in desired.of_role(Role.CONTROL_PLANE))
    return Balancer.OCTAVIA if seen.catalogue.has_octavia and planes > 1 else Balancer.NONE


def api_keys(desired: Desired, seen: Snapshot) -> set[str]:
    """Keys of the ports and floating addresses that belong to the API's address."""
    kind = balancer(desired, seen)
    if kind is Balancer.MACHINES:
        return {API_ADDRESS, "floating/api"} if desired.balancer_floating else {API_ADDRESS}
    return {"floating/balancer"} if kind is Balancer.OCTAVIA and desired.balancer_floating else set()


def balancer_steps(desired: Desired, seen: Snapshot, machines: Sequence[Machine], before: Sequence[Step]) -> list[Step]:
    """Steps for the API's address and what leads from it to the control planes."""
    kind = balancer(desired, seen)
    if kind is Balancer.OCTAVIA:
        return list(_octavia(desired, seen, machines, before))
    there = seen.items.get("balancer")
    if there is not None:
        return [
            Step(Act.DELETE, there.kind, there.key, there.name, "no balancer of this kind is asked for", item=there)
        ]
    return []


def api_address_steps(desired: Desired, seen: Snapshot, address: str, before: Sequence[Step]) -> list[Step]:
    """The address that balancing machines share, and its floating address."""
    if balancer(desired, seen) is not Balancer.MACHINES:
        return []
    steps = []
    if API_ADDRESS not in seen.items:
        name = f"{desired.cluster}-api"
        attributes: dict[str, Any] = {
            "name": name,
            "description": mark(desired.cluster, API_ADDRESS),
            "network_id": Ref("network"),
            "fixed_ips": [{"subnet_id": Ref("subnet"), "ip_address": address}],
            "security_group_ids": [Ref(ANCHOR), Ref(group_key(Role.LOAD_BALANCER))],
        }
        needed = after(before, "network", "subnet", ANCHOR, group_key(Role.LOAD_BALANCER))
        steps.append(Step(Act.CREATE, Kind.PORT, API_ADDRESS, name, f"address {address}", attributes, needed))
    if desired.balancer_floating:
        steps += floating_step(desired, seen, "floating/api", f"{desired.cluster}-api", API_ADDRESS, [*before, *steps])
    return steps


def floating_step(
    desired: Desired, seen: Snapshot, key: str, name: str, port: str, before: Sequence[Step]
) -> list[Step]:
    """A floating address for a port, unless it has one."""
    there = seen.items.get(key)
    if there is None:
        found = seen.catalogue.networks_named(desired.network.external)
        attributes = {
            "description": mark(desired.cluster, key),
            "floating_network_id": found[0]["id"] if found else "",
            "port_id": Ref(port),
        }
        reason = f"floating address in {desired.network.external}"
        return [Step(Act.CREATE, Kind.FLOATING_IP, key, name, reason, attributes, after(before, port, "interface"))]
    port_id = seen.id_of(port)
    if there.data["port_id"] != port_id or port_id is None:
        attributes = {"port_id": Ref(port)}
        return [
            Step(Act.UPDATE, Kind.FLOATING_IP, key, name, "it leads nowhere", attributes, after(before, port), there)
        ]
    return []


def _octavia(desired: Desired, seen: Snapshot, machines: Sequence[Machine], before: Sequence[Step]) -> Iterator[Step]:
    addresses = sorted(machine.address for machine in machines if machine.role == Role.CONTROL_PLANE.value)
    members = [{"address": address, "protocol_port": API[0]} for address in addresses]
    there = seen.items.get("balancer")
    name = f"{desired.cluster}-api"
    if there is None:
        # One request for all of it: a kill leaves the whole balancer or none.
        pool = {
            "name": name,
            "protocol": "TCP",
            "lb_algorithm": "LEAST_CONNECTIONS",
            "healthmonitor": {"type": "TCP", "delay": 5, "timeout": 3, "max_retries": 2, "name": name},
            "members": members,
        }
        attributes: dict[str, Any] = {
            "name": name,
            "description": mark(desired.cluster, "balancer"),
            "vip_subnet_id": Ref("subnet"),
            "tags": [tag(desired.cluster)],
            "listeners": [{"name": name, "protocol": "TCP", "protocol_port": API[0], "default_pool": pool}],
        }
        needed = after(before, "subnet")
        yield Step(Act.CREATE, Kind.LOAD_BALANCER, "balancer", name, "it is missing", attributes, needed)
    elif sorted(seen.members) != addresses:
        reason = f"it leads to {', '.join(sorted(seen.members)) or 'nowhere'}, not to {', '.join(addresses)}"
        yield Step(Act.UPDATE, there.kind, "balancer", name, reason, {"members": members}, (), there)
    if desired.balancer_floating:
        port = there.data["vip_port_id"] if there is not None else ""
        yield from _balancer_floating(desired, seen, name, port, "balancer" if there is None else "")


def _balancer_floating(desired: Desired, seen: Snapshot, name: str, port: str, made_by: str) -> Iterator[Step]:
    there = seen.items.get("floating/balancer")
    if there is not None and port and there.data["port_id"] == port:
        return
    found = seen.catalogue.networks_named(desired.network.external)
    attributes = {"port_id": port or Ref("balancer-port")}
    needed = (f"create {made_by}",) if made_by else ()
    if there is not None:
        yield Step(
            Act.UPDATE, Kind.FLOATING_IP, "floating/balancer", name, "it leads nowhere", attributes, needed, there
        )  # fmt: skip
        return
    attributes |= {
        "description": mark(desired.cluster, "floating/balancer"),
        "floating_network_id": found[0]["id"] if found else "",
    }
    reason = f"floating address in {desired.network.external}"
    yield Step(Act.CREATE, Kind.FLOATING_IP, "floating/balancer", name, reason, attributes, needed)
