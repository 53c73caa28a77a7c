# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would be done in the members, as data. Pure: from what is wanted, what is there and what the servers said.

The executor carries out this plan and no other; check mode stops here; `changed` means that it is not empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from .._kube.errors import FleetError
from .._kube.session import FieldConflicts
from .application import PREFIX, Owner
from .applyset import Parent, Trace
from .diff import comparable
from .digest import digest
from .identity import Identity, Manifest, identify
from .manifests import owner_of

CREATED_BY = f"{PREFIX}created-by"
"""Annotation of a Namespace that was not there before: only such a one may go with the application."""


class Operation(StrEnum):
    """What a step does with its object."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    PRUNE = "prune"
    RELEASE = "release"
    KEEP = "keep"
    CONFLICT = "conflict"
    REFUSED = "refused"


ACTIONS = frozenset({Operation.CREATE, Operation.UPDATE, Operation.PRUNE, Operation.RELEASE})
FAILURES = frozenset({Operation.CONFLICT, Operation.REFUSED})


class Verdict(Enum):
    """What can be said about a wanted object before a server is asked."""

    SAME = "same"
    ABSENT = "absent"
    MAY_DIFFER = "may differ"
    FOREIGN = "foreign"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict and why."""

    verdict: Verdict
    reason: str
    sheds: tuple[str, ...] = ()
    """Field managers whose ownership passes to us with the write."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field we want that another manager owns."""

    field: str
    manager: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a server said to a dry run of one object."""

    manifest: Manifest
    """What is to be applied: the wanted object, less what is left to an autoscaler."""
    after: Manifest | None = None
    unverified: str | None = None
    """Why the server could not be asked; the difference is then worked out here."""
    conflicts: tuple[FieldConflict, ...] = ()
    drift: tuple[FieldConflict, ...] = ()
    """Fields that were ours and that somebody took: they are taken back."""
    refused: str | None = None
    force: FieldConflicts = FieldConflicts.ABORT
    hands_over: bool = False
    """Its replicas pass to its autoscaler: they are ours alone until then."""


@dataclass(frozen=True, slots=True)
class Step:
    """One object in one cluster: what is done and why."""

    identity: Identity
    operation: Operation
    reason: str
    manifest: Manifest | None = None
    before: Manifest | None = None
    after: Manifest | None = None
    unverified: str | None = None
    force: FieldConflicts = FieldConflicts.ABORT
    moves: bool = False
    """It takes away a copy that grows in another cluster: not before the new one is healthy."""
    conflicts: tuple[FieldConflict, ...] = ()
    verdict: Verdict = Verdict.MAY_DIFFER
    sheds: tuple[str, ...] = ()
    """Field managers whose entries are removed after the write: what they set is ours then."""
    hands_over: bool = False
    """Its replicas pass to its autoscaler, as they are."""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """All steps in one cluster, in order of application; or why there are none."""

    cluster: str
    steps: tuple[Step, ...] = ()
    parent: Parent | None = None
    leaving: bool = False
    settles: bool = False
    """The parent has to be written, even if no object has."""
    moved: int = 0
    """Workloads of which replicas come here from another cluster, or go there."""
    waits: str = ""
    """Why nothing is done here yet, although the cluster is chosen."""
    error: FleetError | None = None

    @property
    def actions(self) -> tuple[Step, ...]:
        """The steps that write."""
        return tuple(step for step in self.steps if step.operation in ACTIONS)

    @property
    def failures(self) -> tuple[Step, ...]:
        """The steps that stand in the way of a beginning."""
        return tuple(step for step in self.steps if step.operation in FAILURES)

    @property
    def counts(self) -> dict[str, int]:
        """How many steps of each operation."""
        found = Counter(step.operation for step in self.steps)
        counts = {operation.value: found[operation] for operation in Operation if found[operation]}
        return {**counts, "moved": self.moved} if self.moved else counts

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not self.actions and not self.settles


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, per cluster."""

    clusters: Mapping[str, ClusterPlan] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing would be written anywhere."""
        return all(plan.empty for plan in self.clusters.values())

    @property
    def failures(self) -> tuple[tuple[str, Step], ...]:
        """What stands in the way, with its cluster."""
        return tuple((name, step) for name, plan in self.clusters.items() for step in plan.failures)


def assess(
    wanted: Manifest,
    live: Manifest | None,
    trace: Trace | None,
    owner: Owner,
    implied: Collection[Identity],
    *,
    refusal: Callable[[Manifest], str | None],
    sheds: Callable[[Manifest], tuple[str, ...]],
    digest_of: Callable[[Manifest], str] = digest,
) -> Assessment:
    """Compare by marks and digests, which costs no request.

    :param refusal: why an object that is not ours may not be taken over.
    :param sheds: the field managers that lose an object when it is.
    :param digest_of: digests, which may be known already.
    """
    if live is None:
        return Assessment(Verdict.ABSENT, "it does not exist")
    found = owner_of(live)
    if found != owner.text:
        if identify(wanted) in implied:
            return Assessment(Verdict.SAME, "the namespace exists and stays whose it is")
        barrier = refusal(live)
        if barrier:
            return Assessment(Verdict.FOREIGN, barrier)
        losers = sheds(live)
        return Assessment(Verdict.ADOPT, f"taken over from {', '.join(losers) or 'nobody'}", losers)
    if trace is None:
        return Assessment(Verdict.MAY_DIFFER, "a former write of it was not completed", sheds(live))
    if trace.wanted != digest_of(wanted):
        return Assessment(Verdict.MAY_DIFFER, "what is wanted has changed")
    if not trace.fits(live):
        return Assessment(Verdict.MAY_DIFFER, "somebody changed a field of ours")
    return Assessment(Verdict.SAME, "as it was applied")


def step_for(
    live: Manifest | None,
    wanted: Manifest,
    assessment: Assessment,
    preview: Preview | None,
    *,
    growing: Collection[Identity] = (),
) -> Step:
    """The step for a wanted object."""
    identity = identify(wanted)
    if assessment.verdict is Verdict.SAME:
        return Step(identity, Operation.UNCHANGED, assessment.reason, manifest=wanted, before=live, after=live)
    if assessment.verdict is Verdict.FOREIGN:
        return Step(identity, Operation.CONFLICT, assessment.reason, before=live)
    if preview is None:
        raise ValueError(f"{identity} has neither a preview nor a reason to do without")
    if preview.refused:
        return Step(identity, Operation.REFUSED, preview.refused, before=live)
    if preview.conflicts:
        return Step(
            identity, Operation.CONFLICT, _conflict_text(preview.conflicts), before=live, conflicts=preview.conflicts
        )
    after = preview.after or preview.manifest
    operation = Operation.CREATE if live is None else Operation.UPDATE
    same = live is not None and preview.after is not None and comparable(live) == comparable(preview.after)
    if same and not assessment.sheds and not (preview.hands_over and live is not None):
        return Step(identity, Operation.UNCHANGED, "the server would change nothing", preview.manifest, live, live)
    reason = assessment.reason
    if preview.drift and assessment.verdict is not Verdict.ADOPT:
        reason = f"repaired: {_conflict_text(preview.drift)}"
    return Step(
        identity=identity,
        operation=operation,
        reason=reason,
        manifest=preview.manifest,
        before=live,
        after=after,
        unverified=preview.unverified,
        force=preview.force,
        moves=identity in growing and _replicas(live) > _replicas(after),
        verdict=assessment.verdict,
        sheds=assessment.sheds,
        hands_over=preview.hands_over,
    )


def prune_step(live: Manifest, identity: Identity, owner: Owner, protection: str | None, *, moves: bool) -> Step:
    """The step for an object of ours that is not wanted here."""
    found = owner_of(live)
    if found != owner.text:
        return Step(identity, Operation.KEEP, f"it belongs to {found or 'somebody else'}", before=live)
    if protection:
        return Step(identity, Operation.KEEP, protection, before=live)
    reason = "it runs in other clusters now" if moves else "it left the application"
    return Step(identity, Operation.PRUNE, reason, before=live, moves=moves)


def settles(parent: Parent | None, expected: Collection[Identity], revision: int) -> bool:
    """Whether the parent does not say what it would say after this plan."""
    if parent is None:
        return bool(expected)
    return not parent.settled or set(parent.objects) != set(expected) or parent.revision != revision


def predicted(live: Manifest | None, manifest: Manifest) -> Manifest:
    """What an object would be, as far as it can be said without the server: the wanted values over the live ones."""
    return manifest if live is None else _merged(live, manifest)


def _merged(live: Any, wanted: Any) -> Any:
    if isinstance(live, dict) and isinstance(wanted, dict):
        return {**live, **{key: _merged(live.get(key), value) for key, value in wanted.items()}}
    return wanted


def _replicas(manifest: Manifest | None) -> int:
    spec = (manifest or {}).get("spec")
    replicas = spec.get("replicas", spec.get("parallelism", 0)) if isinstance(spec, dict) else 0
    return replicas if isinstance(replicas, int) else 0


def _conflict_text(conflicts: Collection[FieldConflict]) -> str:
    shown = [f"{conflict.field} is set by {conflict.manager}" for conflict in conflicts]
    return "; ".join(shown[:5]) + (f"; and {len(shown) - 5} more" if len(shown) > 5 else "")
