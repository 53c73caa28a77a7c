# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done about lost and returned clusters. Pure: a situation goes in, steps with reasons come out.

A second run in the same situation plans the same, and an empty plan when the first one was carried out. What a killed
play left half done is in the records (the taint, an application's notes), so the next plan finishes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .._kube.errors import InputError
from .brake import RELEASED, Brake
from .observation import Judgement, State
from .wishes import Failback, Mode, Wishes, read_wishes, tolerated_seconds

_GONE = frozenset({State.LOST, State.AWAY})
_RETURNED = frozenset({State.RETURNED})
_BACK = frozenset({State.RETURNED, State.SERVING})


@dataclass(frozen=True, slots=True)
class Departure:
    """An application's note about a cluster that it left."""

    at: str
    """RFC 3339."""
    finished: bool
    """Whether its new copies were healthy in the end."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application, as far as failover is concerned."""

    tenant: str
    name: str
    clusters: frozenset[str]
    """Where its revision in force places something."""
    stale: frozenset[str] = frozenset()
    """Where copies stand that are not wanted any more."""
    departures: Mapping[str, Departure] = field(default_factory=dict)
    failover: Mapping[str, object] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, object], ...] = ()
    minds_others: bool = False
    """Whether its placement speaks of other applications."""

    @property
    def key(self) -> str:
        """``tenant/name``."""
        return f"{self.tenant}/{self.name}"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan is made from."""

    now: float
    judgements: Mapping[str, Judgement]
    applications: tuple[Application, ...]
    taint: str
    """Key of the taint that a lost cluster gets."""
    brake: Brake = RELEASED
    failback: Failback = Failback.AUTOMATIC
    """For applications that don't say."""
    called_back: frozenset[str] = frozenset()
    """Applications whose share a person asks to return now, as ``tenant/name`` or ``name``."""


@dataclass(frozen=True, slots=True)
class Taint:
    """Nothing new comes to a lost cluster; the record that it failed over, too."""

    cluster: str
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """Start an application's share elsewhere."""

    application: Application
    leaving: tuple[str, ...]
    evicting: tuple[str, ...]
    """Clusters that placement must not use: those it leaves and others that are gone."""
    reason: str


@dataclass(frozen=True, slots=True)
class Clean:
    """Remove the copies of an application from a cluster that came back."""

    application: Application
    cluster: str
    reason: str


@dataclass(frozen=True, slots=True)
class Readmit:
    """Untaint a cluster that came back, once it is clean."""

    cluster: str
    reason: str


@dataclass(frozen=True, slots=True)
class Return:
    """Give clusters that are back their share of an application."""

    application: Application
    clusters: tuple[str, ...]
    reason: str


Step: TypeAlias = "Taint | Move | Clean | Readmit | Return"


@dataclass(frozen=True, slots=True)
class Held:
    """What is not done, and why."""

    application: str
    cluster: str
    reason: str
    next_step: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in their order, and what was held back."""

    steps: tuple[Step, ...] = ()
    held: tuple[Held, ...] = ()
    brake: Brake = RELEASED


def plan(situation: Situation) -> Plan:
    """Plan: taint the lost, move what they ran, clean and readmit what is back, return shares."""
    if situation.brake.pulled:
        return Plan(brake=situation.brake)
    held: list[Held] = []
    steps: list[Step] = [
        Taint(name, judgement.reason)
        for name, judgement in sorted(situation.judgements.items())
        if judgement.state is State.LOST
    ]
    readable: list[tuple[Application, Wishes]] = []
    for application in sorted(situation.applications, key=lambda found: found.key):
        try:
            readable.append((application, read_wishes(application.failover)))
        except InputError as error:
            concerned = sorted(application.clusters & _clusters(situation, _GONE))
            held += [Held(application.key, name, error.message, error.next_step or "", True) for name in concerned]
    for application, wishes in readable:
        move, kept = _move(situation, application, wishes)
        held += kept
        if move:
            steps.append(move)
    for name in sorted(_clusters(situation, _RETURNED)):
        reason = situation.judgements[name].reason
        steps += _cleaning(situation, name)
        steps.append(Readmit(name, reason))
    for name in sorted(_clusters(situation, frozenset({State.SERVING}))):
        # Somebody untainted it by hand.
        steps += [
            step
            for step in _cleaning(situation, name)
            if name in step.application.stale & set(step.application.departures)
        ]
    for application, wishes in readable:
        for entry in _return(situation, application, wishes):
            if isinstance(entry, Held):
                held.append(entry)
            else:
                steps.append(entry)
    return Plan(tuple(steps), tuple(held))


def _move(situation: Situation, application: Application, wishes: Wishes) -> tuple[Move | None, list[Held]]:
    gone = _clusters(situation, _GONE)
    unfinished = {
        name
        for name, departure in application.departures.items()
        if not departure.finished
        and name not in application.clusters
        and name in gone | _clusters(situation, _RETURNED)
    }
    held = []
    for name in sorted((application.clusters & gone) - unfinished):
        reason = _why_it_stays(situation, application, wishes, situation.judgements[name])
        if reason:
            held.append(Held(application.key, name, reason))
    stays = {entry.cluster for entry in held}
    leaving = ((application.clusters & gone) - stays) | unfinished
    if not leaving:
        return None, held
    reasons = "; ".join(f"{name}: {situation.judgements[name].reason}" for name in sorted(leaving))
    evicting = tuple(sorted((gone - stays) | unfinished))
    return Move(application, tuple(sorted(leaving)), evicting, reasons), held


def _cleaning(situation: Situation, name: str) -> list[Clean]:
    return [
        Clean(application, name, f"{name} came back, its share runs elsewhere")
        for application in sorted(situation.applications, key=lambda found: found.key)
        if name in application.stale or (name in application.departures and name not in application.clusters)
    ]


def _why_it_stays(situation: Situation, application: Application, wishes: Wishes, judgement: Judgement) -> str:
    if wishes.mode is Mode.STAY:
        return "its failover mode is stay"
    if wishes.fencing == "required":
        return "it requires fencing, and nothing here can fence the cluster: two copies could run at once"
    patience = max(wishes.toleration, tolerated_seconds(application.tolerations, situation.taint))
    if patience == float("inf"):
        return f"its placement tolerates {situation.taint} for ever"
    lost_for = situation.now - (judgement.since or situation.now)
    if lost_for < patience:
        return f"it tolerates {patience:.0f} s, {lost_for:.0f} s have passed"
    return ""


def _return(situation: Situation, application: Application, wishes: Wishes) -> Iterator[Return | Held]:
    back = sorted(name for name in application.departures if name in _clusters(situation, _BACK))
    if not back:
        return
    called = bool({application.key, application.name} & situation.called_back)
    if called or (wishes.failback or situation.failback) is Failback.AUTOMATIC:
        reason = "asked for" if called else "its failback is automatic"
        yield Return(application, tuple(back), reason)
        return
    for name in sorted(set(back) - application.clusters):
        yield Held(
            application.key,
            name,
            "its failback is manual: it stays where it is",
            f"To return its share: failover_return_applications={application.key}",
        )


def _clusters(situation: Situation, states: frozenset[State]) -> frozenset[str]:
    return frozenset(name for name, judgement in situation.judgements.items() if judgement.state in states)
