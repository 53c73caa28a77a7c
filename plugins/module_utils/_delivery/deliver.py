# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring an application to where it belongs: observe, plan, act, verify. Under its lease from the first write to the last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from .._kube.errors import FleetError
from .._registry.hub import Hub
from .._registry.lease import Afterwards, Lock, hold
from .._registry.names import application_lease
from .adoption import adoption_failure
from .application import Actor, Settings, Spec
from .decide import Current, Decided, check_placement, decide
from .execute import start
from .freshness import fresh_fleet
from .health_rules import check_health
from .identity import Identity, Manifest
from .manifests import with_namespaces
from .prepare import Fleet, History, Prepared, open_fleet, prepare, read_history
from .progress import refuse_under_way, standing_spec
from .promises import promised
from .publish import announce, conclude, tell, timestamp
from .record import existing_record, get_record, write_spec
from .reservation import reserve
from .result import Result, access_failure, cluster_result, diffs, plan_failure, rollout_failure, warnings
from .revision import Revision, history, load
from .rollout import Rollout, roll_out
from .steer import Rolling, Steps, is_under_way, take_up
from .surroundings import look_around
from .survey import Survey
from .variants import Variants
from .verify import ClusterHealth, Expectation, wait_until_healthy
from .waves import check_rollout

PLANS = 3
"""How often a plan is tried: it is made anew when others change the application, or take its room, while it is made."""


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """An application as the user wants it."""

    spec: Spec
    objects: tuple[Manifest, ...]
    settings: Settings
    variants: Variants = field(default_factory=Variants)
    """Objects that the sources make differently for different clusters."""
    fetched: tuple[str, ...] = ()
    """Commits and versions of charts that the sources were read at."""
    steps: Steps = Steps.ALL
    inspect: Callable[[Fleet, Prepared], None] | None = None
    """Sees each plan before it is carried out, and may refuse it."""


Roll = Callable[[Fleet, Prepared, History, Lock], Result]
"""Delivers a new revision by steps."""


@dataclass(frozen=True, slots=True)
class Given:
    """A decision that somebody made, and where the application was then."""

    decided: Decided
    basis: Current


Planner = Callable[[Fleet, History], Prepared]


def apply(hub: Hub, request: ApplyRequest, actor: Actor, *, check: bool) -> Result:
    """Make the members hold the application as requested.

    :param check: only say what would be done; nothing is written anywhere.
    """
    check_placement(request.spec.placement)
    check_rollout(request.spec.rollout)
    check_health(request.spec.health)
    spec = request.spec
    if not check and is_under_way(hub, spec):
        if request.inspect is not None:
            raise FleetError(
                "a rollout of it is under way, and a plan is for what comes after",
                object=f"Application {spec.tenant}/{spec.name}",
                next_step="Let it finish, or abort it, then plan again",
            )
        return take_up(hub, spec, request.settings, actor, request.steps)

    def plan(fleet: Fleet, past: History) -> Prepared:
        # What was scaled stays so until it is given back: the sources are not asked about load.
        kept = replace(spec, scale=past.record.spec.scale if past.record else {})
        prepared = prepare(
            hub, fleet, kept, request.objects, past, request.settings,
            variants=request.variants, fetched=request.fetched, author=actor.who, created=timestamp(),
        )  # fmt: skip
        # A failover goes on without such a member; a user who asks for it there hears of it first.
        failure = access_failure(prepared.plan)
        if failure is not None:
            raise failure
        if not check and not prepared.plan.failures:
            disturbed = adoption_failure(prepared.plan, request.settings.adoption)
            if disturbed is not None:
                raise disturbed
        if request.inspect is not None:
            request.inspect(fleet, prepared)
        return prepared

    rolling = Rolling(hub, actor, request.settings, request.steps) if spec.rollout else None
    return deliver_planned(hub, spec, plan, request.settings, actor, check=check, lock=None, rolling=rolling)


def redeliver(
    hub: Hub,
    tenant: str,
    name: str,
    *,
    actor: Actor,
    evicting: Collection[str] = (),
    reschedule: bool = False,
    given: Given | None = None,
    settings: Settings | None = None,
    check: bool = False,
    note: str = "",
    lock: Lock | None = None,
) -> Result:
    """Place the revision in force again and deliver that. Only where a cluster is left does it end a rollout by steps.

    :param evicting: clusters that it leaves and that are not contacted.
    :param given: deliver this decision instead of a new one.
    :param lock: the application's lease, if the caller holds it already.
    """
    record = existing_record(hub, tenant, name)
    chosen = settings or Settings(conflict=record.spec.conflict)

    def plan(fleet: Fleet, past: History) -> Prepared:
        force = _in_force(past, tenant, name)
        if not evicting:
            refuse_under_way(past.record)
        spec = standing_spec(past.record or record)
        trigger = "reschedule" if reschedule else None
        if given is not None and given.basis != past.current:
            raise FleetError(
                "it was changed after its decision was made, and nothing was written",
                object=f"Application {tenant}/{name}",
                next_step="Run this again",
            )
        return prepare(
            hub, fleet, spec, force.objects, past, chosen, evicting=evicting, trigger=trigger,
            decided=given.decided if given else None, variants=force.variants, fetched=force.fetched, author=actor.who, created=timestamp(), note=note,
        )  # fmt: skip

    return deliver_planned(hub, record.spec, plan, chosen, actor, check=check, lock=lock)


def redecide(
    hub: Hub, tenant: str, name: str, *, evicting: Collection[str] = (), reschedule: bool = False
) -> tuple[Decided, Current]:
    """Where the application would go now, and where it is; nothing is held or written."""
    record = existing_record(hub, tenant, name)
    past = read_history(hub, record, history(hub, tenant, name), tenant, name)
    force = _in_force(past, tenant, name)
    fleet = open_fleet(hub)
    spec = standing_spec(record)
    objects = with_namespaces(force.objects, spec.namespace, fleet.is_namespaced)
    trigger = "reschedule" if reschedule else None
    around = look_around(hub, fleet.answering(evicting), spec.placement, tenant)
    members = {name: fleet.members[name] for name in force.variants.candidates(fleet.members)}
    known = promised(hub, members, tenant, name)
    decided = decide(
        spec, objects, members, past.current, evicting=evicting, trigger=trigger, around=around, promises=known
    )
    return decided, past.current


def decision(hub: Hub, tenant: str, name: str, revision: int) -> dict[str, Any]:
    """What a revision decided: clusters, replicas per workload, and the whole explanation."""
    found = load(hub, tenant, name, revision)
    return {
        "clusters": list(found.clusters),
        "replicas": {str(identity): dict(counts) for identity, counts in found.replicas.items()},
        "decisions": dict(found.decision),
    }


@contextmanager
def application_lock(
    hub: Hub,
    tenant: str,
    name: str,
    actor: Actor,
    floor: int,
    lock: Lock | None = None,
    afterwards: Afterwards = Afterwards.RELEASE,
) -> Iterator[Lock]:
    """The application's lease: the caller's, or one for this block."""
    if lock is not None:
        yield lock
        return
    with hold(
        hub.session, application_lease(name), namespace=tenant,
        holder=actor.holder, who=actor.who, where=actor.where, floor=floor, afterwards=afterwards,
    ) as held:  # fmt: skip
        yield held


def deliver_planned(
    hub: Hub,
    spec: Spec,
    plan: Planner,
    settings: Settings,
    actor: Actor,
    *,
    check: bool,
    lock: Lock | None,
    rolling: Rolling | None = None,
) -> Result:
    """Plan, take the lease, see that the plan still holds, and carry it out.

    :param lock: the application's lease, if the caller holds it already.
    :param rolling: how a new revision goes over its clusters; all at once when not given.
    """
    fleet = fresh_fleet(hub, actor, check=check)
    past = _past(hub, spec)
    prepared = plan(fleet, past)
    _refuse(prepared)
    by_steps = rolling if prepared.is_new or prepared.resumes else None
    if check:
        return _planned(prepared, fleet, by_steps, changed=not prepared.empty or _spec_differs(past, prepared))
    if prepared.empty and not _spec_differs(past, prepared):
        return _verified(prepared, settings)
    afterwards = by_steps.afterwards if by_steps else Afterwards.RELEASE
    with application_lock(hub, spec.tenant, spec.name, actor, _floor(past, prepared), lock, afterwards) as held:
        for _attempt in range(PLANS):
            now = _past(hub, spec)
            if _version(now) == _version(past):
                if reserve(hub, fleet, prepared, now.record, held):
                    break
                now = _past(hub, spec)
            # Somebody changed the application between our look and our lease, or took the room.
            past, prepared = now, plan(fleet, now)
            _refuse(prepared)
        else:
            raise FleetError(
                "each time it was planned, others changed it or took the room that it needs",
                object=f"Application {spec.tenant}/{spec.name}",
                next_step="Nothing was written. Look who delivers at the same time, then run this again",
            )
        if by_steps is not None and (prepared.is_new or prepared.resumes):
            return by_steps.start(fleet, prepared, past, held, _planned(prepared, fleet, by_steps, changed=True))
        if not prepared.empty or _spec_differs(past, prepared):
            return _act(hub, prepared, past, held, settings)
    # Another play did the very same meanwhile.
    return _verified(prepared, settings)


def _act(hub: Hub, prepared: Prepared, past: History, lock: Lock, settings: Settings) -> Result:
    lock.check()
    write_spec(hub, prepared.spec)
    announce(hub, prepared, lock)
    note = _note(prepared)
    runs = {name: start(found, prepared.frame, lock, note) for name, found in prepared.surveys.items()}
    rollout = roll_out(runs, lambda found: tell(hub, prepared.spec.tenant, prepared.spec.name, found))
    error, message = rollout_failure(prepared.plan, rollout, waited=settings.wait)
    conclude(hub, prepared, past, rollout, lock, message)
    return _answer(prepared, rollout.health, rollout, changed=True, error=error, message=message)


def _verified(prepared: Prepared, settings: Settings) -> Result:
    """Nothing to do; whether all is well is still to be said."""
    expectations = {
        name: Expectation(
            found.work.session,
            prepared.owner.applyset,
            _own_objects(found),
            found.observation.resource_of,
            prepared.frame.judge,
        )
        for name, found in prepared.surveys.items()
        if not found.work.leaving
    }
    health = wait_until_healthy(expectations, settings.timeout if settings.wait else 0.0)
    rollout = Rollout({}, health)
    error, message = rollout_failure(prepared.plan, rollout, waited=settings.wait)
    return _answer(prepared, health, rollout, changed=False, error=error, message=message)


def _own_objects(found: Survey) -> dict[Identity, Manifest]:
    live, implied = found.observation.live, found.work.implied
    return {identity: live[identity] for identity in found.wanted if identity in live and identity not in implied}


def _planned(prepared: Prepared, fleet: Fleet, rolling: Rolling | None, *, changed: bool) -> Result:
    found = _answer(prepared, {}, Rollout({}, {}), changed=changed, error=None, message="")
    if rolling is None:
        return found
    rollout, notes = rolling.planned(fleet, prepared)
    return replace(found, rollout=rollout, warnings=(*found.warnings, *notes))


def _answer(
    prepared: Prepared,
    health: Mapping[str, ClusterHealth],
    rollout: Rollout,
    *,
    changed: bool,
    error: FleetError | None,
    message: str,
) -> Result:
    clusters = {
        name: cluster_result(plan, health.get(name), rollout.errors.get(name, ()), rollout.postponed.get(name, ()))
        for name, plan in prepared.plan.clusters.items()
    }
    for name in prepared.evicted:
        clusters[name] = {"action": "evicted", "counts": {}, "objects": []}
    return Result(
        changed=changed,
        clusters=clusters,
        revision=prepared.revision.number,
        replicas=prepared.decided.replicas,
        reasons=prepared.decided.reasons,
        explanation=prepared.decided.explanation,
        warnings=(*prepared.decided.conditions, *prepared.notes, *warnings(prepared.plan, prepared.endpoints)),
        diff=diffs(prepared.plan),
        failed=error is not None,
        message=message,
        error=error,
        feasibility=prepared.decided.feasibility,
    )


def _refuse(prepared: Prepared) -> None:
    """Stop before the first write when the plan can't be carried out."""
    failure = plan_failure(prepared.plan)
    if failure is not None:
        raise failure
    targets = [plan for plan in prepared.plan.clusters.values() if not plan.leaving]
    errors = [plan.error for plan in targets if plan.error is not None]
    if targets and len(errors) == len(targets):
        raise errors[0]


def _past(hub: Hub, spec: Spec) -> History:
    record = get_record(hub, spec.tenant, spec.name)
    return read_history(hub, record, history(hub, spec.tenant, spec.name), spec.tenant, spec.name)


def _version(past: History) -> str:
    return past.record.resource_version if past.record is not None else ""


def _spec_differs(past: History, prepared: Prepared) -> bool:
    return past.record is None or past.record.spec.to_dict() != prepared.spec.to_dict()


def _floor(past: History, prepared: Prepared) -> int:
    epochs = [found.plan.parent.epoch for found in prepared.surveys.values() if found.plan.parent is not None]
    return max([past.record.epoch if past.record else 0, *epochs])


def _note(prepared: Prepared) -> dict[str, Any]:
    """What a member carries of the decision, for a hub that has to be rebuilt."""
    return {
        "spec": prepared.spec.to_dict(),
        "clusters": list(prepared.decided.clusters),
        "replicas": {str(identity): dict(counts) for identity, counts in sorted(prepared.decided.replicas.items())},
    }


def _in_force(past: History, tenant: str, name: str) -> Revision:
    if past.force is None:
        raise FleetError(
            "it has no revision in force",
            object=f"Application {tenant}/{name}",
            next_step="Apply the application first",
        )
    return past.force
