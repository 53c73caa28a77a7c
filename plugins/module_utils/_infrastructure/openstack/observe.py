# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cloud holds of one cluster, and what it offers: read side by side, changed by nobody here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .cloud import Cloud, Found, Kind
from .desired import Desired
from .errors import RefusedError
from .ownership import ANCHOR, key_of, tag, unique_name

THREADS = 8
DESCRIBED = (Kind.NETWORK, Kind.SUBNET, Kind.ROUTER, Kind.PORT, Kind.SECURITY_GROUP, Kind.FLOATING_IP)
GONE = frozenset({"DELETED", "SOFT_DELETED"})


@dataclass(frozen=True, slots=True)
class Item:
    """One object of ours in the cloud."""

    kind: Kind
    key: str
    id: str
    data: Found = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.data.get("name") or self.data.get("floating_ip_address") or self.id)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of something the project may have (-1: any number) and has."""

    limit: int
    used: int

    @property
    def left(self) -> int | None:
        return None if self.limit < 0 else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the cloud offers to anybody in the project."""

    flavors: tuple[Found, ...] = ()
    images: tuple[Found, ...] = ()
    zones: tuple[str, ...] = ()
    networks: tuple[Found, ...] = ()
    subnets: tuple[Found, ...] = ()
    keypairs: tuple[str, ...] = ()
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    has_octavia: bool = False

    def flavor(self, wanted: str) -> Found | None:
        return next((each for each in self.flavors if wanted in (each["name"], each["id"])), None)

    def images_named(self, wanted: str) -> tuple[Found, ...]:
        return tuple(each for each in self.images if wanted in (each["name"], each["id"]))

    def networks_named(self, wanted: str) -> tuple[Found, ...]:
        return tuple(each for each in self.networks if wanted in (each["name"], each["id"]))

    def subnet_of(self, network: str) -> Found | None:
        """The oldest IPv4 subnet of a network, by the network's name or id."""
        ids = {each["id"] for each in self.networks_named(network)}
        subnets = [each for each in self.subnets if each["network_id"] in ids and each["ip_version"] == 4]
        return min(subnets, key=lambda each: str(each["created_at"]), default=None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at a cloud."""

    items: Mapping[str, Item] = field(default_factory=dict)
    """Ours, by key."""
    doubles: tuple[Item, ...] = ()
    """Ours, but the key is taken by a better one: made when an answer was lost, for instance."""
    addresses: frozenset[str] = frozenset()
    """Fixed addresses that are taken in the cluster's network, also by others."""
    interfaces: frozenset[tuple[str, str]] = frozenset()
    """Which router (id) is in which subnet (id)."""
    members: frozenset[str] = frozenset()
    """Addresses that the load balancer leads to."""
    catalogue: Catalogue = Catalogue()

    def of_kind(self, kind: Kind) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.kind is kind)

    def id_of(self, key: str) -> str | None:
        item = self.items.get(key)
        return item.id if item else None


def observe(cloud: Cloud, desired: Desired) -> Snapshot:
    """Look at everything that the plan of this cluster depends on."""
    has_octavia = cloud.has("load-balancer")
    looks: dict[str, Callable[[], Any]] = {kind.noun: partial(cloud.listing, kind) for kind in DESCRIBED}
    looks |= {
        "server": lambda: cloud.listing(Kind.SERVER, details=True, tags=tag(desired.cluster)),
        "server_group": lambda: cloud.listing(Kind.SERVER_GROUP),
        "keypair": lambda: cloud.listing(Kind.KEYPAIR),
        "flavor": lambda: cloud.listing(Kind.FLAVOR, details=True),
        "image": lambda: _images(cloud, desired),
        "zone": lambda: cloud.listing(Kind.ZONE),
        "quota": lambda: quotas(cloud),
        "load_balancer": lambda: cloud.listing(Kind.LOAD_BALANCER) if has_octavia else [],
    }
    with ThreadPoolExecutor(THREADS) as pool:
        futures = {name: pool.submit(look) for name, look in looks.items()}
        seen = {name: future.result() for name, future in futures.items()}
    found = list(_ours(seen, desired.cluster))
    items, doubles = choose(found)
    networks = _our_networks(items, seen["network"], desired)
    return Snapshot(
        items=items,
        doubles=tuple(doubles),
        addresses=frozenset(
            address["ip_address"]
            for port in seen["port"]
            if port["network_id"] in networks
            for address in port["fixed_ips"] or ()
        ),
        interfaces=frozenset(
            (port["device_id"], address["subnet_id"])
            for port in seen["port"]
            if str(port["device_owner"]).startswith("network:router_interface")
            for address in port["fixed_ips"] or ()
        ),
        members=_members(cloud, items.get("balancer")),
        catalogue=Catalogue(
            flavors=tuple(seen["flavor"]),
            images=tuple(seen["image"]),
            zones=tuple(zone["name"] for zone in seen["zone"] if (zone["state"] or {}).get("available", True)),
            networks=tuple(seen["network"]),
            subnets=tuple(seen["subnet"]),
            keypairs=tuple(key["name"] for key in seen["keypair"]),
            quotas=seen["quota"],
            has_octavia=has_octavia,
        ),
    )


def _members(cloud: Cloud, balancer: Item | None) -> frozenset[str]:
    pools = balancer.data["pools"] or () if balancer else ()
    lists = [cloud.send("load_balancer", "GET", f"/lbaas/pools/{pool['id']}/members")["members"] for pool in pools]
    return frozenset(member["address"] for members in lists for member in members)


def quotas(cloud: Cloud) -> dict[str, Quota]:
    """Limits and use of the project, by the words of Nova and Neutron."""
    absolute = cloud.send("compute", "GET", "/limits")["limits"]["absolute"]
    project = cloud.connection.current_project_id
    network = cloud.send("network", "GET", f"/quotas/{project}/details.json")["quota"]
    named = {
        "instances": Quota(absolute["maxTotalInstances"], absolute["totalInstancesUsed"]),
        "cores": Quota(absolute["maxTotalCores"], absolute["totalCoresUsed"]),
        "ram": Quota(absolute["maxTotalRAMSize"], absolute["totalRAMUsed"]),
        "server_groups": Quota(absolute["maxServerGroups"], absolute["totalServerGroupsUsed"]),
        "server_group_members": Quota(absolute["maxServerGroupMembers"], 0),
        "key_pairs": Quota(absolute["maxTotalKeypairs"], 0),
    }
    return named | {
        name: Quota(int(each["limit"]), int(each["used"]) + int(each.get("reserved") or 0))
        for name, each in network.items()
        if isinstance(each, Mapping)
    }


def choose(found: Iterable[Item]) -> tuple[dict[str, Item], list[Item]]:
    """One item for each key, and the rest: the one in use first, then the oldest."""
    by_key: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        by_key[item.key].append(item)
    ranked = {key: sorted(items, key=_rank) for key, items in by_key.items()}
    return (
        {key: items[0] for key, items in ranked.items()},
        [item for items in ranked.values() for item in items[1:]],
    )


def _rank(item: Item) -> tuple[bool, bool, str, str]:
    data = item.data
    in_use = bool(data.get("device_id") or data.get("subnet_ids") or data.get("port_id") or data.get("members"))
    built = data.get("status") in ("ACTIVE", "SHUTOFF")
    return not in_use, not built, str(data.get("created_at") or ""), item.id


def _ours(seen: Mapping[str, list[Found]], cluster: str) -> Iterable[Item]:
    for kind in (*DESCRIBED, Kind.SERVER, Kind.LOAD_BALANCER):
        for data in seen[kind.noun]:
            key = key_of(data["description"], cluster)
            # Nova lists a removed server for a moment more.
            if key is not None and data.get("status") not in GONE:
                yield Item(kind, key, data["id"], data)
    for anchor in seen["security_group"]:
        if key_of(anchor["description"], cluster) == ANCHOR:
            yield from _named(seen, cluster, anchor["id"])


def _named(seen: Mapping[str, list[Found]], cluster: str, anchor: str) -> Iterable[Item]:
    for data in seen["keypair"]:
        if data["name"] == unique_name(cluster, "key", anchor):
            # Nova knows key pairs by name.
            yield Item(Kind.KEYPAIR, "keypair", data["name"], data)
    prefix, suffix = unique_name(cluster, "\0", anchor).split("\0")
    for data in seen["server_group"]:
        if data["name"].startswith(prefix) and data["name"].endswith(suffix):
            machine_set = data["name"].removeprefix(prefix).removesuffix(suffix)
            yield Item(Kind.SERVER_GROUP, f"server-group/{machine_set}", data["id"], data)


def _our_networks(items: Mapping[str, Item], networks: Iterable[Found], desired: Desired) -> set[str]:
    ours = {items["network"].id} if "network" in items else set()
    existing = desired.network.existing
    return ours | {each["id"] for each in networks if existing and existing in (each["name"], each["id"])}


def _images(cloud: Cloud, desired: Desired) -> list[Found]:
    """Only the images that are asked for: a cloud may have thousands."""
    found: dict[str, Found] = {}
    for wanted in sorted({each.image for each in desired.sets}):
        for image in cloud.listing(Kind.IMAGE, name=wanted):
            found[image["id"]] = image
        if not any(image["name"] == wanted for image in found.values()):
            image_by_id = _image(cloud, wanted)
            found |= {image_by_id["id"]: image_by_id} if image_by_id else {}
    return list(found.values())


def _image(cloud: Cloud, image_id: str) -> Found | None:
    try:
        return cloud.get(Kind.IMAGE, image_id)
    except RefusedError as refusal:
        if refusal.status == 400:
            return None
        raise
