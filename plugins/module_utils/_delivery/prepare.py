# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what a user gives to a plan for all members: sources, decision, rendering, and a look at every member concerned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from .._kube.errors import FleetError, UnreachableError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.member import Member
from .._registry.members import list_members, open_sessions
from .adoption import strangers, with_running
from .application import Owner, Settings, Spec
from .decide import Current, Decided, decide
from .digest import Digests
from .health_rules import judge_by
from .identity import Identity, Manifest, identify
from .ignoring import parse_rules
from .manifests import Marks, namespace_manifest, needed_namespaces, variants_with_namespaces, with_namespaces
from .plan import ClusterPlan, Plan
from .promises import Promise, gained, promised
from .protect import held_at_zero
from .record import ApplicationRecord
from .render import MissingEndpoints, render
from .revision import Head, Revision, RevisionState, load
from .scaling import scale_notes, scaled
from .surroundings import look_around
from .survey import Frame, Survey, Work, survey
from .tailoring import tailoring
from .variants import Variants
from .whereabouts import absent_references, rendering_notes
from .workloads import workloads_of


@dataclass(frozen=True, slots=True)
class Fleet:
    """The members of a hub and the sessions to them."""

    members: Mapping[str, Member]
    sessions: Mapping[str, Session]
    failed: Mapping[str, FleetError]
    hub: Session

    def session(self, name: str) -> Session:
        """The session of one member.

        :raises FleetError: there is none, and why.
        """
        if name in self.sessions:
            return self.sessions[name]
        raise self.failed.get(name) or UnreachableError(
            "it is not in the registry", cluster=name, next_step="Join it again"
        )

    def is_lost(self, name: str) -> bool:
        """Whether the registry, whose facts are fresh, found that a member does not answer."""
        member = self.members.get(name)
        return member is not None and not member.ready and member.observed_at is not None

    def answering(self, but: Collection[str] = ()) -> dict[str, Session]:
        """The sessions of members that the registry found ready."""
        return {
            name: session for name, session in self.sessions.items() if self.members[name].ready and name not in but
        }

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether a kind lives in namespaces, from the first member that knows it, at last from the hub."""
        ready = [session for name, session in self.sessions.items() if self.members[name].ready]
        for session in (*ready, self.hub):
            try:
                resource = session.discovery().get(api_version, kind)
            except FleetError:
                continue
            if resource is not None:
                return resource.namespaced
        return None


@dataclass(frozen=True, slots=True)
class History:
    """What the hub knows of an application."""

    record: ApplicationRecord | None
    heads: tuple[Head, ...]
    force: Revision | None
    """The revision in force."""

    @property
    def current(self) -> Current:
        """Where it runs now."""
        if self.force is None or self.record is None:
            return Current()
        return Current(self.force.replicas, self.force.clusters, self.record.status.get("observedAffinity"))

    @property
    def concluded(self) -> bool:
        """Whether the hub was told how the last delivery came out."""
        return self.record is None or self.record.concluded

    @property
    def stale(self) -> tuple[str, ...]:
        """Clusters that it left without being cleaned up."""
        return tuple(self.record.stale) if self.record is not None else ()

    @property
    def touched(self) -> tuple[str, ...]:
        """Clusters that hold something of a rollout that is not over."""
        return self.record.touched if self.record is not None else ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan for all members, with everything that carrying it out and recording it needs."""

    spec: Spec
    owner: Owner
    frame: Frame
    revision: Revision
    is_new: bool
    """The revision is not in the hub yet."""
    resumes: bool
    """It is there, but was not completed."""
    concluded: bool
    """The hub was told how the last delivery came out."""
    decided: Decided
    surveys: Mapping[str, Survey]
    plan: Plan
    endpoints: tuple[MissingEndpoints, ...] = ()
    notes: tuple[str, ...] = ()
    """What the rendering found that should be known."""
    evicted: tuple[str, ...] = ()
    """Clusters that must not be touched now."""
    gains: tuple[Promise, ...] = ()
    """What clusters get beyond what they have."""
    promises: tuple[Promise, ...] | None = None
    """What others were known to have been promised when it was decided; None where the decision was given."""

    @property
    def empty(self) -> bool:
        """Whether the members and the revisions say already what they should."""
        return self.plan.empty and not self.is_new and not self.interrupted

    @property
    def interrupted(self) -> bool:
        """Whether an earlier play began it and did not come to its end."""
        return self.resumes or not self.concluded


def open_fleet(hub: Hub, *, timeout: float = 20.0) -> Fleet:
    """All members, and a session to each; nothing is sent to a member yet."""
    members = list_members(hub)
    sessions = open_sessions(hub, list(members), timeout=timeout)
    return Fleet(members, sessions.ready, sessions.failed, hub.session)


def read_history(
    hub: Hub, record: ApplicationRecord | None, heads: tuple[Head, ...], tenant: str, name: str
) -> History:
    """The revision in force, if there is one."""
    number = record.revision if record is not None else None
    force = (
        load(hub, tenant, name, number) if number is not None and any(head.number == number for head in heads) else None
    )
    return History(record, heads, force)


def prepare(
    hub: Hub,
    fleet: Fleet,
    spec: Spec,
    objects: Collection[Manifest],
    past: History,
    settings: Settings,
    *,
    evicting: Collection[str] = (),
    trigger: str | None = None,
    decided: Decided | None = None,
    variants: Variants | None = None,
    fetched: tuple[str, ...] = (),
    author: str = "",
    created: str = "",
    note: str = "",
) -> Prepared:
    """Decide, render and survey.

    :param evicting: clusters that the application leaves and that are not to be contacted.
    :param decided: the decision, where it was made already.
    :param variants: objects that the sources make differently for different clusters.
    :param fetched: the commits and versions that the sources were read at.
    """
    given = with_namespaces(tuple(objects), spec.namespace, fleet.is_namespaced)
    placed = scaled(given, spec.scale)
    own = variants_with_namespaces(variants or Variants(), placed, spec.namespace, fleet.is_namespaced)
    members = {name: fleet.members[name] for name in own.candidates(fleet.members)}
    current = past.current
    if settings.adoption.clusters:
        current = with_running(fleet.sessions, placed, current)
    promises = None
    if decided is None:
        around = look_around(hub, fleet.answering(evicting), spec.placement, spec.tenant)
        promises = promised(hub, members, spec.tenant, spec.name)
        decided = decide(
            spec, placed, members, current, evicting=evicting, trigger=trigger, around=around, promises=promises
        )
    own.check(decided.clusters)
    owner = Owner(hub.id, spec.tenant, spec.name)
    complete, implied = _with_implied_namespaces(placed)
    measures = tailoring(spec, fleet.members, own, implied)
    rendering = render(complete, decided.replicas, decided.clusters, Marks(owner.text, owner.applyset), measures)
    rendered = {name: tuple(items) for name, items in rendering.clusters.items() if name not in evicting}
    wanted, held = held_at_zero(rendered, decided.replicas, past.force, settings)
    draft = Revision(
        number=0,
        namespace=spec.namespace,
        objects=placed,
        placement=spec.placement,
        overrides=spec.overrides,
        variants=own,
        fetched=fetched,
        replicas=decided.replicas,
        clusters=decided.clusters,
        decision=decided.record,
        rendered=wanted,
        source_digest=spec.source_digest,
        author=author,
        created=created,
        note=note,
    )
    number, is_new, resumes = _number(draft, past)
    revision = replace(draft, number=number)
    frame = Frame(
        owner=owner,
        settings=settings,
        revision=number,
        growing=frozenset(growing(decided, current)),
        anywhere=frozenset(identify(item) for items in wanted.values() for item in items),
        judge=judge_by(spec.health),
        digest_of=Digests(),
        ignore=parse_rules(spec.ignore),
        released=frozenset(past.record.status.get("released") or ()) if past.record else frozenset(),
    )
    leaving = sorted(({*past.current.clusters, *past.stale, *past.touched} - set(wanted)) - set(evicting))
    # Nobody knocks again at a member that is lost: what it holds is removed when it is back.
    lost = [name for name in leaving if fleet.is_lost(name)]
    surveys, found = survey_all(
        fleet, frame, wanted, [name for name in leaving if name not in lost], past.force, implied
    )
    plan = with_moves({**found.clusters, **{name: lost_plan(name) for name in lost}}, decided, current)
    return Prepared(
        spec=spec,
        owner=owner,
        frame=frame,
        revision=revision,
        is_new=is_new,
        resumes=resumes,
        concluded=past.concluded,
        decided=decided,
        surveys=surveys,
        plan=plan,
        endpoints=rendering.without_endpoints,
        notes=(
            *strangers(settings.adoption, fleet.members),
            *scale_notes(given, spec.scale),
            *held,
            *rendering_notes(rendering, frozenset(fleet.members) - set(members)),
            *absent_references(rendering, surveys),
        ),
        evicted=tuple(sorted(set(evicting) & {*past.current.clusters, *past.stale})),
        gains=gained(decided, current, workloads_of(placed)),
        promises=promises,
    )


def survey_all(
    fleet: Fleet,
    frame: Frame,
    wanted: Mapping[str, tuple[Manifest, ...]],
    leaving: Iterable[str],
    force: Revision | None,
    implied: frozenset[Identity],
) -> tuple[dict[str, Survey], Plan]:
    """Look at all members concerned, side by side; one that can't be looked at has an error for a plan."""
    targets: dict[str, tuple[tuple[Manifest, ...], bool]] = {name: (items, False) for name, items in wanted.items()}
    targets.update(dict.fromkeys(leaving, ((), True)))

    def look(name: str, target: tuple[tuple[Manifest, ...], bool]) -> Survey:
        items, is_leaving = target
        previous = {identify(item): item for item in force.previous(name)} if force else {}
        return survey(Work(fleet.session(name), items, implied, previous, is_leaving), frame)

    outcomes = fan_out(targets, look)
    surveys = {name: outcome.get() for name, outcome in outcomes.items() if outcome.ok and not outcome.get().plan.waits}
    plans = {
        name: outcome.get().plan if outcome.ok else ClusterPlan(name, leaving=targets[name][1], error=outcome.error)
        for name, outcome in outcomes.items()
    }
    return surveys, Plan(plans)


def with_moves(plans: Mapping[str, ClusterPlan], decided: Decided, current: Current) -> Plan:
    """The plans, each with the number of workloads that exchange replicas with other clusters."""
    moved: dict[str, int] = {}
    for changes in decided.moved(current).values():
        gains = {name for name, (before, after) in changes.items() if after > before}
        if gains and len(gains) < len(changes):
            for name in changes:
                moved[name] = moved.get(name, 0) + 1
    return Plan({name: replace(plan, moved=moved.get(name, 0)) for name, plan in plans.items()})


def lost_plan(name: str) -> ClusterPlan:
    """The plan for a member that the application leaves and that does not answer."""
    error = UnreachableError(
        "it is not ready, what it holds is removed when it is back", cluster=name, next_step="Run the play again then"
    )
    return ClusterPlan(name, leaving=True, error=error)


def _with_implied_namespaces(objects: tuple[Manifest, ...]) -> tuple[tuple[Manifest, ...], frozenset[Identity]]:
    """The namespaces that the objects live in and that no source gives."""
    given = {identify(item) for item in objects}
    added = []
    for name in needed_namespaces(objects):
        manifest = namespace_manifest(name)
        if identify(manifest) not in given:
            added.append(manifest)
    return (*added, *objects), frozenset(identify(item) for item in added)


def _number(draft: Revision, past: History) -> tuple[int, bool, bool]:
    """The revision's number, whether it is new, and whether it is one that was begun and not completed."""
    newest, content = past.heads[0] if past.heads else None, draft.digest
    tried = newest is not None and newest.state is RevisionState.ROLLED_BACK
    if tried and past.force is not None and past.force.digest == content:
        # What was tried after it was taken back: it is in force as if nothing had been.
        return past.force.number, False, past.force.state is not RevisionState.DEPLOYED
    if newest is not None and newest.complete and newest.digest == content and not tried:
        begun = (
            newest.state is not RevisionState.DEPLOYED or past.record is None or past.record.revision != newest.number
        )
        return newest.number, False, begun
    return (newest.number if newest else 0) + 1, True, False


def growing(decided: Decided, current: Current) -> list[Identity]:
    """The workloads of which some member gets more than it has."""
    moved = decided.moved(current)
    return [
        identity for identity, changes in moved.items() if any(after > before for before, after in changes.values())
    ]
