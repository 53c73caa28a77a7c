# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the fleet often enough to judge it, and read what the hub knows of its applications."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._delivery.record import ApplicationRecord, list_records
from .._registry.hub import Hub
from .._registry.member import Member, Observer, parse_time
from .._registry.members import list_members
from .._registry.names import TAINT_UNREACHABLE
from .._registry.probe import Observation, observed_member, probe, record
from .._scheduling.companions import uses_neighbours
from .observation import Evidence, Judgement, Look, Opinion, Outcome, Policy, State, failures_in_a_row, judge
from .plan import Application, Departure
from .wishes import NO_EXECUTE

if TYPE_CHECKING:
    from typing import Any

_FAILURES = frozenset({"ClusterNotReachable", "ClusterNotReady"})
"""Reasons that speak of the cluster's health. All others speak of our credential or of a wrong address."""

DEPARTURES = "departures"
"""Key of our notes in ``Application.status.failover``."""


@dataclass(slots=True)
class Watch:
    """Looks, as they come in."""

    hub: Hub
    policy: Policy
    observer: str
    """This place; looks that were recorded under the same name are our own."""
    confirmed: frozenset[str]
    deadline: float
    check: bool
    """Record nothing."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    members: dict[str, Member] = field(default_factory=dict)
    looks: dict[str, list[Look]] = field(default_factory=dict)

    def observe(self) -> dict[str, Judgement]:
        """Look at everybody, and again at those that failed, until they are lost or not."""
        self.members = list_members(self.hub)
        self.looks = {name: self._own_earlier_looks(member) for name, member in self.members.items()}
        self.look(self.members)
        while True:
            found = self.judge()
            suspects = [name for name, judgement in found.items() if judgement.state is State.FAILING]
            if not suspects:
                return found
            self.sleep(self._pause(suspects))
            self.look(suspects)

    def look(self, names: Iterable[str]) -> None:
        """One look at each of these, side by side."""
        chosen = {name: self.members[name] for name in names}
        seen = probe(self.hub, chosen, observer=self.observer, deadline=self.deadline)
        for name, observation in seen.items():
            self.looks[name].append(_look(observation, self.clock()))
        if self.check:
            self.members |= {name: observed_member(chosen[name], observation) for name, observation in seen.items()}
        else:
            self.members |= record(self.hub, chosen, seen)

    def judge(self) -> dict[str, Judgement]:
        """What every member is, as far as it was looked at."""
        now = self.clock()
        return {name: judge(self._evidence(member), self.policy, now) for name, member in self.members.items()}

    def _pause(self, suspects: Collection[str]) -> float:
        """Until the next look is due, so that the looks are spread over the toleration."""
        now = self.clock()
        due = []
        for name in suspects:
            failed = failures_in_a_row(self.looks[name])
            rest = failed[0].at + self.policy.toleration - now
            enough = len(failed) >= self.policy.failed_probes
            due.append(rest if enough else min(self.policy.interval, max(rest, self.policy.interval / 10)))
        return max(0.1, min(due))

    def _evidence(self, member: Member) -> Evidence:
        taints = [taint for taint in member.taints if taint.key == TAINT_UNREACHABLE and taint.effect == NO_EXECUTE]
        return Evidence(
            cluster=member.name,
            looks=tuple(self.looks[member.name]),
            opinions=tuple(
                _opinion(found) for found in member.observers if _place(found.name) != _place(self.observer)
            ),
            left_since=parse_time(taints[0].time_added).timestamp() if taints else None,
            exemption="it is the hub itself" if member.is_hub else "",
            confirmed=member.name in self.confirmed,
        )

    def _own_earlier_looks(self, member: Member) -> list[Look]:
        """What we recorded in earlier plays, when that is not too long ago to be one row with the looks of now."""
        for found in member.observers:
            recent = self.clock() - parse_time(found.observed_at).timestamp() <= self.policy.opinion_age
            if found.name == self.observer and found.failures and found.reason in _FAILURES and recent:
                since = parse_time(found.failing_since or found.observed_at).timestamp()
                return [Look(since, Outcome.FAILED, found.reason)] * min(found.failures, self.policy.failed_probes)
        return []


def read_applications(hub: Hub) -> tuple[Application, ...]:
    """All applications of all tenants."""
    return tuple(_application(found) for found in list_records(hub))


def departures_of(notes: Mapping[str, Any]) -> dict[str, Departure]:
    """Our notes about clusters that an application left."""
    return {
        str(name): Departure(str(entry.get("at") or ""), entry.get("phase") == "finished")
        for name, entry in (notes.get(DEPARTURES) or {}).items()
    }


def _application(found: ApplicationRecord) -> Application:
    return Application(
        tenant=found.tenant,
        name=found.name,
        clusters=frozenset(found.clusters),
        stale=frozenset(found.stale),
        departures=departures_of(found.failover),
        failover=dict(found.spec.failover),
        tolerations=tuple(found.spec.placement.get("clusterTolerations") or ()),
        minds_others=uses_neighbours(found.spec.placement),
    )


def _look(observation: Observation, at: float) -> Look:
    if observation.is_ready:
        return Look(at, Outcome.REACHED, observation.ready.reason)
    outcome = Outcome.FAILED if observation.ready.reason in _FAILURES else Outcome.UNCLEAR
    return Look(at, outcome, observation.ready.reason)


def _opinion(found: Observer) -> Opinion:
    return Opinion(found.name, parse_time(found.observed_at).timestamp(), found.ready == "True")


def _place(observer: str) -> str:
    """The machine of an observer: two processes of one machine share its network and are no second opinion."""
    return observer.split(" ")[0]
