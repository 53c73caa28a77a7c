# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a look or a run as plain dictionaries, for modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .checks import Cost
from .cloud import Found, Kind
from .desired import Balancer, Desired
from .machines import Report
from .observe import Item, Snapshot
from .ownership import HOST_KEY
from .plan_balancer import API_ADDRESS, balancer
from .security import API
from .steps import Act, Step


def report_to_dict(report: Report, desired: Desired, *, present: bool) -> dict[str, Any]:
    """What module ``openstack_machines`` returns."""
    result: dict[str, Any] = {
        "changed": bool(report.steps),
        "plan": [step.to_dict() for step in report.steps],
        "table": table(report),
        "quota": quota_to_dict(report.costs),
        "faults": [asdict(fault) for fault in report.faults],
        "machines": {each["name"]: each for each in machines_to_list(desired, report.seen)},
        "endpoint": endpoint(desired, report.seen) if present else "",
        "outdated": outdated(desired, report.seen),
        "leaving": leaving(report),
        "diff": {"before": "", "after": "".join(f"{_line(step)}\n" for step in report.steps)},
    }
    if report.error:
        result |= {"failed": True, "msg": report.error}
    return result


def machines_to_list(desired: Desired, seen: Snapshot) -> list[dict[str, Any]]:
    """The machines that are there, sorted by name."""
    found = [item for item in seen.items.values() if item.key.startswith("server/")]
    return sorted((_machine(desired, seen, item) for item in found), key=lambda each: str(each["name"]))


def quota_to_dict(costs: Mapping[str, Cost]) -> dict[str, dict[str, Any]]:
    return {name: {**asdict(cost), "fits": cost.fits} for name, cost in costs.items()}


def endpoint(desired: Desired, seen: Snapshot) -> str:
    """Host and port of the API: a balancer's floating or own address, else the first control plane's."""
    for key in ("floating/api", "floating/balancer"):
        if key in seen.items:
            return f"{seen.items[key].data['floating_ip_address']}:{API[0]}"
    kind = balancer(desired, seen)
    if kind is Balancer.MACHINES and API_ADDRESS in seen.items:
        return f"{_fixed(seen.items[API_ADDRESS])}:{API[0]}"
    if kind is Balancer.OCTAVIA and "balancer" in seen.items:
        return f"{seen.items['balancer'].data['vip_address']}:{API[0]}"
    planes = [each for each in machines_to_list(desired, seen) if each["role"] == "control_plane"]
    return f"{planes[0]['address']}:{API[0]}" if planes else ""


def outdated(desired: Desired, seen: Snapshot) -> list[str]:
    """Machines made from another image or flavor than their set asks for now."""
    return [each["name"] for each in machines_to_list(desired, seen) if each["outdated"]]


def leaving(report: Report) -> list[str]:
    """Machines whose servers go, or are made anew."""
    going = (Act.DELETE, Act.REPLACE)
    names = {step.name for step in report.steps if step.kind is Kind.SERVER and step.act in going}
    return sorted(names)


def _machine(desired: Desired, seen: Snapshot, server: Item) -> dict[str, Any]:
    path = server.key.removeprefix("server/")
    data = server.data
    metadata = data["metadata"] or {}
    port, floating = seen.items.get(f"port/{path}"), seen.items.get(f"floating/{path}")
    return {
        "name": server.name,
        "id": server.id,
        "set": metadata.get("navarch_set", ""),
        "role": metadata.get("navarch_role", ""),
        "status": data["status"],
        "address": _fixed(port) if port else "",
        "floating_address": floating.data["floating_ip_address"] if floating else "",
        "zone": data["availability_zone"] or "",
        "image": (data["image"] or {}).get("id") or "",
        "flavor": (data["flavor"] or {}).get("original_name") or (data["flavor"] or {}).get("name") or "",
        "created": str(data["created_at"] or ""),
        "host_key": metadata.get(HOST_KEY, ""),
        "fault": (data.get("fault") or {}).get("message", ""),
        "outdated": _is_outdated(desired, seen, path.partition("/")[0], data),
    }


def _is_outdated(desired: Desired, seen: Snapshot, machine_set: str, data: Found) -> bool:
    wanted = next((each for each in desired.sets if each.name == machine_set), None)
    if wanted is None:
        return False
    images = {image["id"] for image in seen.catalogue.images_named(wanted.image)}
    flavor = seen.catalogue.flavor(wanted.flavor)
    flavors = {flavor["name"], flavor["id"]} if flavor else set()
    used = data["flavor"] or {}
    names = {used.get("original_name"), used.get("name"), used.get("id")}
    return (data["image"] or {}).get("id") not in images or not names & flavors


def _fixed(port: Item) -> str:
    addresses = port.data["fixed_ips"] or []
    return str(addresses[0]["ip_address"]) if addresses else ""


def table(report: Report) -> list[str]:
    """The steps, what they take, and what went wrong, for people."""
    lines = [_line(step) for step in report.steps] or ["nothing is to be done"]
    taken = [f"{cost.needs} {name} ({cost.used} of {_limit(cost)} used)" for name, cost in report.costs.items()]
    if taken:
        lines.append(f"takes of the quota: {', '.join(taken)}")
    return [*lines, *(f"{fault.machine} could not be built: {fault.message}" for fault in report.faults)]


def _line(step: Step) -> str:
    return f"{step.act.value} {step.kind.word} {step.name}: {step.reason}"


def _limit(cost: Cost) -> str:
    return "any number" if cost.limit < 0 else str(cost.limit)
