# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steer a rollout by hand, or carry it on: resume, pause, promote, abort, the next step, and back to an old revision.

Whoever steers holds the application's lease. When a living play holds it, the wish is left in the hub, and that play
obeys at its next look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .._kube.errors import FleetError, InputError, LeaseHeldError
from .._registry.hub import Hub
from .._registry.lease import WAIT, Afterwards, Lock, hold, keep_for
from .._registry.names import application_lease
from .advance import begin, carry_out_step, passed, refuse_hopeless, steps_for
from .application import Actor, Settings, Spec
from .campaign import Campaign, answer, open_campaign, shown, stopped
from .prepare import Fleet, History, Prepared
from .progress import ACTIVE, Phase, Progress, Wish, active_rollout, progress_of, spec_digest
from .record import ApplicationRecord, existing_record, get_record, write_spec, write_status
from .report import step_lines
from .result import Result
from .rollback import roll_back
from .waves import RolloutPolicy, StepKind

PATIENCE = 2.0
"""Seconds to wait for the lease before a wish is left for its holder."""


class Steps(StrEnum):
    """Who carries the steps out."""

    ALL = "all"
    """This very call, one after the other."""
    ONE_BY_ONE = "one by one"
    """A role, one per task."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """How a new revision goes over its clusters by steps."""

    hub: Hub
    actor: Actor
    settings: Settings
    steps: Steps = Steps.ALL

    @property
    def afterwards(self) -> Afterwards:
        """What becomes of the lease when this call is over."""
        return Afterwards.KEEP if self.steps is Steps.ONE_BY_ONE else Afterwards.RELEASE

    def planned(self, fleet: Fleet, prepared: Prepared) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The steps as results show them before anything is done, and what should be known."""
        policy = RolloutPolicy.from_dict(prepared.spec.rollout)
        refuse_hopeless(prepared, policy)
        found = steps_for(policy, fleet, prepared.decided.clusters)
        steps = [entry.to_dict() for entry in found.steps]
        planned = {"phase": "Planned", "revision": prepared.revision.number, "step": 0, "steps": steps}
        return {**planned, "lines": step_lines(found.steps)}, found.notes

    def start(self, fleet: Fleet, prepared: Prepared, past: History, lock: Lock, planned: Result) -> Result:
        """Write down the rollout; then carry it out, or leave that to the role."""
        spec = prepared.spec
        begin(self.hub, fleet, prepared, past, lock, f"{self.actor.who} on {self.actor.where}")
        campaign = open_campaign(self.hub, spec.tenant, spec.name, self.settings, lock)
        if self.steps is Steps.ONE_BY_ONE:
            line = campaign.progress.line
            return _for_role(replace(planned, rollout=shown(campaign, campaign.progress), message=line), self.actor)
        found = carry_on(campaign)
        return replace(found, reasons=planned.reasons, warnings=(*planned.warnings, *found.warnings), diff=planned.diff)


def check_steps(rollout: Mapping[str, Any], steps: Steps) -> None:
    """Refuse what only a role can carry out where there is none.

    :raises InputError: naming the check.
    """
    by_play = RolloutPolicy.from_dict(rollout).checks_by_play
    if by_play and steps is Steps.ALL:
        raise InputError(
            f"rollout.checks: {by_play[0].name}: {by_play[0].kind} of yours are carried out between the tasks of a play",
            next_step="Use role navarch.fleet.application, or http and prometheus",
        )


def is_under_way(hub: Hub, spec: Spec) -> bool:
    """Whether the very same request is being rolled out already."""
    progress = active_rollout(get_record(hub, spec.tenant, spec.name))
    return progress is not None and progress.spec_digest == spec_digest(spec)


def take_up(hub: Hub, spec: Spec, settings: Settings, actor: Actor, steps: Steps) -> Result:
    """Go on with what a play that died, or stopped, had begun. What somebody paused stays paused."""
    with steering(hub, spec.tenant, spec.name, actor, wait=WAIT, keeps=steps is Steps.ONE_BY_ONE) as lock:
        # The play may have died right before this.
        write_spec(hub, spec)
        campaign = open_campaign(hub, spec.tenant, spec.name, settings, lock)
        progress = campaign.progress
        if progress.phase is Phase.PAUSED:
            found = answer(campaign, {}, changed=False)
            error = FleetError(
                progress.line,
                object=f"Application {spec.tenant}/{spec.name}",
                next_step="Resume it, abort it, or promote it as it is",
            )
            return replace(found, failed=True, error=error, message=str(error)) if progress.broken else found
        if steps is Steps.ALL or not progress.active:
            return carry_on(campaign)
        return _for_role(answer(campaign, {}, changed=True), actor)


@contextmanager
def steering(hub: Hub, tenant: str, name: str, actor: Actor, *, wait: float, keeps: bool = False) -> Iterator[Lock]:
    """The application's lease; kept afterwards when more tasks of the same play follow."""
    record = get_record(hub, tenant, name)
    with hold(
        hub.session, application_lease(name), namespace=tenant, holder=actor.holder, who=actor.who, where=actor.where,
        wait=wait, floor=record.epoch if record else 0, afterwards=Afterwards.KEEP if keeps else Afterwards.RELEASE,
    ) as lock:  # fmt: skip
        yield lock


def carry_on(campaign: Campaign) -> Result:
    """All the steps that are left, and the rollback if it comes to that; what a module does that no role drives."""
    results: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    changed = False
    while True:
        phase = campaign.progress.phase
        if phase is Phase.PROGRESSING:
            found = carry_out_step(campaign)
        elif phase is Phase.ROLLING_BACK:
            return _rolled_back(campaign)
        else:
            found = answer(campaign, {}, changed=False)
            return replace(found, changed=changed, clusters=results, warnings=tuple(notes))
        results = merged(results, found.clusters)
        notes += [note for note in found.warnings if note not in notes]
        changed = changed or found.changed
        campaign = open_campaign(
            campaign.hub, campaign.record.tenant, campaign.record.name,
            replace(campaign.settings, timeout=campaign.patience), campaign.lock,
        )  # fmt: skip
        if found.failed and campaign.progress.phase is not Phase.ROLLING_BACK:
            return replace(found, changed=changed, clusters=merged(results, found.clusters))


def _rolled_back(campaign: Campaign) -> Result:
    """The rollback, told as the failure that it is."""
    reason = campaign.progress.message
    found = roll_back(campaign)
    if found.failed:
        return found
    error = FleetError(
        f"revision {campaign.progress.revision} was rolled back: {reason}",
        object=f"Application {campaign.record.tenant}/{campaign.record.name}",
        next_step="Every cluster is as it was. Correct the cause, then apply again",
    )
    return replace(found, failed=True, error=error, message=str(error))


def merged(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """What was done in each cluster over several steps; a step that only looked does not hide one that wrote."""
    found = {name: dict(entry) for name, entry in before.items()}
    for name, entry in after.items():
        known = found.get(name)
        looked = entry.get("action") in ("unchanged", "kept")
        found[name] = (
            {**entry, **{key: known[key] for key in ("action", "counts", "objects")}}
            if known and looked
            else dict(entry)
        )
    return found


def step(hub: Hub, tenant: str, name: str, number: int, settings: Settings, actor: Actor) -> Result:
    """One step for a role: the one of that number, and before it the role's word that the one before is proven."""
    with steering(hub, tenant, name, actor, wait=WAIT, keeps=True) as lock:
        campaign = open_campaign(hub, tenant, name, settings, lock)
        progress = campaign.progress
        if progress.phase is Phase.PROGRESSING and progress.awaiting and progress.step == number - 1:
            campaign = passed(campaign)
        progress = campaign.progress
        if progress.phase is not Phase.PROGRESSING or progress.step > number:
            return answer(campaign, {}, changed=False)
        if progress.step < number:
            raise InputError(
                f"step {number + 1} is not due, step {progress.step + 1} ({progress.now.title}) is",
                object=f"Application {tenant}/{name}",
                next_step="Resume the rollout, it goes on where it stands",
            )
        found = carry_out_step(campaign)
        after = progress_of(get_record(hub, tenant, name))
    _leave(hub, tenant, name, campaign, after, actor)
    return found


def _leave(hub: Hub, tenant: str, name: str, campaign: Campaign, after: Progress | None, actor: Actor) -> None:
    """Keep the lease while the play carries out checks of its own, and let others in when it has nothing more to do."""
    if after is None or not after.active or after.phase is Phase.PAUSED:
        keep_for(hub.session, application_lease(name), tenant, actor.holder, 0)
    elif after.awaiting:
        longest = sum(check.timeout for check in campaign.policy.checks_by_play)
        keep_for(hub.session, application_lease(name), tenant, actor.holder, longest)


def resume(hub: Hub, tenant: str, name: str, settings: Settings, actor: Actor, steps: Steps) -> Result:
    """Go on where it stands; what failed in this step is tried again.

    :param steps: who carries out what is left.
    """
    only_begin = steps is Steps.ONE_BY_ONE
    _active(hub, tenant, name)
    with steering(hub, tenant, name, actor, wait=WAIT, keeps=only_begin) as lock:
        campaign = open_campaign(hub, tenant, name, settings, lock)
        progress = campaign.progress
        if not progress.active:
            raise _over(progress, tenant, name)
        if progress.phase is Phase.PAUSED:
            failed = {other: reason for other, reason in progress.failed.items() if other not in progress.now.clusters}
            campaign = campaign.at(replace(progress, phase=Phase.PROGRESSING, failed=failed, message="", request="", broken=False),
                                   lambda before: {**before, "phase": "Progressing"})  # fmt: skip
        if only_begin and campaign.progress.phase is Phase.PROGRESSING:
            return _for_role(answer(campaign, {}, changed=progress.phase is Phase.PAUSED), actor)
        return carry_on(campaign)


def promote(hub: Hub, tenant: str, name: str, settings: Settings, actor: Actor, steps: Steps) -> Result:
    """Take the step for done as it is, without soak and checks, and with what failed in it; then go on."""
    only_begin = steps is Steps.ONE_BY_ONE
    before = _active(hub, tenant, name)
    if before.phase is Phase.ROLLING_BACK or before.now.kind is StepKind.FINISH:
        raise InputError(
            f"there is nothing to promote: it is {before.line}",
            object=f"Application {tenant}/{name}",
            next_step="Abort it to end the rollback" if before.phase is Phase.ROLLING_BACK else "Resume it",
        )
    try:
        with steering(hub, tenant, name, actor, wait=PATIENCE, keeps=only_begin) as lock:
            campaign = open_campaign(hub, tenant, name, settings, lock)
            progress = campaign.progress
            accepted = tuple(sorted({*progress.accepted, *progress.failed}))
            campaign = campaign.at(
                replace(
                    progress, phase=Phase.PROGRESSING, accepted=accepted, message="", request="", awaiting=False, broken=False,
                    step=progress.step + 1,
                ),
                lambda before: {**before, "phase": "Progressing"},
            )  # fmt: skip
            if only_begin:
                return _for_role(answer(campaign, {}, changed=True), actor)
            return carry_on(campaign)
    except LeaseHeldError as error:
        return _asked(hub, tenant, name, Wish.PROMOTE, error)


def pause(hub: Hub, tenant: str, name: str, settings: Settings, actor: Actor) -> Result:
    """Stop after the step that is under way."""
    before = _active(hub, tenant, name)
    if before.phase is Phase.PAUSED:
        return Result(changed=False, message=before.line, rollout=before.to_dict())
    try:
        with steering(hub, tenant, name, actor, wait=PATIENCE) as lock:
            campaign = open_campaign(hub, tenant, name, settings, lock)
            paused = replace(campaign.progress, phase=Phase.PAUSED, message="somebody asked to pause")
            return answer(campaign.at(paused), {}, changed=True)
    except LeaseHeldError as error:
        return _asked(hub, tenant, name, Wish.PAUSE, error)


def abort(hub: Hub, tenant: str, name: str, settings: Settings, actor: Actor) -> Result:
    """Roll back every cluster that was touched; also ends a rollback that was interrupted."""
    progress = progress_of(existing_record(hub, tenant, name))
    if progress is None or not progress.active:
        line = "it has no rollout" if progress is None else progress.line
        return Result(changed=False, message=line, rollout=progress.to_dict() if progress else None)
    try:
        with steering(hub, tenant, name, actor, wait=PATIENCE) as lock:
            campaign = open_campaign(hub, tenant, name, settings, lock)
            if not campaign.progress.broken:
                message = f"it was aborted by hand, by {actor.who}"
                campaign = campaign.at(
                    replace(campaign.progress, phase=Phase.ROLLING_BACK, message=message, broken=True)
                )
            return roll_back(campaign)
    except LeaseHeldError as error:
        return _asked(hub, tenant, name, Wish.ABORT, error)


def fail(hub: Hub, tenant: str, name: str, reason: str, settings: Settings, actor: Actor) -> Result:
    """A check that the play carries out did not pass."""
    with steering(hub, tenant, name, actor, wait=WAIT, keeps=True) as lock:
        campaign = open_campaign(hub, tenant, name, settings, lock)
        if campaign.progress.phase is not Phase.PROGRESSING or not campaign.progress.awaiting:
            return answer(campaign, {}, changed=False)
        title = campaign.progress.now.title
        found = stopped(campaign, {}, FleetError(f"a check of the play failed: {reason[:400]}", object=title))
        # That it is written down is what was asked for; the role goes on from what it says.
        return replace(found, failed=False, error=None)


def foreseen(hub: Hub, tenant: str, name: str, action: str) -> Result:
    """What an action would begin with, for check mode; nothing is held or written."""
    progress = progress_of(existing_record(hub, tenant, name))
    if action == "abort" and (progress is None or not progress.active):
        line = "it has no rollout" if progress is None else progress.line
        return Result(changed=False, message=line, rollout=progress.to_dict() if progress else None)
    progress = _active(hub, tenant, name)
    settled = (action == "pause" and progress.phase is Phase.PAUSED) or action == "fail"
    return Result(changed=not settled, message=progress.line, rollout={**progress.to_dict(), "phase": "Planned"})


def _for_role(found: Result, actor: Actor) -> Result:
    """With the holder of the lease, that the role's next tasks have to name."""
    return replace(found, rollout={**(found.rollout or {}), "holder": actor.holder})


def _asked(hub: Hub, tenant: str, name: str, wish: Wish, error: LeaseHeldError) -> Result:
    """Leave a wish for the play that holds the lease."""

    def wished(before: Mapping[str, Any]) -> dict[str, Any]:
        rollout = before.get("rollout") or {}
        if Phase(rollout.get("phase") or Phase.SUCCEEDED) not in ACTIVE:
            return dict(before)
        return {**before, "rollout": {**rollout, "request": wish.value}}

    record: ApplicationRecord = write_status(hub, tenant, name, wished)
    progress = progress_of(record)
    return Result(
        changed=True,
        message=f"{error.message}: it was asked to {wish.value}",
        rollout=progress.to_dict() if progress else None,
    )


def _active(hub: Hub, tenant: str, name: str) -> Progress:
    progress = progress_of(existing_record(hub, tenant, name))
    if progress is None or not progress.active:
        raise _over(progress, tenant, name)
    return progress


def _over(progress: Progress | None, tenant: str, name: str) -> FleetError:
    return FleetError(
        "no rollout is under way" + (f": {progress.line}" if progress is not None else ""),
        object=f"Application {tenant}/{name}",
        next_step="Apply the application to begin one",
    )
