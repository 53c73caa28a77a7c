# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a cloud can give what is wanted, known before the first object is made: pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .cloud import Found, Kind
from .desired import Balancer, Desired, Role, ServerSet, Spread
from .errors import Finding
from .observe import Catalogue, Snapshot
from .steps import Act, Step

_COUNTED = {
    Kind.SERVER: "instances",
    Kind.SERVER_GROUP: "server_groups",
    Kind.KEYPAIR: "key_pairs",
    Kind.NETWORK: "network",
    Kind.SUBNET: "subnet",
    Kind.ROUTER: "router",
    Kind.PORT: "port",
    Kind.FLOATING_IP: "floatingip",
    Kind.SECURITY_GROUP: "security_group",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan takes of one quota."""

    needs: int
    used: int
    limit: int

    @property
    def fits(self) -> bool:
        return self.limit < 0 or self.needs <= 0 or self.used + self.needs <= self.limit


def costs(desired: Desired, seen: Snapshot, steps: Sequence[Step]) -> dict[str, Cost]:
    """What these steps take of each quota, at most: what is removed meanwhile is not counted on."""
    needs: Counter[str] = Counter()
    for step in steps:
        if step.kind is Kind.SECURITY_GROUP_RULE:
            needs["security_group_rule"] += len(step.attributes["rules"]) - len(step.attributes["stale"])
        elif step.act is Act.CREATE and step.kind in _COUNTED:
            needs[_COUNTED[step.kind]] += 1
            if step.kind is Kind.SECURITY_GROUP:
                needs["security_group_rule"] += 2  # Neutron lets a new group's packets out
            if step.kind is Kind.SERVER:
                needs += _size(seen.catalogue, str(step.attributes["flavor_id"]))
    limits = seen.catalogue.quotas
    return {
        name: Cost(number, limits[name].used, limits[name].limit)
        for name, number in sorted(needs.items())
        if name in limits and number
    }


def check(desired: Desired, seen: Snapshot, steps: Sequence[Step]) -> list[Finding]:
    """Every reason why the steps can't succeed."""
    findings = [*_networks(desired, seen.catalogue), *_key(desired, seen.catalogue), *_balancer(desired, seen)]
    for each in desired.sets:
        findings += _machine_set(desired, each, seen.catalogue)
    findings += _addresses(desired, seen, steps)
    for name, cost in costs(desired, seen, steps).items():
        if not cost.fits:
            findings.append(_short(name, cost))
    return findings


def _short(name: str, cost: Cost) -> Finding:
    short = cost.used + cost.needs - cost.limit
    return Finding(
        f"quota {name}",
        f"{cost.needs} more are needed, {cost.used} of {cost.limit} are used, {short} too few",
        f"Ask for a quota of {cost.used + cost.needs} or want less",
    )


def _machine_set(desired: Desired, each: ServerSet, catalogue: Catalogue) -> Iterator[Finding]:
    where = f"machine set {each.name}"
    flavor = catalogue.flavor(each.flavor)
    if flavor is None:
        known = ", ".join(sorted(str(known["name"]) for known in catalogue.flavors)[:12]) or "none"
        yield Finding(where, f"there is no flavor {each.flavor}", f"There are {known}")
    images = catalogue.images_named(each.image)
    if not images:
        yield Finding(where, f"there is no image {each.image} that this project may use", "Upload or share it")
    elif len(images) > 1:
        ids = ", ".join(str(image["id"]) for image in images)
        yield Finding(where, f"{len(images)} images are named {each.image}", f"Name one by its id: {ids}")
    else:
        yield from _image(where, images[0], flavor)
    for zone in each.zones:
        if zone not in catalogue.zones:
            known = ", ".join(catalogue.zones) or "none"
            yield Finding(where, f"there is no availability zone {zone}", f"Available are {known}")
    members = catalogue.quotas.get("server_group_members")
    if each.spread is not Spread.ANYHOW and members and 0 <= members.limit < each.count:
        yield Finding(
            "quota server_group_members",
            f"machine set {each.name} needs {each.count} in one server group, {members.limit} are allowed",
            "Ask for more, or set spread to none",
        )
    if each.floating and not desired.network.external:
        yield Finding(where, "floating addresses need an external network", "Set external of the network")


def _image(where: str, image: Found, flavor: Found | None) -> Iterator[Finding]:
    if image["status"] != "active":
        yield Finding(where, f"image {image['name']} is {image['status']}, not active", "Upload it anew")
    if flavor is None:
        return
    disk, memory = int(image["min_disk"] or 0), int(image["min_ram"] or 0)
    if 0 < int(flavor["disk"]) < disk:
        yield Finding(
            where,
            f"image {image['name']} needs a disk of {disk} GiB, flavor {flavor['name']} has {flavor['disk']}",
            "Take a larger flavor",
        )
    if int(flavor["ram"]) < memory:
        yield Finding(
            where,
            f"image {image['name']} needs {memory} MiB of memory, flavor {flavor['name']} has {flavor['ram']}",
            "Take a larger flavor",
        )


def _networks(desired: Desired, catalogue: Catalogue) -> Iterator[Finding]:
    wanted = desired.network
    if wanted.existing:
        found = catalogue.networks_named(wanted.existing)
        if len(found) != 1:
            problem = "there is no such network" if not found else f"{len(found)} networks have this name"
            yield Finding(f"network {wanted.existing}", problem, "Name one that exists, best by its id")
        elif catalogue.subnet_of(wanted.existing) is None:
            yield Finding(f"network {wanted.existing}", "it has no IPv4 subnet", "Make one, or take another network")
    if wanted.external:
        found = catalogue.networks_named(wanted.external)
        external = [each for each in found if each["is_router_external"]]
        if not external:
            known = ", ".join(sorted(str(each["name"]) for each in catalogue.networks if each["is_router_external"]))
            problem = "it is no external network" if found else "there is no such network"
            yield Finding(f"external network {wanted.external}", problem, f"External are {known or 'none'}")
    if not wanted.existing:
        network = ipaddress.ip_network(wanted.cidr)
        if wanted.gateway and ipaddress.ip_address(wanted.gateway) not in network:
            yield Finding("gateway", f"{wanted.gateway} is not in {network}", "Give an address of the range")
        for pods in desired.pod_cidrs:
            other = ipaddress.ip_network(pods)
            if other.version == network.version and other.overlaps(network):
                yield Finding("pod_cidrs", f"{pods} overlaps with the machines' {network}", "Choose another range")


def _key(desired: Desired, catalogue: Catalogue) -> Iterator[Finding]:
    if desired.key.name and desired.key.name not in catalogue.keypairs:
        known = ", ".join(sorted(catalogue.keypairs)[:12]) or "none"
        yield Finding(f"key pair {desired.key.name}", "this user has no such key pair", f"There are {known}")


def _balancer(desired: Desired, seen: Snapshot) -> Iterator[Finding]:
    if desired.balancer is Balancer.OCTAVIA and not seen.catalogue.has_octavia:
        yield Finding("balancer", "this cloud has no Octavia", "Choose machines or none")
    if desired.balancer is Balancer.MACHINES and not desired.of_role(Role.LOAD_BALANCER):
        yield Finding("balancer", "no machine set has the role load_balancer", "Add one, or choose another balancer")
    if desired.balancer_floating and not desired.network.external:
        yield Finding("balancer", "its floating address needs an external network", "Set external of the network")


def _addresses(desired: Desired, seen: Snapshot, steps: Sequence[Step]) -> Iterator[Finding]:
    without = [
        step.name
        for step in steps
        if step.kind is Kind.PORT and step.act is Act.CREATE and "fixed_ips" in step.attributes
        and not step.attributes["fixed_ips"][0]["ip_address"]
    ]  # fmt: skip
    if without:
        where = desired.network.existing or desired.network.cidr
        yield Finding(f"network {where}", f"no address is left for {', '.join(without)}", "Take a larger range")


def _size(catalogue: Catalogue, flavor_id: str) -> Mapping[str, int]:
    flavor = next((each for each in catalogue.flavors if each["id"] == flavor_id), None)
    return Counter({"cores": int(flavor["vcpus"]), "ram": int(flavor["ram"])}) if flavor else Counter()
