# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a delivery answers: always every cluster, never more than a reader or an event store can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._kube.errors import FleetError
from .._scheduling.feasibility import Feasibility
from .._scheduling.wording import named
from .adoption import disturbances
from .changes import field_changes
from .diff import Differences, ObjectDiff, diff_output, fold
from .identity import Identity
from .plan import ACTIONS, FAILURES, ClusterPlan, Operation, Plan, Step
from .render import MissingEndpoints
from .report import decision_lines, delivery_lines, shortened
from .rollout import Rollout
from .verify import ClusterHealth

OBJECTS_SHOWN = 50
"""Per cluster; counts are always complete."""

TEXT_SHOWN = 400
FIELDS_SHOWN = 20
"""Of one object that changes."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one act on one application."""

    changed: bool
    clusters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    revision: int | None = None
    replicas: Mapping[Identity, Mapping[str, int]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    explanation: tuple[str, ...] = ()
    """The decision to read, with what would have to change."""
    warnings: tuple[str, ...] = ()
    diff: tuple[Mapping[str, str], ...] = ()
    failed: bool = False
    message: str = ""
    error: FleetError | None = None
    rollout: Mapping[str, Any] | None = None
    """Where a rollout by steps stands."""
    feasibility: Feasibility | None = None
    """What has to be added before all of it fits."""

    def to_dict(self) -> dict[str, Any]:
        """The return values of the modules."""
        found: dict[str, Any] = {
            "changed": self.changed,
            "revision": self.revision,
            "replicas": {identity.label: dict(counts) for identity, counts in sorted(self.replicas.items())},
            "reasons": dict(sorted(self.reasons.items())),
            "clusters": {name: dict(entry) for name, entry in sorted(self.clusters.items())},
            "notes": list(self.warnings),
            "decision": decision_lines(self.replicas, self.reasons),
            "explanation": list(self.explanation),
            "delivery": delivery_lines(self.clusters),
            "msg": self.message,
        }
        if self.diff:
            # Ansible shows it only when a diff was asked for.
            found["diff"] = [dict(entry) for entry in self.diff]
        if self.failed:
            found["failed"] = True
            # What went wrong comes first; the differences would bury it.
            found.pop("diff", None)
        if self.error is not None:
            found["error"] = self.error.to_dict()
        if self.rollout is not None:
            found["rollout"] = dict(self.rollout)
        if self.feasibility is not None:
            found["feasibility"] = self.feasibility.to_dict()
        return found


def cluster_result(
    plan: ClusterPlan, health: ClusterHealth | None, errors: Iterable[FleetError] = (), postponed: Iterable[Step] = ()
) -> dict[str, Any]:
    """One cluster's part of the answer."""
    late = {step.identity for step in postponed}
    steps = [step for step in plan.steps if step.operation is not Operation.UNCHANGED]
    found: dict[str, Any] = {
        "action": "waiting" if plan.waits else action(plan),
        "counts": plan.counts,
        "objects": [_shown(step, late) for step in steps[:OBJECTS_SHOWN]],
    }
    if len(steps) > OBJECTS_SHOWN:
        found["objects_left_out"] = len(steps) - OBJECTS_SHOWN
    if plan.waits:
        found["waits"] = plan.waits
    if health is not None:
        found["health"] = health.to_dict()
    if late and plan.leaving:
        found["action"] = "kept"
    known = [error for error in (plan.error, *errors) if error is not None]
    if known:
        found["action"] = "failed"
        found["error"] = known[0].to_dict()
        found["errors"] = [_cut(str(error)) for error in known[:10]]
    return found


def action(plan: ClusterPlan) -> str:
    """One word for what is done in a cluster."""
    operations = {step.operation for step in plan.steps}
    if operations & FAILURES:
        return "refused"
    if plan.leaving:
        return "kept" if operations - {Operation.PRUNE} else "removed"
    if Operation.RELEASE in operations:
        return "released"
    if not operations & ACTIONS:
        return "unchanged"
    return "created" if plan.parent is None else "updated"


def plan_failure(plan: Plan) -> FleetError | None:
    """One error for all that stands in the way of a plan: conflicts and refusals, each with cluster and object."""
    if not plan.failures:
        return None
    conflicts = any(step.operation is Operation.CONFLICT for _name, step in plan.failures)
    next_step = (
        "Nothing was written. Remove the object from the sources, give it up at its owner, or take it over: "
        "as it runs with adopt, as it is wanted with conflict_resolution: Overwrite"
        if conflicts
        else "Nothing was written. Correct the manifest, or let our account do what is named"
    )
    groups = _alike(plan.failures)
    (names, label, reason), *others = groups
    same = [f"the same in {named(names[1:])}"] if len(names) > 1 else []
    also = [f"also {named(there)} {what}: {why}" for there, what, why in others[:9]]
    more = [f"and {len(others) - 9} more"] if len(others) > 9 else []
    message = "; ".join([reason, *same, *also, *more])
    return FleetError(message, cluster=names[0], object=label, next_step=next_step)


def _alike(failures: Iterable[tuple[str, Step]]) -> list[tuple[list[str], str, str]]:
    """The clusters, the object and the reason, once for all clusters in which they are the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, step in failures:
        found.setdefault((step.identity.label, _cut(step.reason)), []).append(name)
    return [(names, label, reason) for (label, reason), names in found.items()]


def access_failure(plan: Plan) -> FleetError | None:
    """The error of the first target that won't take the application until somebody acts, for example an expired token.

    A target that does not answer is none: it may answer at any moment, and the others need not wait for it.
    """
    found = [
        (name, target.error)
        for name, target in sorted(plan.clusters.items())
        if target.error is not None and not target.error.temporary and not target.leaving
    ]
    if not found:
        return None
    (_first, error), *others = found
    if others:
        error.message += f"; {', '.join(name for name, _error in others)} can't be used either"
    error.next_step = f"Nothing was written. {error.next_step or 'Mend it, or leave the cluster out of the placement'}"
    return error


def rollout_failure(plan: Plan, rollout: Rollout, *, waited: bool) -> tuple[FleetError | None, str]:
    """The first thing that went wrong, and a sentence about all of it."""
    errors: dict[str, FleetError] = {
        name: entry.error for name, entry in plan.clusters.items() if entry.error and not entry.leaving
    }
    for name, failed in rollout.errors.items():
        errors.setdefault(name, failed[0])
    parts = [_cut(str(error)) for _name, error in sorted(errors.items())]
    if waited:
        sick = {name: found for name, found in rollout.health.items() if not found.healthy and name not in errors}
        for name, found in sorted(sick.items()):
            reasons = "; ".join(found.reasons[:3])
            parts.append(f"cluster {name}: {found.ready} of {len(found.states)} objects healthy: {reasons}")
            errors.setdefault(
                name,
                FleetError(
                    f"not healthy in time: {reasons}",
                    cluster=name,
                    next_step="Look at the reasons; old copies were kept",
                ),
            )
    if not errors:
        return None, ""
    return errors[sorted(errors)[0]], "; ".join(parts)


def diffs(plan: Plan) -> tuple[Mapping[str, str], ...]:
    """Ansible's diff: one entry per difference, with the clusters that share it."""
    found: dict[str, list[ObjectDiff]] = {}
    differences = Differences()
    for name, cluster_plan in plan.clusters.items():
        for step in cluster_plan.actions:
            after = None if step.operation is Operation.PRUNE else step.after
            entry = differences.of(step.before, after)
            if entry is not None:
                found.setdefault(name, []).append(entry.because(step.unverified) if step.unverified else entry)
    return tuple(diff_output(fold(found)))


def warnings(plan: Plan, endpoints: Iterable[MissingEndpoints]) -> tuple[str, ...]:
    """What the user should know although nothing failed."""
    found = []
    by_cluster: dict[str, list[str]] = {}
    for missing in endpoints:
        for name in missing.clusters:
            by_cluster.setdefault(name, []).append(missing.service.name)
    for name, services in sorted(by_cluster.items()):
        found.append(f"{name}: {len(services)} Services have no local endpoints: {', '.join(sorted(services)[:20])}")
    found += [f"{text}: refused unless adopt_changes is allow" for text in disturbances(plan)]
    for name, cluster_plan in plan.clusters.items():
        if cluster_plan.waits:
            found.append(f"{name}: {cluster_plan.waits}")
        if cluster_plan.leaving and cluster_plan.error is not None:
            found.append(f"{name}: old copies were not removed: {_cut(str(cluster_plan.error))}")
        for step in cluster_plan.steps:
            if step.operation is Operation.KEEP:
                found.append(f"{name}: kept {step.identity.label}: {_cut(step.reason)}")
    return tuple(found[:40])


def _shown(step: Step, late: set[Identity]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "object": step.identity.label,
        "operation": step.operation.value,
        "reason": _cut(step.reason),
    }
    if step.unverified:
        found["unverified"] = _cut(step.unverified)
    if step.operation is Operation.UPDATE and step.before is not None and step.after is not None:
        found["fields"] = [str(change) for change in field_changes(step.before, step.after)[:FIELDS_SHOWN]]
    if step.identity in late:
        found["postponed"] = "the new copies are not healthy yet"
    return found


def _cut(text: str) -> str:
    return shortened(text, TEXT_SHOWN)
