# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What machines need before they can be made: network, security groups, key pair, server groups. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from .cloud import Kind
from .desired import Desired, Spread
from .observe import Item, Snapshot
from .ownership import ANCHOR, mark, unique_name
from .security import Rule, group_name, security
from .steps import Act, Ref, Step, after

NAMED_LATER = "{anchor}"
"""Stands for the anchor's id in names, where the anchor is not there yet."""


def network_steps(desired: Desired, seen: Snapshot, anchor: Sequence[Step]) -> list[Step]:
    """Steps for everything that all machines share."""
    steps = [*_network(desired, seen), *_security_groups(desired, seen)]
    steps += list(_rules(desired, seen, [*anchor, *steps]))
    steps += _key(desired, seen, anchor)
    steps += _server_groups(desired, seen, anchor)
    return steps


def gateway(desired: Desired) -> str:
    """The router's address in a network of our own."""
    network = ipaddress.ip_network(desired.network.cidr)
    return desired.network.gateway or str(network[1])


def _network(desired: Desired, seen: Snapshot) -> Iterator[Step]:
    if desired.network.existing:
        return
    network = _create(desired, Kind.NETWORK, "network", desired.cluster, {})
    subnet = _create(
        desired,
        Kind.SUBNET,
        "subnet",
        desired.cluster,
        {
            "network_id": Ref("network"),
            "ip_version": ipaddress.ip_network(desired.network.cidr).version,
            "cidr": desired.network.cidr,
            "gateway_ip": gateway(desired),
            "dns_nameservers": list(desired.network.dns),
        },
        ("create network",),
    )
    made = [step for step in (network, subnet) if step.key not in seen.items]
    yield from made
    if desired.network.external:
        yield from _router(desired, seen, made)


def _router(desired: Desired, seen: Snapshot, made: Sequence[Step]) -> Iterator[Step]:
    found = seen.catalogue.networks_named(desired.network.external)
    gateway_info = {"network_id": found[0]["id"] if found else ""}
    router = seen.items.get("router")
    if router is None:
        attributes = {"external_gateway_info": gateway_info}
        yield _create(desired, Kind.ROUTER, "router", desired.cluster, attributes)
    elif (router.data["external_gateway_info"] or {}).get("network_id") != gateway_info["network_id"]:
        reason = f"it leads elsewhere than to {desired.network.external}"
        yield _update(router, reason, {"external_gateway_info": gateway_info})
    if not _is_attached(seen):
        before = ("create router", *after(made, "subnet"))
        needed = tuple(step for step in before if step != "create router" or router is None)
        name = f"{desired.cluster} in {desired.network.cidr}"
        yield Step(
            Act.CREATE, Kind.PORT, "interface", name, "the network's way out",
            {"router": Ref("router"), "subnet": Ref("subnet")}, needed,
        )  # fmt: skip


def _is_attached(seen: Snapshot) -> bool:
    subnet, router = seen.id_of("subnet"), seen.id_of("router")
    return subnet is not None and router is not None and (router, subnet) in seen.interfaces


def _security_groups(desired: Desired, seen: Snapshot) -> Iterator[Step]:
    for key in security(desired):
        if key not in seen.items and key != ANCHOR:
            yield _create(desired, Kind.SECURITY_GROUP, key, group_name(desired.cluster, key), {})


def _rules(desired: Desired, seen: Snapshot, groups: Sequence[Step]) -> Iterator[Step]:
    """One step for each group whose rules are not as wanted; rules that others added stay."""
    ids = {key: item.id for key, item in seen.items.items() if item.kind is Kind.SECURITY_GROUP}
    for key, wanted in security(desired).items():
        group = seen.items.get(key)
        found = group.data["security_group_rules"] if group else []
        missing = [rule for rule in wanted if not any(rule.matches(each, ids) for each in found)]
        stale = [
            each["id"]
            for each in found
            if str(each["description"] or "").startswith(mark(desired.cluster, "rule"))
            and not any(rule.matches(each, ids) for rule in wanted)
        ]
        if missing or stale:
            named = {rule.group for rule in missing if rule.group}
            yield Step(
                Act.UPDATE, Kind.SECURITY_GROUP_RULE, f"rules/{key}", f"rules of {group_name(desired.cluster, key)}",
                _explained(missing, len(stale)),
                {"group": Ref(key), "rules": [_rule(desired, key, rule) for rule in missing], "stale": stale},
                after(groups, key, *named), group,
            )  # fmt: skip


def _rule(desired: Desired, key: str, rule: Rule) -> dict[str, Any]:
    low, high = rule.ports or (None, None)
    version = ipaddress.ip_network(rule.cidr).version if rule.cidr else 4
    return {
        "security_group_id": Ref(key),
        "direction": "ingress",
        "ethertype": f"IPv{version}",
        "protocol": rule.protocol,
        "port_range_min": low,
        "port_range_max": high,
        "remote_group_id": Ref(rule.group) if rule.group else None,
        "remote_ip_prefix": rule.cidr or None,
        "description": f"{mark(desired.cluster, 'rule')} {rule.why}",
    }


def _explained(missing: Sequence[Rule], stale: int) -> str:
    parts = []
    if missing:
        parts.append("let in " + ", ".join(dict.fromkeys(_permission(rule) for rule in missing)))
    if stale:
        parts.append(f"take back {stale}")
    return "; ".join(parts)


def _permission(rule: Rule) -> str:
    ports = "" if rule.ports is None else f" {'-'.join(str(port) for port in sorted(set(rule.ports)))}"
    source = rule.cidr or ("all machines" if rule.group == ANCHOR else rule.group.rpartition("/")[2].replace("_", " "))
    return f"{rule.protocol or 'all'}{ports} from {source}"


def _key(desired: Desired, seen: Snapshot, anchor: Sequence[Step]) -> Iterator[Step]:
    if desired.key.public_key and "keypair" not in seen.items:
        name = unique_name(desired.cluster, "key", seen.id_of(ANCHOR) or NAMED_LATER)
        attributes = {"name": name, "public_key": desired.key.public_key.strip()}
        yield Step(
            Act.CREATE, Kind.KEYPAIR, "keypair", desired.cluster, "the key that machines are made with",
            attributes, after(anchor, ANCHOR),
        )  # fmt: skip


def _server_groups(desired: Desired, seen: Snapshot, anchor: Sequence[Step]) -> Iterator[Step]:
    for each in desired.sets:
        key = f"server-group/{each.name}"
        if each.spread is not Spread.ANYHOW and key not in seen.items:
            name = unique_name(desired.cluster, each.name, seen.id_of(ANCHOR) or NAMED_LATER)
            attributes = {"name": name, "policy": each.spread.value}
            reason = f"{each.spread.value} of set {each.name}"
            shown = f"{desired.cluster}-{each.name}"
            yield Step(Act.CREATE, Kind.SERVER_GROUP, key, shown, reason, attributes, after(anchor, ANCHOR))


def _create(
    desired: Desired, kind: Kind, key: str, name: str, attributes: dict[str, Any], before: tuple[str, ...] = ()
) -> Step:
    full = {"name": name, "description": mark(desired.cluster, key), **attributes}
    return Step(Act.CREATE, kind, key, name, "it is missing", full, before)


def _update(item: Item, reason: str, attributes: dict[str, Any]) -> Step:
    return Step(Act.UPDATE, item.kind, item.key, item.name, reason, attributes, item=item)
