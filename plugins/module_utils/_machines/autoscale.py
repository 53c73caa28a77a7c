# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Node autoscaling: look at members, decide, and bring machine sets to the size that was decided.

What is wanted is written to the hub before anything is asked of a provider, and a provider is asked for a size, not
for a change: so an answer that was lost, a run that was killed or a second run in between adds no machine twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .._delivery.application import Actor
from .._infrastructure.errors import InfrastructureError
from .._infrastructure.provider import Provider
from .._kube.errors import FleetError
from .._kube.fanout import Outcome as Attempt
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.lease import hold
from .._registry.members import Sessions, list_members, open_sessions
from .._registry.names import AUTOSCALE_LEASE
from .carry import Carried, carry_out, plan_of
from .decide import Decision, SetSeen, decide
from .facts import record_facts
from .growth import Budget
from .providers import provider_of
from .record import Record
from .sets import list_sets
from .view import View, look


class ProviderError(FleetError):
    """A provider of machines can't do what is asked, or does not answer."""

    temporary = True


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asks of one run."""

    clusters: frozenset[str] = frozenset()
    """Only these; all when empty."""
    sets: frozenset[str] = frozenset()
    """Only these; all when empty."""
    most_machines: int | None = None
    """Of all sets of the fleet together."""
    most_cost_per_hour: float | None = None
    """The same in money."""
    scaling: Mapping[str, float] = field(default_factory=dict)
    """Times and shares that stand in for those of the sets, by the names of :class:`Scaling`."""
    released: frozenset[str] = frozenset()
    """Machines that our roles have cleared of their nodes since the last run."""
    timeout: float = 300.0
    """Seconds to wait until new machines are nodes."""
    deadline: float = 30.0
    """Seconds for one look at one member."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A cluster before a decision."""

    view: View
    sets: tuple[SetSeen, ...]
    providers: Mapping[str, Provider]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided for each cluster, and what came of it."""

    decisions: Mapping[str, Decision]
    carried: Mapping[str, Carried]
    """By set."""
    failed: Mapping[str, FleetError]
    """By cluster: what could not be looked at. Nothing was done there."""


def autoscale(hub: Hub, request: Request, actor: Actor, *, check: bool) -> Outcome:
    """Bring every machine set to the size that its cluster needs now.

    :param check: look and decide only.
    :raises LeaseHeldError: another run is at it.
    """
    if check:
        return _run(hub, request, check=True)
    with hold(
        hub.session, AUTOSCALE_LEASE, namespace=hub.namespace, holder=actor.holder, who=actor.who, where=actor.where
    ):
        return _run(hub, request, check=False)


def _run(hub: Hub, request: Request, *, check: bool) -> Outcome:
    every = list_sets(hub)
    chosen = list_sets(hub, names=request.sets, clusters=request.clusters)
    chosen = {name: _overridden(record, request.scaling) for name, record in chosen.items()}
    by_cluster: dict[str, list[Record]] = {}
    for record in chosen.values():
        by_cluster.setdefault(record.cluster, []).append(record)
    members = list_members(hub)
    asked = {str(each.settings.get("management_cluster") or each.cluster) for each in chosen.values()}
    sessions = open_sessions(hub, sorted({*by_cluster, *asked}), timeout=request.deadline)
    observed = fan_out(by_cluster, lambda name, records: _observe(name, records, sessions, members), workers=16)
    now = datetime.now(UTC)
    decisions = _decide(observed, every, request, now)
    tasks = {name: observed[name].get() for name in decisions}

    def act(name: str, found: Observed) -> Mapping[str, Carried]:
        return _act(hub, name, found, decisions[name], sessions.ready[name], request, check=check)

    done = fan_out(tasks, act, workers=16)
    failed = {name: attempt.error for name, attempt in observed.items() if attempt.error is not None}
    failed |= {name: attempt.error for name, attempt in done.items() if attempt.error is not None}
    carried = {key: each for attempt in done.values() if attempt.value for key, each in attempt.value.items()}
    return Outcome(decisions, carried, failed)


def _overridden(record: Record, scaling: Mapping[str, float]) -> Record:
    return replace(record, scaling=replace(record.scaling, **scaling)) if scaling else record


def _observe(name: str, records: Sequence[Record], sessions: Sessions, members: Mapping[str, object]) -> Observed:
    if name not in members:
        raise FleetError(
            "it is no member, but has machine sets", cluster=name, next_step="Join it, or remove its machine sets"
        )
    view = look(_session(sessions, name))
    providers: dict[str, Provider] = {}
    seen = []
    for record in records:
        provider = providers[record.name] = provider_of(record, lambda member: _session(sessions, member))
        try:
            description = provider.describe(record.machine_set)
            machines = provider.machines(record.machine_set)
            room = provider.room(record.machine_set, max(record.maximum - len(machines), 0))
        except InfrastructureError as error:
            raise provider_error(record, error) from error
        seen.append(SetSeen(record, description, machines, room))
    return Observed(view, tuple(seen), providers)


def _session(sessions: Sessions, name: str) -> Session:
    if name in sessions.ready:
        return sessions.ready[name]
    raise sessions.failed.get(name) or FleetError("there is no session with it", cluster=name)


def provider_error(record: Record, error: InfrastructureError) -> FleetError:
    """What a provider says, with the set that it says it of."""
    return ProviderError(
        error.message, cluster=record.cluster, object=f"MachineSet {record.name}", next_step=error.next_step
    )


def _decide(
    observed: Mapping[str, Attempt[Observed]], every: Mapping[str, Record], request: Request, now: datetime
) -> dict[str, Decision]:
    """One cluster after the other, because they share the budget."""
    budget = _budget(observed, every, request)
    decisions = {}
    for name, attempt in observed.items():
        if attempt.value is not None:
            decisions[name] = decide(name, attempt.value.view, attempt.value.sets, budget, now)
            budget = decisions[name].budget
    return decisions


def _budget(observed: Mapping[str, Attempt[Observed]], every: Mapping[str, Record], request: Request) -> Budget:
    """What is left of it beside all machines of the fleet that are there or asked for."""
    seen = {each.record.name: each for attempt in observed.values() if attempt.value for each in attempt.value.sets}
    machines, cost = 0, 0.0
    for name, record in every.items():
        there = len(seen[name].machines) if name in seen else len(record.status.machines)
        many = max(there, record.status.desired or 0)
        price = record.cost_per_hour
        if price is None and name in seen:
            price = seen[name].description.cost_per_hour
        machines += many
        cost += many * (price or 0.0)
    return Budget(
        None if request.most_machines is None else request.most_machines - machines,
        None if request.most_cost_per_hour is None else request.most_cost_per_hour - cost,
    )


def _act(
    hub: Hub, name: str, found: Observed, decision: Decision, session: Session, request: Request, *, check: bool
) -> Mapping[str, Carried]:
    carried = {}
    for seen in found.sets:
        change, provider = decision.sets[seen.record.name], found.providers[seen.record.name]
        try:
            plan = plan_of(provider, seen, change, request.released)
            carried[seen.record.name] = (
                Carried(plan, seen.machines, joins=seen.description.joins)
                if check
                else carry_out(hub, session, provider, seen, change, plan, request.released, request.timeout)
            )
        except InfrastructureError as error:
            raise provider_error(seen.record, error) from error
    if not check:
        record_facts(hub, name, found.sets, decision, carried, found.view)
    return carried
