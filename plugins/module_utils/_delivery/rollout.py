# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One plan carried out over all members: new copies first, their health, then what is taken away. One failed member hides nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._kube.discovery import Resource
from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .execute import Run, grow, open_set, settle, shrink
from .identity import Identity, Manifest
from .plan import Step
from .verify import ClusterHealth, Expectation, Tell, judge, wait_until_healthy


@dataclass(frozen=True, slots=True)
class Rollout:
    """What came of it."""

    runs: Mapping[str, Run]
    health: Mapping[str, ClusterHealth]

    @property
    def errors(self) -> dict[str, list[FleetError]]:
        """What failed, per cluster."""
        return {name: list(run.errors) for name, run in self.runs.items() if run.errors}

    @property
    def postponed(self) -> dict[str, list[Step]]:
        """Old copies that stay because their new ones are not healthy."""
        return {name: list(run.postponed) for name, run in self.runs.items() if run.postponed}


def roll_out(runs: Mapping[str, Run], tell: Tell | None = None) -> Rollout:
    """Carry out the plans of all members side by side."""
    _each(runs, open_set)
    able = {name: run for name, run in runs.items() if not run.errors}
    _each(able, grow)
    health = _health(runs, tell)
    unhealthy = {name for name, found in health.items() if not found.healthy and not runs[name].survey.work.leaving}
    broken = {name for name, run in runs.items() if run.errors} | (unhealthy if _waits(runs) else set())
    ready = {name: run for name, run in able.items() if not run.errors}
    _each(ready, lambda run: shrink(run, lambda step: step.moves and _held_back(step, run, runs, broken)))
    # Also after errors: what was written has to be in the set.
    _each(able, settle)
    return Rollout(runs, health)


def grow_out(runs: Mapping[str, Run], tell: Tell | None = None) -> Rollout:
    """Add and change, and see whether that is healthy; for plans that take nothing away."""
    _each(runs, open_set)
    able = {name: run for name, run in runs.items() if not run.errors}
    _each(able, grow)
    # Before the wait: a play that dies in it leaves nothing behind that has to be looked at again.
    _each(able, settle)
    return Rollout(runs, _health(runs, tell))


def restore(runs: Mapping[str, Run]) -> Rollout:
    """Back to what was: what came goes first, since it may hold the room that the old needs; health is seen last."""
    _each(runs, open_set)
    able = {name: run for name, run in runs.items() if not run.errors}
    _each(able, grow)
    # What could not be put back is no reason to leave what came: both are named.
    _each(able, lambda run: shrink(run, lambda _step: False))
    _each(able, settle)
    return Rollout(runs, _health(runs))


def _held_back(step: Step, run: Run, runs: Mapping[str, Run], broken: set[str]) -> bool:
    """An old copy stays while a cluster that the object is wanted in is not well."""
    if not run.survey.work.leaving and step.identity not in run.frame.anywhere:
        return False
    return any(
        name in broken and step.identity in other.survey.wanted for name, other in runs.items() if other is not run
    )


def _each(runs: Mapping[str, Run], act: Callable[[Run], None]) -> None:
    outcomes = fan_out(dict(runs), lambda _name, run: act(run))
    for name, outcome in outcomes.items():
        if outcome.error is not None:
            runs[name].errors.append(outcome.error)


def _health(runs: Mapping[str, Run], tell: Tell | None = None) -> dict[str, ClusterHealth]:
    """Wait where waiting was asked for; else as things are."""
    staying = {name: run for name, run in runs.items() if not run.survey.work.leaving}
    expectations = {
        name: Expectation(run.session, run.frame.owner.applyset, _ours(run), _resources(run), run.frame.judge)
        for name, run in staying.items()
        if not run.errors
    }
    timeout = max((run.frame.settings.timeout for run in staying.values() if run.frame.settings.wait), default=0.0)
    found = (
        wait_until_healthy(expectations, timeout, tell)
        if timeout
        else {name: judge(entry.live, entry.judge) for name, entry in expectations.items()}
    )
    for name, run in staying.items():
        if run.errors:
            found[name] = ClusterHealth(judge(_ours(run), run.frame.judge).states, run.errors[0])
    return found


def _ours(run: Run) -> dict[Identity, Manifest]:
    return {identity: live for identity, live in run.live.items() if identity not in run.survey.work.implied}


def _resources(run: Run) -> Callable[[Identity], Resource | None]:
    def resource_of(identity: Identity) -> Resource | None:
        found = run.survey.observation.resource_of(identity)
        return found or run.session.discovery().preferred(identity.group, identity.kind)

    return resource_of


def _waits(runs: Mapping[str, Run]) -> bool:
    return any(run.frame.settings.wait for run in runs.values())
