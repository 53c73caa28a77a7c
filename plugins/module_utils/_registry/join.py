# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Join: clusters become members. Many at once, each on its own; a killed join is finished by the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._kube.errors import ConflictError, FleetError
from .._kube.fanout import fan_out
from .._kube.session import FieldConflicts, Session
from .hub import Hub
from .inputs import MemberInput
from .join_plan import JoinPlan, Known, plan_join
from .lease import Lock
from .member import Member, format_time
from .members import change_member, read_secret
from .names import CLUSTERS, SECRETS
from .objects import Action, carry_out, difference
from .probe import Observation, probe_sessions, record
from .profile import publish
from .record import cluster_after
from .token import credential_secret, request_token

if TYPE_CHECKING:
    from typing import Any

DEADLINE = 60.0
"""Seconds for one member."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a join, or would come of it."""

    plans: Mapping[str, JoinPlan] = field(repr=False)
    failed: Mapping[str, FleetError]
    members: Mapping[str, Member] = field(default_factory=dict)
    """As recorded afterwards; empty in check mode."""
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was or would be done."""
        return any(plan.changed for plan in self.plans.values())

    @property
    def diff(self) -> list[dict[str, Any]]:
        """All steps in the form of Ansible's diff, headed by their cluster."""
        found = []
        for name, plan in sorted(self.plans.items()):
            for entry in difference([*plan.member_steps, *plan.cluster_steps]):
                entry["before_header"] = entry["after_header"] = f"{name}: {entry['after_header']}"
                found.append(entry)
        return found


def plan(hub: Hub, inputs: Sequence[MemberInput], *, deadline: float = DEADLINE) -> Joined:
    """What a join would do. Reads only."""
    plans, failed = plan_join(Known.read(hub), inputs, deadline=deadline)
    return Joined(plans, failed, warnings=_warnings(plans))


def join(hub: Hub, planned: Joined, lock: Lock, *, observer: str, deadline: float = DEADLINE) -> Joined:
    """Carry out the plans side by side, then look at each member with our own credential and record it."""
    outcomes = fan_out(planned.plans, lambda name, plan: _carry_out(hub, plan, lock), deadline=deadline)
    failed = dict(planned.failed)
    sessions: dict[str, Session] = {}
    members: dict[str, Member] = {}
    for name, outcome in outcomes.items():
        if outcome.error is not None:
            failed[name] = outcome.error
            continue
        members[name], session = outcome.get()
        if session is not None:
            sessions[name] = session
    looked = {name: members[name] for name in sessions}
    observations = probe_sessions(sessions, {}, looked, observer=observer, deadline=deadline)
    members.update(record(hub, looked, observations))
    failed.update(_not_working(observations))
    words = fan_out(members, lambda name, member: publish(hub, member, planned.plans[name].credential))
    more = tuple(f"{name}: {outcome.get()}" for name, outcome in words.items() if outcome.get())
    return Joined(planned.plans, failed, members, planned.warnings + more)


def _carry_out(hub: Hub, plan: JoinPlan, lock: Lock) -> tuple[Member, Session | None]:
    """One member: first there, then here; the hub's Secret comes last, so what it names works."""
    lock.check()
    if plan.session is not None:
        carry_out(plan.session, plan.member_steps)
    lock.check()
    member = _write_cluster(hub, plan)
    if plan.session is None or plan.credential is None:
        return member, None
    if plan.token_reason:
        token = request_token(plan.session, plan.wanted.token_seconds)
        wanted = credential_secret(hub, plan.wanted.name, plan.credential, token)
        lock.check()
        secret = hub.session.apply(SECRETS, wanted, conflicts=FieldConflicts.OVERWRITE).object
    else:
        secret = hub.session.get(SECRETS, f"cluster-{plan.wanted.name}", hub.namespace) or {}
    return member, Session(plan.wanted.name, read_secret(secret, plan.wanted.name))


def _write_cluster(hub: Hub, plan: JoinPlan) -> Member:
    name, server = plan.wanted.name, plan.credential.server if plan.credential else None
    now = format_time(datetime.now(UTC))

    def change(obj: dict[str, Any]) -> dict[str, Any]:
        return cluster_after(obj, plan.wanted, hub, now=now, server=server, is_hub=plan.is_hub)

    if any(step.action is Action.CREATE for step in plan.cluster_steps):
        try:
            return Member.from_object(hub.session.create(CLUSTERS, plan.cluster_steps[0].object))
        except ConflictError:
            # Somebody else was quicker, or the answer to our own try got lost: then it is there to be changed.
            return change_member(hub, name, change)
    return change_member(hub, name, change)


def _not_working(observations: Mapping[str, Observation]) -> dict[str, FleetError]:
    """A member that our own credential can't reach has not joined, whatever was written."""
    return {name: seen.error for name, seen in observations.items() if seen.error is not None}


def _warnings(plans: Mapping[str, JoinPlan]) -> tuple[str, ...]:
    return tuple(warning for name in sorted(plans) for warning in plans[name].warnings)
