# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Begin a rollout by steps, and carry out the step that is next. What is about to be done is in the hub before it is.

A wave only adds and changes. What is taken away (objects that left the sources, replicas that moved, clusters that
were left) goes in the last step, when every wave is healthy: until then a rollback loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._registry.hub import Hub
from .._registry.lease import Lock
from .._registry.scheduling import scheduling_cluster
from .._scheduling.request import parse_clusters
from .campaign import Campaign, answer, breach, cut, entries, reason_of, stopped
from .canary import canary_manifests, without_shrinking
from .cluster_values import cluster_facts
from .decide import Current
from .execute import start
from .finish import finish
from .gates import failed_checks
from .identity import Identity
from .observe import observe
from .plan import Operation, Plan, Step, Verdict
from .prepare import Fleet, History, Prepared, growing
from .progress import Phase, Progress, Wish, active_rollout, save, spec_digest
from .promises import begun
from .publish import conditions, timestamp
from .record import write_spec
from .recorded import decided_of, implied_in
from .result import Result, cluster_result, plan_failure
from .revision import RevisionState, claim, mark
from .rollout import grow_out
from .soak import soaked
from .survey import Survey, Work, survey
from .waves import Amount, Itinerary, OnFailure, RolloutPolicy, StepKind, batches, itinerary

LATER = "it is taken away when every wave is healthy"


def steps_for(policy: RolloutPolicy, fleet: Fleet, clusters: Sequence[str]) -> Itinerary:
    """The steps over the clusters of a decision."""
    known = parse_clusters([scheduling_cluster(member) for member in fleet.members.values()])
    return itinerary(policy, [cluster for cluster in known if cluster.name in clusters], known)


def begin(hub: Hub, fleet: Fleet, prepared: Prepared, past: History, lock: Lock, by: str) -> Progress:
    """Write down what is to be rolled out, and in which steps. Nothing is written in a member yet."""
    spec, policy = prepared.spec, RolloutPolicy.from_dict(prepared.spec.rollout)
    refuse_hopeless(prepared, policy)
    former = active_rollout(past.record)
    if past.record is None:
        write_spec(hub, spec)
    if prepared.is_new:
        lock.check()
        claim(hub, spec.tenant, spec.name, prepared.revision)
    elif prepared.revision.state is not RevisionState.PENDING:
        mark(hub, spec.tenant, spec.name, prepared.revision.number, RevisionState.PENDING)
    number = prepared.revision.number
    before = past.record.spec.to_dict() if past.record is not None else None
    progress = Progress(
        revision=number,
        base=past.force.number if past.force is not None else None,
        phase=Phase.PROGRESSING,
        steps=steps_for(policy, fleet, prepared.decided.clusters).steps,
        # What an unfinished one has touched is ours to bring to an end, forward or back.
        touched=former.touched if former is not None else (),
        spec_digest=spec_digest(spec),
        previous_spec=former.previous_spec if former is not None else before if past.force is not None else None,
        by=by,
        started=timestamp(),
    )
    lock.check()
    message = f"revision {number} is being rolled out"
    save(hub, spec.tenant, spec.name, progress, lambda status: {
        **status, "phase": "Progressing", "epoch": lock.epoch,
        "promises": begun(status, prepared.gains, timestamp()),
        "conditions": conditions(status, {"Applied": ("Unknown", "Progressing", message)}),
    })  # fmt: skip
    if former is not None and former.revision != number:
        mark(hub, spec.tenant, spec.name, former.revision, RevisionState.SUPERSEDED)
    if past.record is not None:
        write_spec(hub, spec)
    return progress


def refuse_hopeless(prepared: Prepared, policy: RolloutPolicy) -> None:
    """Stop before the first write what can't end well, or could not be taken back.

    :raises FleetError: naming the clusters, or the objects.
    """
    adopted = sorted(
        f"{name}: {step.identity.label}"
        for name, plan in prepared.plan.clusters.items()
        for step in plan.steps
        if step.verdict is Verdict.ADOPT
    )
    if adopted:
        raise FleetError(
            f"it would take over what runs already ({'; '.join(adopted[:3])}), which a rollback could not give back",
            object=f"Application {prepared.spec.tenant}/{prepared.spec.name}",
            next_step="Nothing was written. Take it over first, without a rollout; then roll out what changes",
        )
    dead = {name: plan.error for name, plan in prepared.plan.clusters.items() if plan.error and not plan.leaving}
    allowed = policy.max_failures.at_most(len(prepared.decided.clusters))
    if len(dead) > allowed:
        name, error = sorted(dead.items())[0]
        others = f"; also {', '.join(sorted(set(dead) - {name}))}" if len(dead) > 1 else ""
        raise FleetError(
            f"{error.message if error else 'it does not answer'}{others}; rollout.maxFailures allows {allowed}",
            cluster=name,
            next_step="Nothing was written. Mend it, leave it out of the placement, or allow as many failures",
        )


def carry_out_step(campaign: Campaign) -> Result:
    """The step that is next. The hub says what came of it when this returns."""
    record = campaign.record
    if campaign.progress.spec_digest != spec_digest(record.spec):
        raise FleetError(
            "its play died before the rollout had begun",
            object=f"Application {record.tenant}/{record.name}",
            next_step="Apply it again, or abort it",
        )
    wish = campaign.wish()
    if wish is Wish.ABORT:
        return stopped(
            campaign, {}, FleetError("somebody asked to abort it", next_step="Roll back"), OnFailure.ROLLBACK
        )
    if wish is Wish.PAUSE:
        paused = campaign.at(replace(campaign.progress, phase=Phase.PAUSED, message="somebody asked to pause"))
        return answer(paused, {}, changed=True)
    if campaign.progress.awaiting:
        campaign = campaign.at(replace(campaign.progress, awaiting=False))
    if campaign.progress.now.kind is StepKind.FINISH:
        return finish(campaign)
    return _deploy(campaign)


def passed(campaign: Campaign) -> Campaign:
    """The step is done, checks and all; the next one is due, or somebody's word."""
    progress = campaign.progress
    step = progress.now
    after = replace(progress, step=progress.step + 1, awaiting=False, message="")
    if step.pause:
        after = replace(after, phase=Phase.PAUSED, message=f"it waits after wave {step.wave}, as was asked")
    return campaign.at(after)


@dataclass(frozen=True, slots=True)
class _Looked:
    survey: Survey
    whole: tuple[Identity, ...] = ()


def _deploy(campaign: Campaign) -> Result:
    step, policy = campaign.progress.now, campaign.policy
    names = [name for name in step.clusters if name not in campaign.progress.failed]
    size = policy.max_concurrency.at_least(len(campaign.target.clusters)) if policy.max_concurrency else len(names)
    results: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    for batch in batches(names, max(1, size)):
        campaign = _batch(campaign, batch, results, notes)
        barrier = breach(campaign)
        if barrier is not None:
            return stopped(campaign, results, barrier)
    campaign, wish = _proven(campaign, [name for name in names if name not in campaign.progress.failed])
    if wish is Wish.ABORT:
        return stopped(campaign, results, FleetError("somebody asked to abort it"), OnFailure.ROLLBACK)
    barrier = breach(campaign)
    if barrier is not None:
        return stopped(campaign, results, barrier)
    if policy.checks_by_play and wish is not Wish.PROMOTE:
        campaign = campaign.at(replace(campaign.progress, awaiting=True))
    else:
        campaign = passed(campaign)
    if wish is Wish.PAUSE and campaign.progress.phase is Phase.PROGRESSING:
        campaign = campaign.at(replace(campaign.progress, phase=Phase.PAUSED, message="somebody asked to pause"))
    changed = any(entry.get("action") not in ("unchanged", "failed") for entry in results.values())
    return answer(campaign, results, changed=changed, notes=tuple(notes))


def _batch(campaign: Campaign, names: Sequence[str], results: dict[str, dict[str, Any]], notes: list[str]) -> Campaign:
    """One group of clusters that go together: written, healthy, and written down."""
    outcomes = fan_out(dict.fromkeys(names), lambda name, _nothing: _look(campaign, name))
    failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.error is not None}
    looked = {name: outcome.get() for name, outcome in outcomes.items() if outcome.ok}
    for name, found in looked.items():
        barrier = plan_failure(Plan({name: found.survey.plan}))
        if barrier is not None:
            failed[name] = barrier
        elif any(step.verdict is Verdict.ADOPT for step in found.survey.plan.actions):
            failed[name] = FleetError("somebody made an object of this name since the rollout began", cluster=name)
    able = {name: found for name, found in looked.items() if name not in failed}
    touched = tuple(
        sorted({*campaign.progress.touched, *(n for n, found in able.items() if not found.survey.plan.empty)})
    )
    if touched != campaign.progress.touched:
        campaign = campaign.at(replace(campaign.progress, touched=touched))
    frame = campaign.frame(campaign.target.number, campaign.settings)
    runs = {name: start(found.survey, frame, campaign.lock, campaign.note) for name, found in able.items()}
    rollout = grow_out(runs, campaign.tell)
    for name, error in failed.items():
        results[name] = {
            "action": "failed",
            "counts": {},
            "objects": [],
            "errors": [str(error)],
            "error": error.to_dict(),
        }
    reasons = {name: reason_of(error) for name, error in failed.items()}
    for name, found in able.items():
        health = rollout.health[name]
        results[name] = cluster_result(found.survey.plan, health, rollout.errors.get(name, ()))
        if not health.healthy:
            reasons[name] = reason_of(health.error) if health.error else f"not healthy: {'; '.join(health.reasons[:3])}"
        notes.extend(f"{name}: {identity.label} knows no canary, it follows whole" for identity in found.whole)
    progress = replace(campaign.progress, failed={**campaign.progress.failed, **cut(reasons)})
    return campaign.at(progress, lambda before: {
        **before, "clusters": entries(before, campaign.target, rollout.health, {}),
    })  # fmt: skip


def _look(campaign: Campaign, name: str) -> _Looked:
    """One member's plan for this step: nothing goes, and nothing that grows elsewhere shrinks."""
    session, step = campaign.fleet.session(name), campaign.progress.now
    # What a step may not do is said anew here: what it met at the start may have changed since.
    frame = campaign.frame(campaign.target.number, campaign.settings)
    previous = campaign.previous(name)
    manifests = without_shrinking(campaign.target.previous(name), previous, _growing(campaign))
    whole: tuple[Identity, ...] = ()
    if step.kind is StepKind.CANARY:
        live = observe(session, frame.owner, manifests).live
        found = canary_manifests(manifests, previous, live, Amount.of(step.canary))
        manifests, whole = found.wanted, found.whole
    looked = survey(Work(session, manifests, implied_in(campaign.target), previous), frame)
    return _Looked(_adding_only(looked), whole)


def _growing(campaign: Campaign) -> list[Identity]:
    base = campaign.base
    return growing(decided_of(campaign.target), Current(base.replicas, base.clusters) if base else Current())


def _adding_only(found: Survey) -> Survey:
    steps = tuple(_kept(step) if step.operation is Operation.PRUNE else step for step in found.plan.steps)
    return replace(found, plan=replace(found.plan, steps=steps))


def _kept(step: Step) -> Step:
    return replace(step, operation=Operation.KEEP, reason=LATER, moves=False)


def _proven(campaign: Campaign, names: Sequence[str]) -> tuple[Campaign, Wish | None]:
    """Soak, then the checks; a wish that comes meanwhile ends both."""
    step = campaign.progress.now
    wishes: list[Wish] = []

    def enough() -> bool:
        wish = campaign.wish()
        if wish is not None:
            wishes.append(wish)
        return any(found is not Wish.PAUSE for found in wishes)

    reasons = soaked(campaign, names, step.min_success_time, enough)
    left = {name: _facts(campaign, name) for name in names if name not in reasons}
    if not any(found is not Wish.PAUSE for found in wishes):
        for failure in failed_checks(campaign.policy.checks, left, stopped=enough):
            reasons.update(dict.fromkeys([failure.cluster] if failure.cluster else left, failure.text))
    if reasons:
        progress = replace(campaign.progress, failed={**campaign.progress.failed, **cut(reasons)})
        campaign = campaign.at(progress)
    return campaign, wishes[-1] if wishes else None


def _facts(campaign: Campaign, name: str) -> dict[str, Any]:
    spec = campaign.record.spec
    application = {"name": spec.name, "namespace": spec.namespace, "tenant": spec.tenant}
    return {
        "cluster": cluster_facts(campaign.fleet.members[name]),
        "application": {**application, "revision": campaign.target.number},
        "values": {},
    }
