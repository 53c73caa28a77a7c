# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines there will be, and the steps that make, replace and remove them: pure."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .cloud import Kind
from .desired import Desired, HostKeys, Keeper, Role, ServerSet, Spread
from .observe import Item, Snapshot
from .ownership import ANCHOR, HOST_KEY, KEEPER, machine_name, mark, tag, unique_name
from .plan_balancer import API_ADDRESS, api_keys, floating_step
from .plan_network import NAMED_LATER, gateway
from .security import group_key
from .steps import Act, Machine, Ref, Step, after

BROKEN = "ERROR"
# Room for addresses that pass between machines, in a network of our own.
RESERVED = 10


def planned_machines(desired: Desired, seen: Snapshot) -> tuple[Machine, ...]:
    """The machines of all sets: those that stay, and new ones with the lowest free numbers and addresses."""
    free = _free_addresses(desired, seen)
    machines = []
    for each in desired.sets:
        for index in _indexes(desired, seen, each):
            machines.append(_machine(desired, seen, each, index, free))
    return tuple(machines)


def machine_steps(desired: Desired, seen: Snapshot, machines: Sequence[Machine], before: Sequence[Step]) -> list[Step]:
    """Steps for ports, servers and floating addresses of the machines that are wanted."""
    sets = {each.name: each for each in desired.sets}
    steps: list[Step] = []
    for machine in machines:
        each = sets[machine.machine_set]
        ports = list(_port(desired, seen, machine, before))
        servers = list(_server(desired, seen, each, machine, [*before, *ports]))
        steps += [*ports, *servers, *_host_key(desired, seen, machine, servers)]
        if each.floating:
            key = f"floating/{_path(machine)}"
            steps += floating_step(desired, seen, key, machine.name, f"port/{_path(machine)}", [*before, *ports])
    return steps


def surplus(desired: Desired, seen: Snapshot, machines: Sequence[Machine]) -> list[Step]:
    """Steps that remove what belongs to machines that are not wanted, and addresses nobody asks for."""
    wanted = {f"{kind}/{_path(machine)}" for kind in ("server", "port") for machine in machines}
    floating = {each.name for each in desired.sets if each.floating}
    wanted |= {f"floating/{_path(machine)}" for machine in machines if machine.machine_set in floating}
    wanted |= api_keys(desired, seen)
    others = _kept_by_others(desired, seen)
    steps: list[Step] = []
    for kind in (Kind.FLOATING_IP, Kind.SERVER, Kind.PORT):
        earlier = tuple(step.id for step in steps)
        for item in seen.of_kind(kind):
            if item.key not in wanted and _set_of(item) not in others:
                reason = f"{_owner(desired, item.key)} is not to be there"
                steps.append(Step(Act.DELETE, kind, item.key, item.name, reason, after=earlier, item=item))
    return [*steps, *_surplus_groups(desired, seen, steps, others)]


def indexes_of(seen: Snapshot, machine_set: str) -> dict[int, Item]:
    """What stands for each machine of a set: its server, else its port."""
    found: dict[int, Item] = {}
    for item in (*seen.of_kind(Kind.PORT), *seen.of_kind(Kind.SERVER)):
        parts = item.key.split("/")
        if len(parts) == 3 and parts[1] == machine_set and parts[2].isdigit():
            found[int(parts[2])] = item
    return found


def _indexes(desired: Desired, seen: Snapshot, each: ServerSet) -> list[int]:
    """The numbers that stay or come: when there are too many, half-made and then the newest machines go."""
    there = indexes_of(seen, each.name)
    banned = set(each.remove)
    staying = [index for index in there if machine_name(desired.cluster, each.name, index) not in banned]
    staying.sort(key=lambda index: (there[index].kind is not Kind.SERVER, str(there[index].data["created_at"]), index))
    chosen = staying[: each.count]
    candidate = 0
    while len(chosen) < each.count:
        candidate += 1
        if candidate not in there and machine_name(desired.cluster, each.name, candidate) not in banned:
            chosen.append(candidate)
    return sorted(chosen)


def _machine(desired: Desired, seen: Snapshot, each: ServerSet, index: int, free: Iterator[str]) -> Machine:
    path = f"{each.name}/{index}"
    port, server = seen.items.get(f"port/{path}"), seen.items.get(f"server/{path}")
    addresses = [address["ip_address"] for address in port.data["fixed_ips"] or ()] if port else []
    zone = str(server.data["availability_zone"] or "") if server else ""
    if not zone and each.zones:
        zone = each.zones[(index - 1) % len(each.zones)]
    name = machine_name(desired.cluster, each.name, index)
    return Machine(name, each.name, each.role.value, addresses[0] if addresses else next(free, ""), zone)


def _path(machine: Machine) -> str:
    return f"{machine.machine_set}/{machine.name.rpartition('-')[2]}"


def _port(desired: Desired, seen: Snapshot, machine: Machine, before: Sequence[Step]) -> Iterator[Step]:
    key = f"port/{_path(machine)}"
    role = group_key(Role(machine.role))
    pairs: list[dict[str, Any]] = [{"ip_address": cidr} for cidr in desired.pod_cidrs]
    if machine.role == Role.LOAD_BALANCER.value:
        pairs.append({"ip_address": Ref(API_ADDRESS)})
    there = seen.items.get(key)
    if there is None:
        attributes = {
            "name": machine.name,
            "description": mark(desired.cluster, key),
            "network_id": Ref("network"),
            "fixed_ips": [{"subnet_id": Ref("subnet"), "ip_address": machine.address}],
            "security_group_ids": [Ref(ANCHOR), Ref(role)],
            "allowed_address_pairs": pairs,
        }
        needed = after(before, "network", "subnet", ANCHOR, role, API_ADDRESS)
        yield Step(Act.CREATE, Kind.PORT, key, machine.name, f"address {machine.address}", attributes, needed)
        return
    groups = {seen.id_of(ANCHOR), seen.id_of(role)}
    known = {str(pair["ip_address"]) for pair in there.data["allowed_address_pairs"] or ()}
    if not groups <= set(there.data["security_group_ids"] or ()) or not set(desired.pod_cidrs) <= known:
        attributes = {"security_group_ids": [Ref(ANCHOR), Ref(role)], "allowed_address_pairs": pairs}
        reason = "its security groups or pod ranges are not as wanted"
        yield Step(
            Act.UPDATE, Kind.PORT, key, machine.name, reason, attributes, after(before, ANCHOR, role), there
        )  # fmt: skip


def _server(
    desired: Desired, seen: Snapshot, each: ServerSet, machine: Machine, before: Sequence[Step]
) -> Iterator[Step]:
    key = f"server/{_path(machine)}"
    there = seen.items.get(key)
    reason = _why_build(each, machine, there)
    if reason:
        group = f"server-group/{each.name}"
        act = Act.REPLACE if there else Act.CREATE
        needed = after(before, f"port/{_path(machine)}", group, "keypair", "interface", f"rules/{ANCHOR}")
        attributes = _server_attributes(desired, seen, each, machine, key)
        yield Step(act, Kind.SERVER, key, machine.name, reason, attributes, needed, there)


def _host_key(desired: Desired, seen: Snapshot, machine: Machine, before: Sequence[Step]) -> Iterator[Step]:
    server = seen.items.get(f"server/{_path(machine)}")
    known = HOST_KEY in (server.data["metadata"] or {}) if server else False
    if desired.host_keys is HostKeys.CONSOLE and (before or not known):
        key, reason = f"host-key/{_path(machine)}", "learn its SSH host key from the console"
        attributes = {"server": Ref(f"server/{_path(machine)}")}
        needed = after(before, f"server/{_path(machine)}")
        yield Step(Act.LEARN, Kind.SERVER, key, machine.name, reason, attributes, needed)


def _why_build(each: ServerSet, machine: Machine, there: Item | None) -> str:
    if there is None:
        return f"{each.flavor} with {each.image}"
    if there.data["status"] == BROKEN:
        fault = (there.data.get("fault") or {}).get("message", "no reason given")
        return f"it is {there.data['status']}: {fault}"
    if (each.replace or {}).get(machine.name) == there.id:
        return f"it is to be made anew, as {each.flavor} with {each.image}"
    return ""


def _server_attributes(desired: Desired, seen: Snapshot, each: ServerSet, machine: Machine, key: str) -> dict[str, Any]:
    flavor = seen.catalogue.flavor(each.flavor)
    images = seen.catalogue.images_named(each.image)
    image = images[0]["id"] if images else ""
    attributes: dict[str, Any] = {
        "name": machine.name,
        "description": mark(desired.cluster, key),
        "flavor_id": flavor["id"] if flavor else "",
        "image_id": image,
        "networks": [{"port": Ref(f"port/{_path(machine)}")}],
        "metadata": metadata(desired, machine) | ({} if each.keeper is Keeper.PLAY else {KEEPER: each.keeper.value}),
        "tags": ["navarch", tag(desired.cluster)],
        "config_drive": True,
    }
    if desired.key.name:
        attributes["key_name"] = desired.key.name
    elif desired.key.public_key or "keypair" in seen.items:
        attributes["key_name"] = unique_name(desired.cluster, "key", seen.id_of(ANCHOR) or NAMED_LATER)
    if machine.zone:
        attributes["availability_zone"] = machine.zone
    if each.spread is not Spread.ANYHOW:
        attributes["scheduler_hints"] = {"group": Ref(f"server-group/{each.name}")}
    if desired.user_data:
        attributes["user_data"] = base64.b64encode(desired.user_data.encode()).decode()
    if each.volumes:
        attributes["block_device_mapping"] = list(_disks(image, each.volumes))
    return attributes


def metadata(desired: Desired, machine: Machine) -> dict[str, str]:
    """What everybody can read on the server itself."""
    return {"navarch_cluster": desired.cluster, "navarch_set": machine.machine_set, "navarch_role": machine.role}


def _disks(image: str, volumes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The image's own disk, and volumes that Nova makes and removes together with the server."""
    yield {
        "boot_index": 0,
        "source_type": "image",
        "uuid": image,
        "destination_type": "local",
        "delete_on_termination": True,
    }
    for size in volumes:
        yield {
            "boot_index": -1,
            "source_type": "blank",
            "destination_type": "volume",
            "volume_size": size,
            "delete_on_termination": True,
        }


def api_address(desired: Desired, seen: Snapshot) -> str:
    """The address that balancing machines share: the one they have, else one that no machine gets."""
    port = seen.items.get(API_ADDRESS)
    if port is not None:
        return str(port.data["fixed_ips"][0]["ip_address"])
    if desired.network.existing:
        return next(iter(reversed(list(_free_addresses(desired, seen)))), "")
    network = ipaddress.ip_network(desired.network.cidr)
    low = [str(network[place]) for place in range(2, RESERVED)] if network.num_addresses > 4 * RESERVED else []
    free = [address for address in low if address not in seen.addresses and address != gateway(desired)]
    return free[-1] if free else next(iter(reversed(list(_free_addresses(desired, seen)))), "")


def _free_addresses(desired: Desired, seen: Snapshot) -> Iterator[str]:
    if desired.network.existing:
        found = seen.catalogue.subnet_of(desired.network.existing)
        pools: Sequence[Mapping[str, str]] = found["allocation_pools"] if found else ()
        candidates = [address for pool in pools for address in _between(pool["start"], pool["end"])]
        reserved = str(found["gateway_ip"]) if found else ""
    else:
        network = ipaddress.ip_network(desired.network.cidr)
        skipped = RESERVED if network.num_addresses > 4 * RESERVED else 1
        candidates = _between(str(network[skipped]), str(network[min(network.num_addresses, 1 << 16) - 2]))
        reserved = gateway(desired)
    return iter([address for address in candidates if address not in seen.addresses and address != reserved])


def _between(first: str, last: str) -> list[str]:
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    return [str(low + step) for step in range(min(int(high) - int(low) + 1, 1 << 16))]


def _owner(desired: Desired, key: str) -> str:
    parts = key.split("/")
    return machine_name(desired.cluster, parts[1], int(parts[2])) if len(parts) == 3 else parts[-1]


def _kept_by_others(desired: Desired, seen: Snapshot) -> set[str]:
    """Sets that nobody lists here, and that somebody else has machines in."""
    keepers = {_set_of(item): (item.data["metadata"] or {}).get(KEEPER) for item in seen.of_kind(Kind.SERVER)}
    listed = {each.name for each in desired.sets}
    return {name for name, keeper in keepers.items() if keeper == Keeper.MACHINE_SET.value and name not in listed}


def _set_of(item: Item) -> str:
    return [*item.key.split("/"), ""][1]


def _surplus_groups(desired: Desired, seen: Snapshot, steps: Sequence[Step], others: set[str]) -> Iterator[Step]:
    wanted = {f"server-group/{each.name}" for each in desired.sets if each.spread is not Spread.ANYHOW}
    earlier = tuple(step.id for step in steps if step.kind is Kind.SERVER)
    for item in seen.of_kind(Kind.SERVER_GROUP):
        if item.key not in wanted and _set_of(item) not in others:
            reason = "no machine set asks for it"
            yield Step(Act.DELETE, item.kind, item.key, item.name, reason, after=earlier, item=item)
