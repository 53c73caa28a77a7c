# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What room a cluster's machine sets could still add, as a fact of its record in the hub that placement reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .._infrastructure.provider import Machine, Phase
from .._registry.hub import Hub
from .._registry.members import change_member_status
from .._scheduling.quantity import format_quantity
from .decide import Decision, SetSeen, template
from .view import View

if TYPE_CHECKING:
    from typing import Any

    from .carry import Carried


def record_facts(
    hub: Hub,
    cluster: str,
    sets: Sequence[SetSeen],
    decision: Decision,
    carried: Mapping[str, Carried],
    view: View,
) -> None:
    """Write the field ``machineSets`` of ``Cluster.status``; sets of the cluster that were not looked at keep theirs."""
    news = {}
    for each in sets:
        name = each.record.name
        after = carried.get(name)
        machines, waiting = (after.machines, len(after.waiting)) if after else (each.machines, 0)
        news[name] = set_facts(each, view, machines, waiting, decision.sets[name].add)
    write_facts(hub, cluster, news)


def write_facts(hub: Hub, cluster: str, news: Mapping[str, Mapping[str, Any]]) -> None:
    """Put entries of the field in place of those of the same sets."""

    def change(obj: dict[str, Any]) -> dict[str, Any]:
        status = obj.get("status") or {}
        known = {each["name"]: each for each in status.get("machineSets") or ()} | dict(news)
        return {**obj, "status": {**status, "machineSets": [known[name] for name in sorted(known)]}}

    change_member_status(hub, cluster, change)


def forget_facts(hub: Hub, cluster: str, name: str) -> None:
    """Take a set out of the field."""

    def change(obj: dict[str, Any]) -> dict[str, Any]:
        status = obj.get("status") or {}
        left = [each for each in status.get("machineSets") or () if each["name"] != name]
        return {**obj, "status": {**status, "machineSets": left}}

    change_member_status(hub, cluster, change)


def set_facts(seen: SetSeen, view: View, machines: Sequence[Machine], waiting: int, added: int) -> dict[str, Any]:
    """One entry of the field. Pure.

    :param machines: of the set now.
    :param waiting: of these, the ones that are no nodes yet.
    :param added: machines that came since the provider was asked how many more there could be.
    """
    record, description = seen.record, seen.description
    existing = sum(machine.phase is not Phase.DELETING for machine in machines)
    node = template(seen, view)(0).node
    limits = [
        (max(record.maximum - existing, 0), f"its maximum of {record.maximum}"),
        (max(seen.room.machines - added, 0), seen.room.limit or "its provider"),
    ]
    addable, limit = min(limits, key=lambda pair: pair[0])
    seconds = record.seconds_to_create
    found: dict[str, Any] = {
        "name": record.name,
        "allocatable": {name: format_quantity(amount) for name, amount in sorted(node.free.items())},
        "labels": dict(node.labels),
        "taints": [dict(taint) for taint in record.taints],
        "zones": list(record.zones),
        "existing": existing,
        "upcoming": waiting,
        "addable": addable,
        "limit": limit,
        "costPerHour": description.cost_per_hour if record.cost_per_hour is None else record.cost_per_hour,
        "secondsToCreate": description.seconds_to_create if seconds is None else seconds,
    }
    return {key: value for key, value in found.items() if value not in (None, [], {})}
