# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan, and no other: each step says what came of it, and one that fails holds back only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .._delivery.application import Actor, Settings
from .._delivery.deliver import application_lock, redeliver
from .._delivery.record import get_record, write_failover_note
from .._delivery.remove import remove_copies
from .._delivery.result import Result
from .._kube.errors import FleetError, NotFoundError
from .._kube.fanout import fan_out
from .._registry.hub import Hub
from .._registry.lease import Lock
from .._registry.member import Taint as MemberTaint
from .._registry.member import format_time
from .._registry.names import TAINT_UNREACHABLE
from .._registry.taints import add_taints, remove_taints
from .plan import Clean, Move, Plan, Readmit, Return, Step, Taint
from .watch import DEPARTURES
from .wishes import NO_EXECUTE

SIDE_BY_SIDE = 8
"""Applications that are moved at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one step."""

    step: Step
    result: Result | None = None
    error: FleetError | None = None
    skipped: str = ""
    """Why it was not tried."""

    @property
    def ok(self) -> bool:
        """Whether what needs it may go on."""
        return self.error is None and not self.skipped


@dataclass(slots=True)
class Executor:
    """Carries out steps under the failover lease."""

    hub: Hub
    lock: Lock | None
    """The failover lease; ``None`` only in check mode."""
    actor: Actor
    settings: Settings
    check: bool
    done: list[Done] = field(default_factory=list)

    def carry_out(self, plan: Plan) -> tuple[Done, ...]:
        """All steps: first what keeps new work away, then the moves, then what came back."""
        for step in plan.steps:
            if isinstance(step, Taint):
                self._try(step, self._taint)
        self._side_by_side([step for step in plan.steps if isinstance(step, Move)], self._move)
        self._side_by_side([step for step in plan.steps if isinstance(step, Clean)], self._clean)
        for step in plan.steps:
            if isinstance(step, Readmit):
                self._readmit_when_clean(step)
        self._side_by_side([step for step in plan.steps if isinstance(step, Return)], self._return_when_readmitted)
        return tuple(self.done)

    def _taint(self, step: Taint) -> Result:
        if not self.check:
            add_taints(self.hub, step.cluster, [MemberTaint(TAINT_UNREACHABLE, NO_EXECUTE)])
        return Result(changed=True)

    def _move(self, step: Move) -> Result:
        application = step.application
        if self.check:
            return self._redeliver(step, None)
        with self._held(application.tenant, application.name) as lock:
            # Intent before effect: a play that is killed below is finished by the next one.
            note = {name: {"at": _now(), "phase": "moving"} for name in step.leaving}
            self._note(application.tenant, application.name, lambda before: {**before, **note})
            result = self._redeliver(step, lock)
            if not result.failed:
                finished = {name: {**entry, "phase": "finished"} for name, entry in note.items()}
                self._note(application.tenant, application.name, lambda before: {**before, **finished})
        return result

    def _redeliver(self, step: Move, lock: Lock | None) -> Result:
        return redeliver(
            self.hub, step.application.tenant, step.application.name,
            actor=self.actor, evicting=step.evicting, settings=self.settings, check=self.check, lock=lock,
            note=f"failover from {', '.join(step.leaving)}: {step.reason}"[:500],
        )  # fmt: skip

    def _clean(self, step: Clean) -> Result:
        application = step.application
        return remove_copies(
            self.hub, application.tenant, application.name, step.cluster,
            actor=self.actor, check=self.check, settings=self.settings,
        )  # fmt: skip

    def _readmit_when_clean(self, step: Readmit) -> None:
        dirty = sorted(
            found.step.application.key
            for found in self.done
            if isinstance(found.step, Clean) and found.step.cluster == step.cluster and not found.ok
        )
        if dirty:
            self.done.append(Done(step, skipped=f"copies of {', '.join(dirty)} are still there"))
            return
        self._try(step, self._readmit)

    def _readmit(self, step: Readmit) -> Result:
        if not self.check:
            remove_taints(self.hub, step.cluster, {TAINT_UNREACHABLE})
        return Result(changed=True)

    def _return_when_readmitted(self, step: Return) -> Result:
        application = step.application
        if self.check:
            # The cluster is still tainted, so a dry run would place as if it were not back.
            return Result(changed=True)
        with self._held(application.tenant, application.name) as lock:
            result = redeliver(
                self.hub, application.tenant, application.name,
                actor=self.actor, reschedule=True, settings=self.settings, lock=lock,
                note=f"fail-back to {', '.join(step.clusters)}: {step.reason}"[:500],
            )  # fmt: skip
            if not result.failed:
                self._note(application.tenant, application.name, lambda before: _without(before, step.clusters))
        return result

    def _side_by_side(self, steps: Sequence[Move | Clean | Return], work: Callable[..., Result]) -> None:
        ready: dict[str, Step] = {}
        for position, step in enumerate(steps):
            closed = self._not_readmitted(step)
            if closed:
                self.done.append(Done(step, skipped=f"{', '.join(closed)} could not be readmitted"))
            else:
                ready[str(position)] = step

        def attempt(_number: str, step: Step) -> Result:
            self._check_lock()
            return work(step)

        # One application changes one record, so side by side means one worker for all steps of an application.
        for wave in waves(ready):
            for number, outcome in fan_out(wave, attempt, workers=SIDE_BY_SIDE).items():
                self.done.append(_done(ready[number], outcome.value, outcome.error))

    def _not_readmitted(self, step: Step) -> list[str]:
        if not isinstance(step, Return):
            return []
        return sorted(
            found.step.cluster
            for found in self.done
            if isinstance(found.step, Readmit) and found.step.cluster in step.clusters and not found.ok
        )

    def _try(self, step: Taint | Readmit, work: Callable[..., Result]) -> None:
        try:
            self._check_lock()
            self.done.append(Done(step, work(step)))
        except FleetError as error:
            self.done.append(Done(step, error=error))

    def _check_lock(self) -> None:
        if self.lock is not None:
            self.lock.check()

    def _held(self, tenant: str, name: str) -> AbstractContextManager[Lock]:
        record = get_record(self.hub, tenant, name)
        return application_lock(self.hub, tenant, name, self.actor, record.epoch if record else 0)

    def _note(self, tenant: str, name: str, change: Callable[[dict], dict]) -> None:
        record = get_record(self.hub, tenant, name)
        if record is None:
            raise NotFoundError(
                "the application was removed meanwhile", code=404, cluster="hub", object=f"Application {tenant}/{name}"
            )
        notes = record.failover
        after = {**notes, DEPARTURES: change(dict(notes.get(DEPARTURES) or {}))}
        write_failover_note(self.hub, tenant, name, {key: value for key, value in after.items() if value})


def _done(step: Step, result: Result | None, error: FleetError | None) -> Done:
    """A delivery that failed in some clusters is an error of its step, with its result."""
    if error is None and result is not None and result.failed:
        error = result.error or FleetError(result.message or "it failed")
    return Done(step, result, error)


def waves(steps: Mapping[str, Step]) -> list[dict[str, Step]]:
    """Groups to be carried out one after the other, in which no application occurs twice.

    Applications that mind others come last and, of a tenant, one at a time: each has to see where those before it went.
    """
    plain = {number: step for number, step in steps.items() if not _minds_others(step)}
    mindful = {number: step for number, step in steps.items() if number not in plain}
    return [*_apart(plain, _application), *_apart(mindful, lambda step: _application(step).partition("/")[0])]


def _apart(steps: Mapping[str, Step], of: Callable[[Step], str]) -> list[dict[str, Step]]:
    """As few groups as will do, in which no two steps are of the same."""
    found: list[dict[str, Step]] = []
    taken: list[set[str]] = []
    for number, step in steps.items():
        key = of(step)
        index = next((place for place, keys in enumerate(taken) if key not in keys), len(found))
        if index == len(found):
            found.append({})
            taken.append(set())
        found[index][number] = step
        taken[index].add(key)
    return found


def _application(step: Step) -> str:
    return step.application.key if isinstance(step, (Move, Clean, Return)) else ""


def _minds_others(step: Step) -> bool:
    return isinstance(step, (Move, Return)) and step.application.minds_others


def _without(notes: Mapping[str, object], names: tuple[str, ...]) -> dict[str, object]:
    return {name: entry for name, entry in notes.items() if name not in names}


def _now() -> str:
    return format_time(datetime.now(UTC))
