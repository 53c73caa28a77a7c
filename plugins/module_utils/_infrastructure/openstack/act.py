# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each kind of step does in the cloud, but for servers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .cloud import Found, Kind
from .errors import CloudError, RefusedError, UnavailableError
from .execute import Handler, Site
from .hostkeys import learn_host_key
from .ownership import ANCHOR, key_of, tag
from .plan_network import NAMED_LATER
from .servers import create_server, delete_server, replace_server
from .steps import Ref, Step

PAUSE = 0.5
_PATHS = {Kind.FLOATING_IP: "floatingips"}
_NAMELESS = frozenset({Kind.FLOATING_IP})


def create_described(site: Site, step: Step) -> None:
    """Make a network, subnet, router, port, security group or floating address."""
    if step.key == "interface":
        attach_router(site, step)
        return
    attributes = resolved(site, step)
    if step.kind in _NAMELESS:
        attributes.pop("name", None)
    made = site.cloud.create(step.kind, lambda: find(site, step.kind, step.key), **attributes)
    site.ids[step.key] = made["id"]
    _tag(site, step.kind, made["id"])


def update_described(site: Site, step: Step) -> None:
    """Change what a step names of an object that is there."""
    attributes = resolved(site, step)
    update = getattr(site.cloud.connection.network, f"update_{step.kind.noun}")
    object_id = step.seen.id
    site.cloud.retried(f"change {step.kind.word} {step.name}", lambda: update(object_id, **attributes))
    site.ids[step.key] = object_id


def add_tag(site: Site, step: Step) -> None:
    _tag(site, step.kind, step.seen.id)


def attach_router(site: Site, step: Step) -> None:
    """Lead the router into the subnet."""
    router, subnet = site.ids["router"], site.ids["subnet"]
    if _is_attached(site, router, subnet):
        return
    try:
        site.cloud.send("network", "PUT", f"/routers/{router}/add_router_interface", json={"subnet_id": subnet})
    except RefusedError:
        # Perhaps by us, in a try whose answer was lost.
        if not _is_attached(site, router, subnet):
            raise


def _is_attached(site: Site, router: str, subnet: str) -> bool:
    ports = site.cloud.listing(Kind.PORT, device_id=router)
    return any(each["subnet_id"] == subnet for port in ports for each in port["fixed_ips"])


def update_rules(site: Site, step: Step) -> None:
    """Give a security group the rules it lacks, in one request; take back those of ours that are stale."""
    group = site.ids[str(step.attributes["group"].key)]
    wanted = [_resolve(site, rule) for rule in step.attributes["rules"]]

    def missing() -> list[Mapping[str, Any]]:
        there = site.cloud.listing(Kind.SECURITY_GROUP_RULE, security_group_id=group)
        return [rule for rule in wanted if not any(_same(rule, each) for each in there)]

    def give() -> bool:
        lacking = missing()
        if lacking:
            site.cloud.send("network", "POST", "/security-group-rules", json={"security_group_rules": lacking})
        return True

    site.cloud.make(f"write the {step.name}", give, lambda: None if missing() else True)
    for rule in step.attributes["stale"]:
        site.cloud.delete(Kind.SECURITY_GROUP_RULE, rule)


def create_keypair(site: Site, step: Step) -> None:
    attributes = resolved(site, step)
    name = attributes["name"]
    site.cloud.create(Kind.KEYPAIR, lambda: site.cloud.get(Kind.KEYPAIR, name), **attributes)
    site.ids[step.key] = name


def create_server_group(site: Site, step: Step) -> None:
    attributes = resolved(site, step)

    def named() -> Found | None:
        groups = site.cloud.listing(Kind.SERVER_GROUP)
        return next((group for group in groups if group["name"] == attributes["name"]), None)

    site.ids[step.key] = site.cloud.create(Kind.SERVER_GROUP, named, **attributes)["id"]


def create_balancer(site: Site, step: Step) -> None:
    attributes = resolved(site, step)
    made = site.cloud.create(Kind.LOAD_BALANCER, lambda: find(site, step.kind, step.key), **attributes)
    settled = _settled(site, made["id"])
    site.ids[step.key], site.ids["balancer-port"] = settled["id"], settled["vip_port_id"]


def update_balancer(site: Site, step: Step) -> None:
    """Lead it to exactly these members."""
    _settled(site, step.seen.id)
    for pool in step.seen.data["pools"]:
        site.cloud.send("load_balancer", "PUT", f"/lbaas/pools/{pool['id']}/members", json=dict(step.attributes))
        _settled(site, step.seen.id)


def delete_balancer(site: Site, step: Step) -> None:
    """Remove it with all that is in it, and wait."""
    deadline = time.monotonic() + site.limits.build_timeout
    while site.cloud.get(Kind.LOAD_BALANCER, step.seen.id) is not None:
        try:
            site.cloud.delete(Kind.LOAD_BALANCER, step.seen.id, cascade=True)
        except RefusedError as refusal:
            if refusal.status != 409:  # it is being changed
                raise
        _patience(site, step, deadline)


def delete_router(site: Site, step: Step) -> None:
    """Take it out of every subnet first."""
    router = step.seen.id
    for port in site.cloud.listing(Kind.PORT, device_id=router):
        if str(port["device_owner"]).startswith("network:router_interface"):
            try:
                body = {"port_id": port["id"]}
                site.cloud.send("network", "PUT", f"/routers/{router}/remove_router_interface", json=body)
            except RefusedError as refusal:
                if refusal.status != 404:
                    raise
    delete_plain(site, step)


def delete_plain(site: Site, step: Step) -> None:
    """Remove it, and wait until it is gone; what still uses it may need a moment to go."""
    deadline = time.monotonic() + min(60.0, site.limits.build_timeout)
    while True:
        try:
            site.cloud.delete(step.kind, step.seen.id)
        except RefusedError as refusal:
            if refusal.status != 409 or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
            continue
        if site.cloud.get(step.kind, step.seen.id) is None:
            return
        _patience(site, step, deadline)


def find(site: Site, kind: Kind, key: str) -> Found | None:
    """Our object with this key, if it is there."""
    query = {"network_id": site.ids["network"]} if kind is Kind.PORT else {}
    found = [each for each in site.cloud.listing(kind, **query) if key_of(each["description"], site.cluster) == key]
    return min(found, key=lambda each: (str(each["created_at"]), str(each["id"])), default=None)


def resolved(site: Site, step: Step) -> dict[str, Any]:
    """A step's attributes with the ids that are known by now."""
    return {name: _resolve(site, value) for name, value in step.attributes.items()}


def _resolve(site: Site, value: Any) -> Any:
    if isinstance(value, Ref):
        if value.key == "api-address":
            return _address(site, value.key)
        return site.ids[value.key]
    if isinstance(value, str):
        return value.replace(NAMED_LATER, site.ids[ANCHOR]) if NAMED_LATER in value else value
    if isinstance(value, Mapping):
        return {name: _resolve(site, each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolve(site, each) for each in value]
    return value


def _address(site: Site, key: str) -> str:
    port = site.cloud.get(Kind.PORT, site.ids[key])
    if port is None:
        raise CloudError(f"port {site.ids[key]} is gone.", cluster=site.cluster, next_step="Run again.")
    return str(port["fixed_ips"][0]["ip_address"])


def _same(rule: Mapping[str, Any], found: Found) -> bool:
    fields = ("direction", "protocol", "port_range_min", "port_range_max", "remote_group_id", "remote_ip_prefix")
    return all(rule[name] == found[name] for name in fields)


def _tag(site: Site, kind: Kind, object_id: str) -> None:
    path = f"/{_PATHS.get(kind, kind.noun.replace('_', '-') + 's')}/{object_id}/tags/{tag(site.cluster)}"
    site.cloud.send("network", "PUT", path)


def _settled(site: Site, balancer: str) -> Found:
    deadline = time.monotonic() + site.limits.build_timeout
    while True:
        found = site.cloud.get(Kind.LOAD_BALANCER, balancer)
        status = found["provisioning_status"] if found else "gone"
        if found and status == "ACTIVE":
            return found
        if status in ("ERROR", "gone") or time.monotonic() > deadline:
            raise UnavailableError(
                f"load balancer {balancer} is {status}.", cluster=site.cluster, next_step="Look at Octavia's log."
            )
        time.sleep(PAUSE)


def _patience(site: Site, step: Step, deadline: float) -> None:
    site.guard()
    if time.monotonic() > deadline:
        raise UnavailableError(f"{step.kind.word} {step.name} does not go away.", cluster=site.cluster)
    time.sleep(PAUSE)


HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", ""): create_described,
    ("TAG", ""): add_tag,
    ("UPDATE", ""): update_described,
    ("DELETE", ""): delete_plain,
    ("CREATE", "KEYPAIR"): create_keypair,
    ("CREATE", "SERVER_GROUP"): create_server_group,
    ("CREATE", "LOAD_BALANCER"): create_balancer,
    ("UPDATE", "LOAD_BALANCER"): update_balancer,
    ("DELETE", "LOAD_BALANCER"): delete_balancer,
    ("UPDATE", "SECURITY_GROUP_RULE"): update_rules,
    ("DELETE", "ROUTER"): delete_router,
    ("CREATE", "SERVER"): lambda site, step: create_server(site, step, resolved(site, step)),
    ("LEARN", "SERVER"): learn_host_key,
    ("REPLACE", "SERVER"): lambda site, step: replace_server(site, step, resolved(site, step)),
    ("DELETE", "SERVER"): delete_server,
}
