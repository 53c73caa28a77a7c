# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a machine set after the user's input: checked with its provider, then written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from .._infrastructure.errors import InfrastructureError
from .._kube.errors import FleetError, InputError
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.members import get_member, list_members, open_sessions
from .._scheduling.quantity import parse_quantity
from .decide import SetSeen
from .facts import forget_facts, set_facts, write_facts
from .providers import known_providers, provider_of
from .record import Record, Scaling
from .sets import list_sets, remove_set, write_set
from .view import look

if TYPE_CHECKING:
    from typing import Any

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user gave of one set; what is not in `given` stays as it is."""

    name: str
    absent: bool = False
    keep_machines: bool = False
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)


def bring_to(hub: Hub, wish: Wish, *, check: bool) -> dict[str, Any]:
    """Write or forget a set; the module's return values.

    :raises InputError: the wish can't be right.
    """
    before = list_sets(hub).get(wish.name)
    if wish.absent:
        return _forget(hub, wish, before, check=check)
    after = wanted(wish, before)
    if after != before:
        facts = _ask_provider(hub, after)
        if not check:
            write_set(hub, after)
            write_facts(hub, after.cluster, {after.name: facts})
    return _result(before, after)


def wanted(wish: Wish, before: Record | None) -> Record:
    """The record as it should be. Pure.

    :raises InputError: it can't be right.
    """
    given = dict(wish.given)
    start = before or Record(wish.name, str(given.get("cluster") or ""), str(given.get("provider") or ""))
    _check_identity(wish, before, start)
    if "scaling" in given:
        known = {each.name for each in fields(Scaling)}
        scaling = {
            name: float(value) for name, value in given["scaling"].items() if name in known and value is not None
        }
        given["scaling"] = replace(start.scaling, **scaling)
    if "taints" in given:
        given["taints"] = tuple({key: str(value) for key, value in taint.items() if value} for taint in given["taints"])
    for name in ("labels", "allocatable"):
        if name in given:
            given[name] = {str(key): str(value) for key, value in given[name].items()}
    if "zones" in given:
        given["zones"] = tuple(map(str, given["zones"]))
    names = {"min_replicas": "minimum", "max_replicas": "maximum"}
    after = replace(start, **{names.get(name, name): value for name, value in given.items()})
    _check_numbers(after)
    return after


def described(record: Record) -> dict[str, Any]:
    """The set as modules return it."""
    return {
        "name": record.name,
        "cluster": record.cluster,
        "provider": record.provider,
        "min_replicas": record.minimum,
        "max_replicas": record.maximum,
        "zones": list(record.zones),
        "labels": dict(record.labels),
        "taints": [dict(taint) for taint in record.taints],
        "allocatable": dict(record.allocatable),
        "cost_per_hour": record.cost_per_hour,
        "seconds_to_create": record.seconds_to_create,
        "priority": record.priority,
        "scaling": {each.name: getattr(record.scaling, each.name) for each in fields(Scaling)},
        "desired": record.status.desired,
        "machines": [machine.to_dict() for machine in record.status.machines],
        "message": record.status.message,
    }


def _check_identity(wish: Wish, before: Record | None, start: Record) -> None:
    subject = f"MachineSet {wish.name}"
    if not _NAME.fullmatch(wish.name):
        raise InputError(
            f"{wish.name[:80]!r} can't be the name of a machine set",
            next_step="Use at most 50 lower case letters, digits and dashes, with a letter or digit at both ends",
        )
    for name in ("cluster", "provider"):
        given = wish.given.get(name)
        if before is None and not given:
            raise InputError(f"a new machine set needs {name}", object=subject, next_step=f"Give {name}")
        if before is not None and given and given != getattr(before, name):
            raise InputError(
                f"its {name} is {getattr(before, name)}, not {given}",
                object=subject,
                next_step="Remove the set and make another",
            )
    if start.provider not in known_providers():
        raise InputError(
            f"there is no provider {start.provider!r}",
            object=subject,
            next_step=f"Choose among: {', '.join(known_providers())}",
        )


def _check_numbers(record: Record) -> None:
    subject = f"MachineSet {record.name}"
    if record.minimum < 0 or record.maximum < record.minimum:
        raise InputError(
            f"min_replicas is {record.minimum}, max_replicas is {record.maximum}",
            object=subject,
            next_step="Give 0 <= min_replicas <= max_replicas",
        )
    negative = [each.name for each in fields(Scaling) if getattr(record.scaling, each.name) < 0]
    if record.cost_per_hour is not None and record.cost_per_hour < 0:
        negative.append("cost_per_hour")
    if negative:
        raise InputError(f"{negative[0]} is negative", object=subject, next_step="Give a number from 0")
    for name, quantity in record.allocatable.items():
        try:
            parse_quantity(quantity)
        except ValueError as error:
            raise InputError(f"allocatable.{name}: {error}", object=subject, next_step="Correct it") from error


def _ask_provider(hub: Hub, record: Record) -> dict[str, Any]:
    """What the provider says of such machines, for placement; InputError for what there is not."""
    member = get_member(hub, record.cluster)
    sessions = open_sessions(hub, sorted({member.name, *_others(record)}))

    def session(name: str) -> Session:
        if name not in sessions.ready:
            raise sessions.failed.get(name) or FleetError("there is no session with it", cluster=name)
        return sessions.ready[name]

    machine_set = record.machine_set
    try:
        provider = provider_of(record, session)
        description, machines = provider.describe(machine_set), provider.machines(machine_set)
        room = provider.room(machine_set, max(record.maximum - len(machines), 0))
    except InfrastructureError as error:
        raise InputError(
            error.message, cluster=record.cluster, object=f"MachineSet {record.name}", next_step=error.next_step
        ) from error
    view = look(session(record.cluster))
    waiting = [each for each in machines if (each.node or each.name) not in view.nodes]
    return set_facts(SetSeen(record, description, machines, room), view, machines, len(waiting), 0)


def _others(record: Record) -> list[str]:
    """Members that its provider asks beside its own cluster."""
    management = record.settings.get("management_cluster")
    return [str(management)] if management else []


def _forget(hub: Hub, wish: Wish, before: Record | None, *, check: bool) -> dict[str, Any]:
    if before is None:
        return {"changed": False, "machine_set": None}
    machines = [machine.name for machine in before.status.machines]
    if machines and not wish.keep_machines:
        raise InputError(
            f"it has {len(machines)} machines: {', '.join(machines[:5])}",
            object=f"MachineSet {wish.name}",
            next_step="Set min_replicas and max_replicas to 0 and let autoscale remove them, or say keep_machines",
        )
    if not check:
        remove_set(hub, wish.name)
        if before.cluster in list_members(hub):
            forget_facts(hub, before.cluster, wish.name)
    return _result(before, None)


def _result(before: Record | None, after: Record | None) -> dict[str, Any]:
    texts = [_text(before), _text(after)]
    result: dict[str, Any] = {"changed": before != after, "machine_set": described(after) if after else None}
    if before != after:
        name = after.name if after else before.name if before else ""
        result["diff"] = [{"before": texts[0], "after": texts[1], "before_header": name, "after_header": name}]
    return result


def _text(record: Record | None) -> str:
    return json.dumps(record.to_object()["spec"], indent=2, sort_keys=True) + "\n" if record else ""
