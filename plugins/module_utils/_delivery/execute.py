# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out one member's plan: the parent first, the objects stage by stage, the parent again. Nothing is decided here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .._kube.discovery import Resource
from .._kube.errors import ConflictError, DeadlineError, FleetError, NotFoundError
from .._kube.fanout import fan_out
from .._kube.session import Propagation, Session, describe
from .applyset import Parent, Trace, delete_parent, refuse_lower_epoch, write_parent
from .autoscale import hand_over, scales, without_replicas
from .identity import Identity, Manifest
from .manifests import owner_of
from .order import stage_of
from .ownership import mark_quietly, shed
from .plan import Operation, Step, Verdict
from .preview import at_version, field_conflicts
from .protect import DEFINITION, protection
from .survey import Frame, Survey

WRITES_AT_ONCE = 8
"""Writes side by side to one member."""

WRITE_TRIES = 6
"""How often an object that a controller keeps changing is read again and written."""

LAST_WORD = 1.0
"""Seconds in which the controller of autoscalers may still act for one that is gone."""
ROLE_WAIT = 5.0
"""Seconds that a binding waits for its role: the server checks it against a copy that lags behind."""

BINDINGS = frozenset({"RoleBinding", "ClusterRoleBinding"})

ESTABLISHED_WAIT = 30.0
"""Seconds until a new definition has to be served."""


class Guard(Protocol):
    """The lease, as far as writing needs it."""

    @property
    def epoch(self) -> int:
        """Raised each time the lease changes hands."""

    def check(self) -> None:
        """Raise LeaseLostError when it is gone."""


@dataclass(slots=True)
class Run:
    """One member's plan while it is carried out, and what came of it so far."""

    session: Session
    survey: Survey
    frame: Frame
    guard: Guard
    decision: Mapping[str, Any]
    parent: Parent | None = None
    live: dict[Identity, Manifest] = field(default_factory=dict)
    """The objects as they are now, as far as we know."""
    removed: set[Identity] = field(default_factory=set)
    kept: dict[Identity, str] = field(default_factory=dict)
    errors: list[FleetError] = field(default_factory=list)
    postponed: list[Step] = field(default_factory=list)

    @property
    def written(self) -> bool:
        """Whether everything that was to be written is."""
        return not self.errors


def start(survey: Survey, frame: Frame, guard: Guard, decision: Mapping[str, Any]) -> Run:
    """A run that has not begun."""
    live = {
        identity: survey.observation.live[identity] for identity in survey.wanted if identity in survey.observation.live
    }
    return Run(survey.work.session, survey, frame, guard, decision, survey.plan.parent, live)


def open_set(run: Run) -> None:
    """Write the parent with the union of what is there and what is to come."""
    plan, frame = run.survey.plan, run.frame
    if plan.empty:
        return
    if plan.parent is not None:
        refuse_lower_epoch(plan.parent, run.guard.epoch, run.session.cluster)
    known = plan.parent.objects if plan.parent else {}
    union: dict[Identity, Trace | None] = dict(known)
    for step in plan.actions:
        if step.operation is not Operation.PRUNE:
            union[step.identity] = None
    run.guard.check()
    run.parent = write_parent(run.session, _parent(run, union, frame.revision, settled=False))


def grow(run: Run) -> None:
    """Create and update, stage after stage; a stage that failed holds back those behind it."""
    actions = [step for step in run.survey.plan.actions if not step.moves]
    _silence(run, [step for step in actions if step.operation is Operation.PRUNE and scales(step.identity)])
    steps = [step for step in actions if step.operation is not Operation.PRUNE]
    for stage in sorted({stage_of(step.identity) for step in steps}):
        chosen = [step for step in steps if stage_of(step.identity) == stage]
        _side_by_side(run, chosen, _write)
        if run.errors:
            return
        _until_served(run, [step for step in chosen if (step.identity.group, step.identity.kind) == DEFINITION])


def _silence(run: Run, autoscalers: Sequence[Step]) -> None:
    """Remove autoscalers that go; they must not write once more over the replicas that are written next."""
    _side_by_side(run, autoscalers, _delete)
    if autoscalers:
        # Their controller learns of it by a watch, and may be acting on what it saw before.
        time.sleep(LAST_WORD)


def shrink(run: Run, blocked: Callable[[Step], bool]) -> None:
    """Take away: copies that run elsewhere now, then what is not wanted any more, last stages first."""
    actions = [step for step in run.survey.plan.actions if step.moves or step.operation is Operation.PRUNE]
    run.postponed = [step for step in actions if blocked(step)]
    steps = [step for step in actions if step not in run.postponed]
    _side_by_side(run, [step for step in steps if step.operation is not Operation.PRUNE], _write)
    prunes = [step for step in steps if step.operation is Operation.PRUNE and step.identity not in run.removed]
    for stage in sorted({stage_of(step.identity) for step in prunes}, reverse=True):
        chosen = [step for step in prunes if stage_of(step.identity) == stage]
        if stage == 0:
            _until_gone(run, [step for step in prunes if stage_of(step.identity) > 0])
        _side_by_side(run, chosen, _delete)
    if run.frame.settings.wait:
        _until_gone(run, prunes)


def settle(run: Run) -> None:
    """Write down what is there now; the parent of an empty set goes."""
    plan = run.survey.plan
    if plan.empty or (run.parent is None and not run.live):
        return
    traces = _traces(run)
    settled = not run.errors and not run.postponed
    run.guard.check()
    nowhere = run.survey.work.leaving and not run.frame.anywhere
    if run.parent is not None and run.written and (nowhere or not traces):
        delete_parent(run.session, run.parent)
        run.parent = None
        return
    run.parent = write_parent(run.session, _parent(run, traces, run.frame.revision, settled=settled))


def _parent(run: Run, objects: Mapping[Identity, Trace | None], revision: int, *, settled: bool) -> Parent:
    return Parent(
        owner=run.frame.owner,
        revision=revision,
        epoch=run.guard.epoch,
        objects=objects,
        settled=settled,
        decision=run.decision,
        resource_version=run.parent.resource_version if run.parent else None,
    )


def _traces(run: Run) -> dict[Identity, Trace | None]:
    """Whatever is in the cluster is in the set: the wanted objects, and the unwanted that stayed."""
    known = run.survey.plan.parent.objects if run.survey.plan.parent else {}
    written = {step.identity for step in run.survey.plan.actions if step.operation is not Operation.PRUNE}
    failed = {step.identity for step in run.postponed}
    traces: dict[Identity, Trace | None] = {}
    for identity, manifest in run.survey.wanted.items():
        live = run.live.get(identity)
        if live is None:
            if identity in known or identity in written:
                traces[identity] = None
        elif owner_of(live) == run.frame.owner.text:
            fresh = Trace.of(run.frame.digest_of(manifest), live)
            unfinished = identity in failed or (
                identity in written and live is run.survey.observation.live.get(identity)
            )
            traces[identity] = known.get(identity) if unfinished else fresh
    for step in run.survey.plan.steps:
        gone = step.identity in run.removed or step.identity in run.survey.wanted
        if step.operation in (Operation.PRUNE, Operation.KEEP) and not gone and _owned(step, run):
            traces[step.identity] = known.get(step.identity)
    return traces


def _owned(step: Step, run: Run) -> bool:
    return step.before is not None and owner_of(step.before) == run.frame.owner.text


def _side_by_side(run: Run, steps: Iterable[Step], act: Callable[[Run, Step], None]) -> None:
    targets = {str(step.identity): step for step in steps}
    outcomes = fan_out(targets, lambda _name, step: act(run, step), workers=WRITES_AT_ONCE)
    run.errors.extend(outcome.error for outcome in outcomes.values() if outcome.error is not None)


def _write(run: Run, step: Step) -> None:
    manifest = step.manifest
    if manifest is None:
        raise ValueError(f"a step without a manifest: {step}")
    resource = _resource(run, manifest)
    live = step.before
    for attempt in range(WRITE_TRIES):
        try:
            if step.verdict is Verdict.ADOPT and live is not None:
                run.guard.check()
                live = mark_quietly(run.session, resource, live, run.frame.owner)
            written = _scaled(run, step, resource, manifest, live)
            if step.sheds or step.verdict is Verdict.ADOPT:
                run.guard.check()
                written = shed(run.session, resource, written, step.sheds)
            run.live[step.identity] = written
            return
        except ConflictError as error:
            if field_conflicts(error) or attempt == WRITE_TRIES - 1:
                raise
            live = run.session.get(resource, step.identity.name, step.identity.namespace or None)
            _still_writable(run, step, live)


def _scaled(run: Run, step: Step, resource: Resource, manifest: Manifest, live: Manifest | None) -> Manifest:
    """Apply; where the replicas pass to an autoscaler, they are handed over before our apply is silent about them."""
    if not step.hands_over:
        return _applied(run, step, resource, at_version(manifest, live))
    if live is None:
        live = _applied(run, step, resource, at_version(manifest, None))
    run.guard.check()
    kept = hand_over(run.session, resource, live)
    return _applied(run, step, resource, at_version(without_replicas(manifest), kept))


def _applied(run: Run, step: Step, resource: Resource, body: Manifest) -> Manifest:
    until = time.monotonic() + ROLE_WAIT
    while True:
        run.guard.check()
        try:
            return run.session.apply(resource, body, conflicts=step.force).object
        except NotFoundError:
            if step.identity.kind not in BINDINGS or time.monotonic() > until:
                raise
        time.sleep(0.2)


def _still_writable(run: Run, step: Step, live: Manifest | None) -> None:
    """An object changes all the time by its controllers; it must not have changed hands."""
    if live is None:
        return
    holder = owner_of(live)
    planned = owner_of(step.before) if step.before is not None else run.frame.owner.text
    if holder not in (run.frame.owner.text, planned):
        raise ConflictError(
            f"it was taken by {holder or 'somebody else'} since it was planned",
            code=409,
            cluster=run.session.cluster,
            object=step.identity.label,
            next_step="Look at who made it, then run the play again",
        )


def _delete(run: Run, step: Step) -> None:
    identity, live = step.identity, step.before
    resource = run.survey.observation.resource_of(identity)
    if resource is None or live is None:
        raise ValueError(f"nothing is known of {identity}")
    if (identity.group, identity.kind) in (("", "Namespace"), DEFINITION):
        # These take others with them, so what was planned is looked at once more.
        barrier = protection(run.session, identity, live, run.frame.owner, run.frame.settings, run.removed)
        if barrier:
            run.kept[identity] = barrier
            return
    run.guard.check()
    propagation = Propagation.FOREGROUND if run.frame.settings.wait else Propagation.BACKGROUND
    run.session.delete(
        resource, identity.name, identity.namespace or None, uid=live["metadata"]["uid"], propagation=propagation
    )
    run.removed.add(identity)


def _resource(run: Run, manifest: Manifest) -> Resource:
    return run.session.resource(manifest["apiVersion"], manifest["kind"])


def _until_served(run: Run, steps: Iterable[Step]) -> None:
    """A definition is ready when the server says so, and its kinds are in the discovery."""
    waiting = list(steps)
    until = time.monotonic() + ESTABLISHED_WAIT
    while waiting:
        waiting = [step for step in waiting if not _established(run, step)]
        if waiting and time.monotonic() > until:
            raise DeadlineError(
                f"not established within {ESTABLISHED_WAIT:g} s",
                cluster=run.session.cluster,
                object=waiting[0].identity.label,
                next_step="Look at the conditions of the definition",
            )
        if waiting:
            time.sleep(0.1)


def _established(run: Run, step: Step) -> bool:
    resource = run.survey.observation.resource_of(step.identity)
    live = run.session.get(resource, step.identity.name) if resource else None
    if live is None:
        raise NotFoundError("it vanished", code=404, cluster=run.session.cluster, object=step.identity.label)
    run.live[step.identity] = live
    conditions = {entry["type"]: entry["status"] for entry in (live.get("status") or {}).get("conditions") or []}
    if conditions.get("Established") != "True":
        return False
    spec = live["spec"]
    served = [version["name"] for version in spec["versions"] if version.get("served")]
    discovery = run.session.refresh_discovery()
    return all(discovery.get(f"{spec['group']}/{version}", spec["names"]["kind"]) for version in served)


def _until_gone(run: Run, steps: Iterable[Step]) -> None:
    """Objects with finalizers take their time."""
    waiting = [step for step in steps if step.identity in run.removed]
    until = time.monotonic() + run.frame.settings.timeout
    pause = 0.05
    while waiting:
        outcomes = fan_out(
            {str(step.identity): step for step in waiting}, lambda _name, step: _gone(run, step), workers=8
        )
        waiting = [step for step in waiting if not outcomes[str(step.identity)].get()]
        if not waiting:
            return
        if time.monotonic() > until:
            step = waiting[0]
            raise DeadlineError(
                f"still being deleted after {run.frame.settings.timeout:g} s, and {len(waiting) - 1} others",
                cluster=run.session.cluster,
                object=describe(step.identity.kind, step.identity.namespace, step.identity.name),
                next_step="Find which finalizer holds it, then run the play again",
            )
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)


def _gone(run: Run, step: Step) -> bool:
    resource = run.survey.observation.resource_of(step.identity)
    if resource is None or step.before is None:
        return True
    live = run.session.get(resource, step.identity.name, step.identity.namespace or None)
    return live is None or live["metadata"]["uid"] != step.before["metadata"]["uid"]
