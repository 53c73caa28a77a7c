# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give an application back: our marks and our ownership go, the objects stay as they are and run on.

Only metadata is written, never a value, so no generation rises and no pod restarts. A play that was interrupted is run
again: what is released already is not ours any more, and the list of objects goes last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._kube.errors import FleetError, InputError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.lease import Lock
from .._registry.names import DECISIONS, LEASES, application_lease
from .application import PREFIX, Actor, Owner
from .applyset import delete_parent, refuse_lower_epoch, write_parent
from .deliver import application_lock
from .execute import WRITES_AT_ONCE
from .manifests import owner_of
from .observe import Observation, observe, unlabelled
from .ownership import released, unmark, unmark_replica_sets
from .plan import ClusterPlan, Operation, Plan, Step
from .prepare import Fleet, open_fleet, read_history
from .publish import conditions, timestamp, withdraw_decision
from .record import ApplicationRecord, delete_record, get_record, write_status
from .result import Result, cluster_result, diffs, rollout_failure, warnings
from .revision import forget, history
from .rollout import Rollout


@dataclass(frozen=True, slots=True)
class Holding:
    """What one member holds of an application."""

    session: Session
    observation: Observation
    plan: ClusterPlan


@dataclass(slots=True)
class Handing:
    """One member while it is given back."""

    holding: Holding
    errors: list[FleetError] = field(default_factory=list)


def release(hub: Hub, tenant: str, name: str, clusters: Collection[str], actor: Actor, *, check: bool) -> Result:
    """Give the application back in some clusters, or everywhere; then the hub forgets it.

    :param clusters: none named means all.
    """
    record = get_record(hub, tenant, name)
    if record is None:
        return Result(changed=False, message="there is no such application")
    heads = history(hub, tenant, name)
    past = read_history(hub, record, heads, tenant, name)
    concerned = {*past.current.clusters, *past.stale, *record.clusters} - set(_released(record))
    chosen = _chosen(concerned, clusters, record)
    whole = chosen >= concerned
    fleet = open_fleet(hub)
    owner = Owner(hub.id, tenant, name)
    gone = sorted(chosen - set(fleet.members))
    notes = tuple(f"{cluster}: it left the registry, what it holds keeps our marks" for cluster in gone)
    holdings, plan = _look(fleet, owner, sorted(chosen - set(gone)))
    # Where the members were left already and the hub does not know it, a play was interrupted: it is brought to its end.
    if check or not (chosen or whole):
        return _answer(plan, {}, notes, changed=bool(chosen) or whole)
    epochs = [found.plan.parent.epoch for found in holdings.values() if found.plan.parent]
    with application_lock(hub, tenant, name, actor, max([record.epoch, *epochs])) as lock:
        handings = {cluster: Handing(found) for cluster, found in holdings.items()}
        outcomes = fan_out(handings, lambda _name, handing: _give_back(handing, owner, lock))
        errors = {
            cluster: [*handings[cluster].errors, *([outcome.error] if outcome.error else [])]
            for cluster, outcome in outcomes.items()
        }
        errors = {cluster: found for cluster, found in errors.items() if found}
        rollout = Rollout({}, {})
        failure, message = rollout_failure(plan, rollout, waited=False)
        first = failure or next((found[0] for _name, found in sorted(errors.items())), None)
        done = [cluster for cluster in holdings if cluster not in errors]
        lock.check()
        if first is None and whole:
            withdraw_decision(hub, tenant, name)
            forget(hub, tenant, name, heads)
            delete_record(hub, record)
        else:
            write_status(hub, tenant, name, lambda before: _without(before, done, lock.epoch))
            _withdraw_partly(hub, record, done)
    if first is None and whole:
        hub.session.delete(LEASES, application_lease(name), tenant)
    answer = _answer(plan, errors, notes, changed=True)
    return replace(answer, failed=first is not None, error=first, message=message or (str(first) if first else ""))


def _chosen(concerned: set[str], clusters: Collection[str], record: ApplicationRecord) -> set[str]:
    strangers = sorted(set(clusters) - concerned - set(_released(record)))
    if strangers:
        raise InputError(
            f"it is not in {', '.join(strangers)}",
            object=f"Application {record.tenant}/{record.name}",
            next_step=f"It is in {', '.join(sorted(concerned)) or 'no cluster'}: name one of these",
        )
    return concerned & set(clusters) if clusters else concerned


def _look(fleet: Fleet, owner: Owner, clusters: Collection[str]) -> tuple[dict[str, Holding], Plan]:
    outcomes = fan_out(dict.fromkeys(clusters), lambda name, _none: _holding(fleet.session(name), owner))
    holdings = {name: outcome.get() for name, outcome in outcomes.items() if outcome.ok}
    plans = {
        name: outcome.get().plan if outcome.ok else ClusterPlan(name, error=outcome.error)
        for name, outcome in outcomes.items()
    }
    return holdings, Plan(plans)


def _holding(session: Session, owner: Owner) -> Holding:
    observation = observe(session, owner, ())
    live = dict(observation.live)
    for identity in observation.parent.objects if observation.parent else ():
        if identity not in live:
            found = unlabelled(session, observation, identity)
            if found is not None:
                live[identity] = found
    steps = []
    for identity, manifest in sorted(live.items()):
        holder = owner_of(manifest)
        if holder == owner.text:
            after = released(manifest, owner)
            reason = "our marks and our ownership go, everything else stays"
            steps.append(Step(identity, Operation.RELEASE, reason, before=manifest, after=after))
        else:
            reason = f"it belongs to {holder}" if holder else "it is not ours any more"
            steps.append(Step(identity, Operation.KEEP, reason, before=manifest))
    settles = observation.parent is not None
    return Holding(
        session, observation, ClusterPlan(session.cluster, tuple(steps), observation.parent, settles=settles)
    )


def _give_back(handing: Handing, owner: Owner, lock: Lock) -> None:
    """The parent says first that it is being left, then the objects go, then the parent."""
    holding = handing.holding
    parent, session = holding.plan.parent, holding.session
    if parent is not None:
        refuse_lower_epoch(parent, lock.epoch, session.cluster)
        lock.check()
        parent = write_parent(session, replace(parent, epoch=lock.epoch, settled=False))
    steps = {str(step.identity): step for step in holding.plan.actions}
    outcomes = fan_out(steps, lambda _name, step: _unmark(holding, step, owner, lock), workers=WRITES_AT_ONCE)
    handing.errors.extend(outcome.error for outcome in outcomes.values() if outcome.error is not None)
    deployments = [step.identity for step in holding.plan.actions if step.identity.kind == "Deployment"]
    lock.check()
    unmark_replica_sets(session, deployments, owner)
    if parent is not None and not handing.errors:
        lock.check()
        delete_parent(session, parent)


def _unmark(holding: Holding, step: Step, owner: Owner, lock: Lock) -> None:
    resource = holding.observation.resource_of(step.identity)
    if resource is None or step.before is None:
        raise ValueError(f"nothing is known of {step.identity}")
    lock.check()
    unmark(holding.session, resource, step.before, owner)


def _released(record: ApplicationRecord) -> Mapping[str, str]:
    found: Mapping[str, str] = record.status.get("released") or {}
    return found


def _without(before: Mapping[str, Any], clusters: Collection[str], epoch: int) -> dict[str, Any]:
    names = sorted(set(before.get("clusters") or {}) - set(clusters))
    message = f"given back: {', '.join(sorted(clusters))}"
    return {
        **before,
        "epoch": epoch,
        "clusters": {name: before["clusters"][name] for name in names},
        "clusterNames": ",".join(names),
        "stale": {name: why for name, why in (before.get("stale") or {}).items() if name not in clusters},
        "released": {**(before.get("released") or {}), **dict.fromkeys(clusters, timestamp())},
        "conditions": conditions(before, {"Applied": ("True", "Released", message)}),
    }


def _withdraw_partly(hub: Hub, record: ApplicationRecord, clusters: Collection[str]) -> None:
    selector = f"{PREFIX}application={record.name}"
    for item in hub.session.list(DECISIONS, record.tenant, label_selector=selector):
        left = [entry for entry in item["decisions"] if entry["clusterProfileRef"]["name"] not in clusters]
        if len(left) != len(item["decisions"]):
            hub.session.replace(DECISIONS, {**item, "decisions": left})


def _answer(plan: Plan, errors: Mapping[str, list[FleetError]], notes: tuple[str, ...], *, changed: bool) -> Result:
    clusters = {name: cluster_result(entry, None, errors.get(name, ())) for name, entry in plan.clusters.items()}
    return Result(changed=changed, clusters=clusters, warnings=(*warnings(plan, ()), *notes), diff=diffs(plan))
