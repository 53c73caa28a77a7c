# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From looks at a cluster to a judgement about it. Pure: the clock is an argument.

Unreachable is not dead. A cluster is only judged lost when it failed several looks in a row from where we stand, for
as long as the toleration, and when nobody else reached it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What one look at a cluster's API server showed."""

    REACHED = "reached"
    FAILED = "failed"
    UNCLEAR = "unclear"
    """It answered, but not to us: a refused credential, or another cluster at that address. That is no death."""


class State(Enum):
    """What a cluster is, as far as failover is concerned."""

    SERVING = "serving"
    FAILING = "failing"
    """It failed, but not often or not long enough."""
    LOST = "lost"
    """Newly lost: nothing was done about it yet."""
    DISPUTED = "disputed"
    """Lost from here, reached from elsewhere."""
    UNCLEAR = "unclear"
    EXEMPT = "exempt"
    """It failed, but it is also the hub, which is never failed over automatically."""
    AWAY = "failed over"
    """It was lost earlier, and still is."""
    RETURNED = "returned"
    """It failed over earlier and answers again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When a cluster counts as lost."""

    failed_probes: int = 3
    """Failed looks in a row, before the second look that precedes every act."""
    toleration: float = 30.0
    """Seconds from the first failed look until anything may be done; the looks are spread over them."""
    opinion_age: float = 120.0
    """Seconds for which what another observer said counts."""

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return self.toleration / max(1, self.failed_probes)


@dataclass(frozen=True, slots=True)
class Look:
    """One look from where we stand."""

    at: float
    """Seconds since 1970."""
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The latest that another observer recorded in the hub."""

    observer: str
    at: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one cluster when it is judged."""

    cluster: str
    looks: tuple[Look, ...]
    """From this place, oldest first, without a gap."""
    opinions: tuple[Opinion, ...] = ()
    left_since: float | None = None
    """When it was failed over, for one that was: its taint says so."""
    exemption: str = ""
    """Why it is never failed over automatically, where that is so."""
    confirmed: bool = False
    """A person says that it is really lost."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with its reason."""

    cluster: str
    state: State
    reason: str
    since: float | None = None
    """When it began to fail."""
    witnesses: tuple[str, ...] = ()
    """Other observers who don't reach it either."""


def judge(evidence: Evidence, policy: Policy, now: float) -> Judgement:
    """Say what a cluster is."""
    name = evidence.cluster
    if not evidence.looks:
        return Judgement(name, State.UNCLEAR, "nobody looked at it")
    last = evidence.looks[-1]
    if last.outcome is Outcome.UNCLEAR:
        return Judgement(name, State.UNCLEAR, f"it answers, but not to us: {last.reason}", evidence.left_since)
    if last.outcome is Outcome.REACHED:
        if evidence.left_since is not None:
            return Judgement(name, State.RETURNED, "it answers again", evidence.left_since)
        return Judgement(name, State.SERVING, last.reason or "it answers")
    if evidence.left_since is not None:
        return Judgement(name, State.AWAY, f"still {last.reason}", evidence.left_since)
    return _failed(evidence, policy, now)


def failures_in_a_row(looks: Sequence[Look]) -> tuple[Look, ...]:
    """The failed looks that nothing good came after."""
    failed: list[Look] = []
    for look in reversed(looks):
        if look.outcome is not Outcome.FAILED:
            break
        failed.append(look)
    return tuple(reversed(failed))


def _failed(evidence: Evidence, policy: Policy, now: float) -> Judgement:
    name, failed = evidence.cluster, failures_in_a_row(evidence.looks)
    since, reason = failed[0].at, failed[-1].reason
    seconds = now - since
    if evidence.exemption:
        return Judgement(name, State.EXEMPT, f"{reason}, but {evidence.exemption}", since)
    if len(failed) < policy.failed_probes:
        return Judgement(name, State.FAILING, f"{reason}: {len(failed)} of {policy.failed_probes} failed probes", since)
    if seconds < policy.toleration:
        waits = f"{reason} for {seconds:.0f} s of the tolerated {policy.toleration:.0f} s"
        return Judgement(name, State.FAILING, waits, since)
    recent = [opinion for opinion in evidence.opinions if now - opinion.at <= policy.opinion_age]
    reached = [opinion.observer for opinion in recent if opinion.reached and opinion.at >= since]
    witnesses = tuple(sorted(opinion.observer for opinion in recent if not opinion.reached))
    if reached and not evidence.confirmed:
        disputed = f"{reason} from here, but reached by {', '.join(sorted(reached))}"
        return Judgement(name, State.DISPUTED, disputed, since, witnesses)
    lost = f"{reason}: {len(failed)} failed probes in {seconds:.0f} s"
    return Judgement(name, State.LOST, lost, since, witnesses)
