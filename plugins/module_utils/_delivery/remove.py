# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take an application away: from every member that holds something of it, then from the hub; or from one member only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from .._registry.hub import Hub
from .._registry.lease import Lock
from .._registry.names import LEASES, application_lease
from .application import Actor, Owner, Settings
from .deliver import application_lock
from .execute import start
from .identity import Manifest, identify
from .plan import Operation, Plan
from .prepare import Fleet, open_fleet, read_history, survey_all
from .protect import refuse_protected
from .publish import conditions, withdraw_decision
from .record import delete_record, get_record, write_status
from .result import Result, cluster_result, diffs, rollout_failure, warnings
from .revision import forget, history
from .rollout import Rollout, roll_out
from .survey import Frame, Survey, Work, survey


def remove(hub: Hub, tenant: str, name: str, settings: Settings, actor: Actor, *, check: bool) -> Result:
    """Remove an application everywhere. Protected objects stay, and are named."""
    record = get_record(hub, tenant, name)
    heads = history(hub, tenant, name)
    if record is None and not heads:
        return Result(changed=False, message="there is no such application")
    if record is not None:
        refuse_protected(record, settings)
    past = read_history(hub, record, heads, tenant, name)
    fleet = open_fleet(hub)
    concerned = {*past.current.clusters, *past.stale, *(record.clusters if record else ()), *past.touched}
    gone = sorted(concerned - set(fleet.members))
    frame = Frame(Owner(hub.id, tenant, name), settings, past.force.number if past.force else 0)
    surveys, plan = survey_all(fleet, frame, {}, sorted(concerned - set(gone)), past.force, frozenset())
    notes = tuple(f"{cluster}: it left the registry, what it holds of the application stays there" for cluster in gone)
    if check:
        return _answer(plan, Rollout({}, {}), notes, changed=True)
    floor = max(
        [record.epoch if record else 0, *(found.plan.parent.epoch for found in surveys.values() if found.plan.parent)]
    )
    with application_lock(hub, tenant, name, actor, floor) as lock:
        if record is not None:
            write_status(hub, tenant, name, lambda before: _removing(before, lock.epoch))
        rollout = _carry_out(surveys, frame, lock)
        error, message = rollout_failure(_as_targets(plan), rollout, waited=False)
        if error is not None:
            return replace(_answer(plan, rollout, notes, changed=True), failed=True, error=error, message=message)
        lock.check()
        withdraw_decision(hub, tenant, name)
        forget(hub, tenant, name, heads)
        if record is not None:
            delete_record(hub, record)
    hub.session.delete(LEASES, application_lease(name), tenant)
    return _answer(plan, rollout, notes, changed=True)


def remove_copies(
    hub: Hub,
    tenant: str,
    name: str,
    cluster: str,
    *,
    actor: Actor,
    check: bool = False,
    settings: Settings | None = None,
    lock: Lock | None = None,
) -> Result:
    """Remove from one member what the revision in force does not place there; such a member came back after a failover."""
    record = get_record(hub, tenant, name)
    if record is None:
        return Result(changed=False, message="there is no such application")
    past = read_history(hub, record, history(hub, tenant, name), tenant, name)
    wanted = past.force.previous(cluster) if past.force and cluster in past.force.clusters else ()
    frame = Frame(Owner(hub.id, tenant, name), settings or Settings(), past.force.number if past.force else 0)
    surveyed = _pruning_only(_survey_one(open_fleet(hub), cluster, wanted, frame))
    plan = Plan({cluster: surveyed.plan})
    if check or (plan.empty and cluster not in record.stale):
        return _answer(plan, Rollout({}, {}), (), changed=not plan.empty)
    floor = max(record.epoch, surveyed.plan.parent.epoch if surveyed.plan.parent else 0)
    with application_lock(hub, tenant, name, actor, floor, lock) as held:
        rollout = _carry_out({cluster: surveyed}, frame, held)
        error, message = rollout_failure(_as_targets(plan), rollout, waited=False)
        if error is None:
            held.check()
            write_status(hub, tenant, name, lambda before: _clean(before, cluster, held.epoch))
    return replace(
        _answer(plan, rollout, (), changed=not plan.empty), failed=error is not None, error=error, message=message
    )


def _survey_one(fleet: Fleet, cluster: str, wanted: Collection[Manifest], frame: Frame) -> Survey:
    implied = frozenset(identify(item) for item in wanted if item["kind"] == "Namespace")
    previous = {identify(item): item for item in wanted}
    return survey(Work(fleet.session(cluster), tuple(wanted), implied, previous, leaving=not wanted), frame)


def _pruning_only(found: Survey) -> Survey:
    """A plan that takes away and adds nothing: what is missing comes back with the next delivery."""
    steps = tuple(
        step for step in found.plan.steps if step.operation in (Operation.PRUNE, Operation.KEEP, Operation.UNCHANGED)
    )
    prunes = any(step.operation is Operation.PRUNE for step in steps)
    settles = prunes or (found.plan.leaving and found.plan.parent is not None)
    return replace(found, plan=replace(found.plan, steps=steps, settles=settles))


def _carry_out(surveys: Mapping[str, Survey], frame: Frame, lock: Lock) -> Rollout:
    return roll_out({name: start(found, frame, lock, {}) for name, found in surveys.items()})


def _as_targets(plan: Plan) -> Plan:
    """Here a cluster that can't be reached is a failure, although the application leaves it."""
    return Plan({name: replace(entry, leaving=False) for name, entry in plan.clusters.items()})


def _answer(plan: Plan, rollout: Rollout, notes: tuple[str, ...], *, changed: bool) -> Result:
    clusters = {
        name: cluster_result(entry, None, rollout.errors.get(name, ()), rollout.postponed.get(name, ()))
        for name, entry in plan.clusters.items()
    }
    return Result(changed=changed, clusters=clusters, warnings=(*warnings(plan, ()), *notes), diff=diffs(plan))


def _removing(before: Mapping[str, Any], epoch: int) -> dict[str, Any]:
    message = "its objects are being removed"
    return {
        **before,
        "phase": "Removing",
        "epoch": epoch,
        "conditions": conditions(before, {"Applied": ("Unknown", "Removing", message)}),
    }


def _clean(before: Mapping[str, Any], cluster: str, epoch: int) -> dict[str, Any]:
    stale = {name: reason for name, reason in (before.get("stale") or {}).items() if name != cluster}
    return {**before, "stale": stale, "epoch": epoch}
