# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a look at one member to its plan: observe, ask the server about what may differ, and put both together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from .._kube.fanout import fan_out
from .._kube.health import health
from .._kube.session import Session
from .adoption import gives_way, refusal, sheds, waiting_note
from .application import Owner, Settings
from .autoscale import Scaled, at_present, is_handed_over, without_replicas
from .digest import digest
from .fielddrift import without_ignored
from .identity import Identity, Manifest, identify
from .ignoring import Ignore
from .manifests import owner_of
from .observe import LISTS_AT_ONCE, Observation, observe, unlabelled
from .order import stage_of
from .plan import (
    CREATED_BY,
    Assessment,
    ClusterPlan,
    Operation,
    Preview,
    Step,
    Verdict,
    assess,
    prune_step,
    settles,
    step_for,
)
from .preview import Question, preview, rehearse, unasked
from .protect import protection
from .verify import Judge


@dataclass(frozen=True, slots=True)
class Work:
    """What one member is to have."""

    session: Session
    wanted: tuple[Manifest, ...]
    """Marked, rendered for this member, in order of application; none when the application leaves it."""
    implied: frozenset[Identity] = frozenset()
    """Namespaces that nobody asked for by a manifest: they only have to be there."""
    previous: Mapping[Identity, Manifest] = field(default_factory=dict)
    """What the revision in force placed here."""
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same in all members."""

    owner: Owner
    settings: Settings
    revision: int
    growing: frozenset[Identity] = frozenset()
    """Workloads of which some member gets more."""
    anywhere: frozenset[Identity] = frozenset()
    """All objects that some member is to have."""
    judge: Judge = health
    """Says how an object is, by the built-in rules and the user's."""
    ignore: tuple[Ignore, ...] = ()
    """Fields that are left to whoever writes them."""
    digest_of: Callable[[Manifest], str] = digest
    """Digests of manifests, which members share."""
    released: frozenset[str] = frozenset()
    """Clusters in which the application was given back: it is theirs until they are adopted again."""


@dataclass(frozen=True, slots=True)
class Survey:
    """One member's plan with all that carrying it out needs."""

    work: Work
    observation: Observation
    plan: ClusterPlan
    wanted: Mapping[Identity, Manifest]


def survey(work: Work, frame: Frame) -> Survey:
    """Observe and plan one member."""
    observation = observe(work.session, frame.owner, work.wanted)
    if _waits_for_adoption(work, frame, observation):
        note = waiting_note(_strangers(work, frame, observation))
        return Survey(work, observation, ClusterPlan(work.session.cluster, waits=note), {})
    manifests = [_with_birth_mark(manifest, observation, frame.owner) for manifest in work.wanted]
    wanted = {identify(manifest): manifest for manifest in manifests}
    steps = [*_wanted_steps(work, frame, observation, wanted), *_prune_steps(work, frame, observation, wanted)]
    expected = {step.identity for step in steps if _ours(step, frame.owner)}
    plan = ClusterPlan(
        cluster=work.session.cluster,
        steps=tuple(steps),
        parent=observation.parent,
        leaving=work.leaving,
        settles=settles(observation.parent, expected, frame.revision) if expected or observation.parent else False,
    )
    return Survey(work, observation, plan, wanted)


def _wanted_steps(
    work: Work, frame: Frame, observation: Observation, wanted: Mapping[Identity, Manifest]
) -> list[Step]:
    traces = observation.parent.objects if observation.parent else {}
    is_taken = gives_way(frame.settings.adoption)
    assessments = {
        identity: assess(
            manifest,
            observation.live.get(identity),
            traces.get(identity),
            frame.owner,
            work.implied,
            refusal=lambda live: refusal(live, frame.settings, work.session.cluster, frame.owner.applyset),
            sheds=lambda live: sheds(live, is_taken),
            digest_of=frame.digest_of,
        )
        for identity, manifest in wanted.items()
    }
    scaled = Scaled(work.session, wanted.values(), frame.owner)
    for identity, found in assessments.items():
        live = observation.live.get(identity)
        if live is None or found.verdict is not Verdict.SAME or owner_of(live) != frame.owner.text:
            continue
        reason = scaled.transition(wanted[identity], live)
        if reason:
            assessments[identity] = Assessment(Verdict.MAY_DIFFER, reason)
    previews = _previews(work, frame, observation, wanted, assessments, scaled)
    return [
        step_for(
            observation.live.get(identity),
            manifest,
            assessments[identity],
            previews.get(identity),
            growing=frame.growing,
        )
        for identity, manifest in wanted.items()
    ]


def _previews(
    work: Work,
    frame: Frame,
    observation: Observation,
    wanted: Mapping[Identity, Manifest],
    assessments: Mapping[Identity, Assessment],
    scaled: Scaled,
) -> dict[Identity, Preview]:
    """Ask the server about everything that may differ, side by side."""
    asked = [
        identity
        for identity, assessment in assessments.items()
        if assessment.verdict not in (Verdict.SAME, Verdict.FOREIGN)
    ]
    is_taken = gives_way(frame.settings.adoption)
    coming = {
        identity.name
        for identity in asked
        if identity.kind == "Namespace" and not identity.group and assessments[identity].verdict is Verdict.ABSENT
    }

    def ask(_name: str, identity: Identity) -> Preview:
        live = observation.live.get(identity)
        manifest = without_ignored(wanted[identity], live, frame.ignore)
        resource = observation.resource_of(identity)
        if resource is None:
            return _unserved(manifest, wanted)
        is_scaled = scaled(manifest, live)
        if identity.namespace in coming:
            reason = f"namespace {identity.namespace} is created by the same plan"
            return replace(rehearse(work.session, resource, manifest, reason), hands_over=is_scaled)
        question = Question(manifest, live, work.previous.get(identity), frame.settings.conflict)
        if assessments[identity].verdict is Verdict.ADOPT:
            question = replace(question, gives_way=is_taken)
        if not is_scaled or live is None:
            return replace(preview(work.session, resource, question), hands_over=is_scaled)
        # What is asked about has the replicas that are there: left out, they would seem to become one.
        found = preview(work.session, resource, replace(question, manifest=at_present(manifest, live)))
        return replace(found, manifest=without_replicas(found.manifest), hands_over=not is_handed_over(live))

    outcomes = fan_out({str(identity): identity for identity in asked}, ask, workers=LISTS_AT_ONCE)
    return {identity: outcomes[str(identity)].get() for identity in asked}


def _strangers(work: Work, frame: Frame, observation: Observation) -> list[Manifest]:
    """Wanted objects that are there and not ours."""
    return [
        live
        for identity, live in observation.live.items()
        if identity not in work.implied and owner_of(live) != frame.owner.text
    ]


def _waits_for_adoption(work: Work, frame: Frame, observation: Observation) -> bool:
    """Whether the application runs in a member without us, and an adoption names others: its turn comes later."""
    adoption, name = frame.settings.adoption, work.session.cluster
    if adoption.covers(name) or observation.parent is not None:
        return False
    if not adoption.clusters and name not in frame.released:
        return False
    return bool(_strangers(work, frame, observation))


def _unserved(manifest: Manifest, wanted: Mapping[Identity, Manifest]) -> Preview:
    """A kind that the member doesn't know: it may come with this very plan."""
    kind, api_version = manifest["kind"], manifest["apiVersion"]
    group = identify(manifest).group
    for identity, definition in wanted.items():
        if identity.kind != "CustomResourceDefinition":
            continue
        spec = definition.get("spec") or {}
        if spec.get("group") == group and (spec.get("names") or {}).get("kind") == kind:
            return unasked(manifest, None, f"its definition {identity.name} is created by the same plan")
    return Preview(manifest, refused=f"the cluster doesn't serve {api_version} {kind}, and no source defines it")


def _prune_steps(work: Work, frame: Frame, observation: Observation, wanted: Mapping[Identity, Manifest]) -> list[Step]:
    parent = observation.parent
    if parent is None:
        return []
    candidates = {identity: live for identity, live in observation.live.items() if identity not in wanted}
    for identity in parent.objects:
        if identity not in wanted and identity not in candidates:
            live = unlabelled(work.session, observation, identity)
            if live is not None:
                candidates[identity] = live
    going = {identity for identity, live in candidates.items() if owner_of(live) == frame.owner.text}
    steps = []
    for identity in sorted(candidates, key=lambda identity: (-stage_of(identity), identity)):
        live = candidates[identity]
        ours = identity in going
        barrier = protection(work.session, identity, live, frame.owner, frame.settings, going) if ours else None
        steps.append(prune_step(live, identity, frame.owner, barrier, moves=identity in frame.anywhere))
    return steps


def _with_birth_mark(manifest: Manifest, observation: Observation, owner: Owner) -> Manifest:
    """Note on a Namespace that it is there because of us; on one that was there before nothing is noted."""
    identity = identify(manifest)
    if (identity.group, identity.kind) != ("", "Namespace"):
        return manifest
    live = observation.live.get(identity)
    if live is not None and (live["metadata"].get("annotations") or {}).get(CREATED_BY) != owner.text:
        return manifest
    annotations = {**(manifest["metadata"].get("annotations") or {}), CREATED_BY: owner.text}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def _ours(step: Step, owner: Owner) -> bool:
    """Whether the object belongs to the set after the plan: an implied namespace of somebody else does not."""
    if step.operation in (Operation.KEEP, Operation.UNCHANGED):
        return step.before is not None and owner_of(step.before) == owner.text
    return step.operation in (Operation.CREATE, Operation.UPDATE)
