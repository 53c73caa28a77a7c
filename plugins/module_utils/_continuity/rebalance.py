# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rebalance: one bounded step after new or returned clusters. By hand only: nothing calls this by itself.

Observe the fleet, plan with the scheduling room, deliver each step under its application's lease. New copies are
healthy before old ones go, because that is how a delivery moves replicas.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import starmap
from typing import TYPE_CHECKING

from .._delivery.application import Actor, Settings
from .._delivery.decide import Decided, placed_workloads
from .._delivery.deliver import Given, redeliver
from .._delivery.record import UNFINISHED, ApplicationRecord, list_records
from .._delivery.result import Result
from .._delivery.standing import Standing, known_clusters, standings
from .._kube.errors import FleetError, InputError, LeaseHeldError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.lease import DURATION
from .._registry.member import Member
from .._registry.members import list_members, open_sessions
from .._registry.names import FAILOVER_LEASE, LEASES, TAINT_UNREACHABLE
from .._registry.probe import observed_member, probe, record
from .._scheduling.rebalance import Candidate, Limits, Plan, Stay, Step, plan
from .readiness import ready_replicas
from .watch import departures_of

if TYPE_CHECKING:
    from typing import Any

SIDE_BY_SIDE = 8
"""Applications that are moved at once."""

NOTE = "rebalance"
"""How the note of a revision begins that a rebalance made."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asks of one run."""

    limits: Limits
    observer: str
    """Name of the place that this runs at."""
    applications: frozenset[str] = frozenset()
    """Only these, as ``tenant/name`` or ``name``; all when empty."""
    exclude: frozenset[str] = frozenset()
    deadline: float = 10.0
    """Seconds for one look at one member."""
    timeout: float = 300.0
    """Seconds to wait for the health of new copies."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one application's step."""

    key: str
    result: Result | None = None
    error: FleetError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was planned, what was done, and what was completed that an earlier run had begun."""

    plan: Plan
    finishing: Mapping[str, Standing]
    done: Mapping[str, Done]


def rebalance(hub: Hub, request: Request, actor: Actor, *, check: bool) -> Outcome:
    """Move a bounded number of replicas to where a fresh decision would put them.

    :param check: look and plan only.
    :raises FleetError: a failover is going on.
    """
    refuse_during_failover(hub)
    members = _look(hub, request, check=check)
    records = list_records(hub)
    refuse_unknown(records, request)
    found = standings(hub, records)
    asked = {key: each for key, each in found.found.items() if is_asked(each, request)}
    held = {key: reason for key, each in asked.items() if (reason := why_held(each, members))}
    finishing = {key: each for key, each in asked.items() if key not in held and _is_ours_to_finish(each)}
    movable = {key: each for key, each in asked.items() if key not in held and key not in finishing}
    others = {key: each for key, each in found.found.items() if key not in movable}
    planned = _plan(hub, request, members, movable, others)
    unreadable = {key: str(error) for key, error in found.failed.items()}
    planned = replace(planned, stays=_sorted(*planned.stays, *starmap(Stay, {**held, **unreadable}.items())))
    work = {**dict.fromkeys(finishing, None), **{step.key: step for step in planned.steps}}

    def carry_out(key: str, step: Step | None) -> Result:
        if not check:
            refuse_during_failover(hub)
        return _deliver(hub, request, found.found[key], step, actor, check=check)

    outcomes = fan_out(work, carry_out, workers=SIDE_BY_SIDE)
    done = {key: _done(key, outcome.value, outcome.error) for key, outcome in outcomes.items()}
    return Outcome(planned, finishing, done)


def refuse_during_failover(hub: Hub, *, sleep: float = 1.0) -> None:
    """Raise when somebody fails over right now. A lease whose holder was killed is watched until it is surely dead."""
    seen, until = None, time.monotonic() + DURATION
    while True:
        lease = hub.session.get(LEASES, FAILOVER_LEASE, hub.namespace) or {}
        if not (lease.get("spec") or {}).get("holderIdentity"):
            return
        version = lease["metadata"]["resourceVersion"]
        if seen is not None and version != seen:
            raise LeaseHeldError(
                "a failover is going on",
                cluster=hub.session.cluster,
                object=f"Lease {hub.namespace}/{FAILOVER_LEASE}",
                next_step="Wait until it has ended, then run this again",
            )
        if time.monotonic() >= until:
            return
        seen = version
        time.sleep(sleep)


def _look(hub: Hub, request: Request, *, check: bool) -> dict[str, Member]:
    """The members with facts of now: those of a minute ago would not show the last step."""
    members = list_members(hub)
    seen = probe(hub, members, observer=request.observer, deadline=request.deadline)
    if not check:
        return record(hub, members, seen)
    return {name: observed_member(member, seen[name]) if name in seen else member for name, member in members.items()}


def refuse_unknown(records: Iterable[ApplicationRecord], request: Request) -> None:
    """Raise when the request names applications that there are not, with the nearest right name."""
    names = {name for each in records for name in (f"{each.tenant}/{each.name}", each.name)}
    for option, asked in (("applications", request.applications), ("exclude", request.exclude)):
        for name in sorted(asked - names):
            nearest = get_close_matches(name, sorted(names), 1)
            hint = f"Did you mean {nearest[0]}?" if nearest else "Look at application_info for the names"
            raise InputError(f"{option} names {name}, and there is no such application", next_step=hint)


def is_asked(standing: Standing, request: Request) -> bool:
    """Whether the request speaks of the application."""
    names = {standing.key, standing.record.name}
    return not names & request.exclude and (not request.applications or bool(names & request.applications))


def why_held(standing: Standing, members: Mapping[str, Member]) -> str:
    """Why an application must not be touched now, whatever would be gained."""
    record = standing.record
    if (record.status.get("rollout") or {}).get("phase") in UNFINISHED:
        return "a rollout of it is not over"
    sick = sorted(name for name in standing.force.clusters if name not in members or _is_sick(members[name]))
    if sick:
        return f"it stands in {', '.join(sick)}, which can't take part now: fail over first, or wait until it is ready"
    away = sorted(name for name in departures_of(record.failover) if name in members and _is_sick(members[name]))
    if away:
        return f"it left {', '.join(away)} in a failover, and its share is not back"
    leftover = sorted(set(record.stale) - set(away))
    if leftover:
        return f"copies of it are still to be removed from {', '.join(leftover)}: run failover, or apply it"
    if record.status.get("phase") != "Deployed" and not _is_ours_to_finish(standing):
        phase = str(record.status.get("phase") or "Pending").lower()
        return f"revision {record.revision} of it is {phase}: finish it first, by applying it again"
    return ""


def _is_sick(member: Member) -> bool:
    gone = any(taint.key == TAINT_UNREACHABLE for taint in member.taints)
    return gone or member.deleting or (not member.ready and member.observed_at is not None)


def _is_ours_to_finish(standing: Standing) -> bool:
    """Whether an earlier rebalance was interrupted, or its new copies were not healthy in time."""
    return standing.record.status.get("phase") != "Deployed" and standing.force.note.startswith(NOTE)


def _plan(
    hub: Hub,
    request: Request,
    members: Mapping[str, Member],
    movable: Mapping[str, Standing],
    others: Mapping[str, Standing],
) -> Plan:
    """Plan until it is known of all that would move whether their replicas are ready."""
    clusters = known_clusters(hub, members, [each.record.spec.placement for each in movable.values()])
    candidates = {key: Candidate(standing.question(clusters)) for key, standing in movable.items()}
    beside = {key: standing.question(clusters) for key, standing in others.items()}
    sessions: Mapping[str, Session] = {}
    while True:
        found = plan(candidates, clusters, request.limits, beside)
        unknown = {step.key: movable[step.key] for step in found.steps if candidates[step.key].ready is None}
        if not unknown:
            return found
        sessions = sessions or open_sessions(hub, list(members), timeout=request.deadline).ready
        for key, ready in ready_replicas(sessions, unknown).items():
            candidates[key] = replace(candidates[key], ready=ready)


def _sorted(*stays: Stay) -> tuple[Stay, ...]:
    return tuple(sorted(stays, key=lambda stay: stay.key))


def _deliver(hub: Hub, request: Request, standing: Standing, step: Step | None, actor: Actor, *, check: bool) -> Result:
    settings = Settings(timeout=request.timeout, conflict=standing.record.spec.conflict)
    decided = _decided(standing, step)
    return redeliver(
        hub, standing.record.tenant, standing.record.name,
        actor=actor, given=Given(decided, standing.current), settings=settings, check=check,
        note=note_of(step) if step else standing.force.note,
    )  # fmt: skip


def _decided(standing: Standing, step: Step | None) -> Decided:
    force = standing.force
    if step is None:
        reasons = dict.fromkeys(force.clusters, "as decided before")
        return Decided(force.replicas, force.clusters, reasons, force.decision)
    identities = {
        each.key: identity for identity, each in placed_workloads(standing.record.spec, force.objects).items()
    }
    replicas = {identities[key]: dict(counts) for key, counts in step.after.items() if key in identities}
    described = {**step.decision.to_dict(), "rebalance": describe(step)}
    return Decided(replicas, tuple(step.clusters), _reasons(step), described)


def describe(step: Step) -> dict[str, Any]:
    """The step as data."""
    return {
        "moves": [
            {"workload": move.workload, "from": move.source, "to": move.target, "replicas": move.replicas}
            for move in step.moves
        ],
        "gain": step.gain,
        "left": step.left,
        "remaining": step.remaining,
    }


def note_of(step: Step) -> str:
    """What the revision says of itself."""
    moves = "; ".join(
        f"{move.replicas} of {move.workload} from {move.source or 'nowhere'} to {move.target or 'nowhere'}"
        for move in step.moves
    )
    return f"{NOTE}: {moves}; {step.gain:g} points off before, {step.left:g} after"[:500]


def _reasons(step: Step) -> dict[str, str]:
    """For each cluster what the step does there, else what the fresh decision says."""
    found = {name: f"rebalance: {verdict.reason}" for name, verdict in step.fresh.selection.clusters.items()}
    changes: dict[str, list[str]] = {}
    for move in step.moves:
        if move.source:
            changes.setdefault(move.source, []).append(f"{move.replicas} of {move.workload} go to {move.target}")
        if move.target:
            changes.setdefault(move.target, []).append(f"{move.replicas} of {move.workload} come from {move.source}")
    found |= {name: f"rebalance: {'; '.join(parts)}" for name, parts in changes.items()}
    return found


def _done(key: str, result: Result | None, error: FleetError | None) -> Done:
    """A delivery that failed in some clusters is an error of its step, with its result."""
    if error is None and result is not None and result.failed:
        error = result.error or FleetError(result.message or "it failed")
    return Done(key, result, error)
