# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the workloads of an application go: the scheduling room asked for all of them at once, answered in our terms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from .._kube.errors import FleetError, InputError
from .._registry.member import Member
from .._registry.scheduling import scheduling_cluster
from .._scheduling.application import Application, ApplicationDecision
from .._scheduling.feasibility import FITS_LATER, Feasibility, place_with_growth
from .._scheduling.neighbours import Neighbour
from .._scheduling.report import explain_application
from .._scheduling.request import Cluster, Target, parse_clusters
from .._scheduling.request import Workload as Placed
from .._scheduling.unmatched import unmatched
from .._scheduling.validate import validate_placement
from .application import Spec
from .identity import Identity, Manifest, group_of
from .manifests import scopes_of
from .promises import Promise, taken_by
from .surroundings import NOTHING_AROUND, Surroundings, own_identity
from .workloads import has_replicas, workloads_of


class PlacementError(FleetError):
    """No decision, so nothing is written and nothing is removed."""


@dataclass(frozen=True, slots=True)
class Current:
    """Where the application is now."""

    replicas: Mapping[Identity, Mapping[str, int]] = field(default_factory=dict)
    clusters: tuple[str, ...] = ()
    observed_affinity: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made."""

    replicas: Mapping[Identity, Mapping[str, int]]
    clusters: tuple[str, ...]
    reasons: Mapping[str, str]
    """Per cluster of the registry: why it was taken, or by what it was dropped."""
    record: Mapping[str, Any]
    """The whole of it, as the scheduling room writes it."""
    explanation: tuple[str, ...] = ()
    """The same to read: groups, divisions, and for each cluster what would have to change."""
    strays: tuple[str, ...] = ()
    """Selectors of the placement that match none of the members."""
    feasibility: Feasibility | None = None
    """What has to be added before all of it fits; None where nobody asked."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """What should be known of it: machines that it counts on, selectors that match nothing."""
        later = self.feasibility is not None and self.feasibility.verdict == FITS_LATER
        return (*((str(self.feasibility),) if later else ()), *self.strays)

    def moved(self, current: Current) -> dict[Identity, dict[str, tuple[int, int]]]:
        """Replicas before and after, where they differ."""
        found: dict[Identity, dict[str, tuple[int, int]]] = {}
        for identity in sorted({*self.replicas, *current.replicas}):
            before, after = current.replicas.get(identity, {}), self.replicas.get(identity, {})
            changes = {
                name: (before.get(name, 0), after.get(name, 0))
                for name in sorted({*before, *after})
                if before.get(name, 0) != after.get(name, 0)
            }
            if changes:
                found[identity] = changes
        return found


def check_placement(placement: Mapping[str, Any]) -> None:
    """Refuse what the scheduling room would not understand, before anything is asked of a cluster.

    :raises InputError: naming each field, with the nearest right one.
    """
    problems = validate_placement(dict(placement))
    if problems:
        more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
        raise InputError("; ".join(str(problem) for problem in problems[:5]) + more, next_step="Correct the placement")


def decide(
    spec: Spec,
    objects: Collection[Manifest],
    members: Mapping[str, Member],
    current: Current,
    *,
    evicting: Iterable[str] = (),
    trigger: str | None = None,
    around: Surroundings = NOTHING_AROUND,
    promises: Collection[Promise] = (),
) -> Decided:
    """Place the application.

    :param evicting: clusters that it has to leave.
    :param trigger: ``reschedule`` places afresh, as if it ran nowhere.
    :param around: where other applications and data are.
    :param promises: what was promised in members a moment ago and their facts may not show.
    :raises PlacementError: there is no cluster for it, or not room enough.
    """
    if not members:
        raise PlacementError("the registry has no members", cluster="hub", next_step="Join clusters first")
    requests = placed_workloads(spec, objects)
    holds = around.holds
    clusters = parse_clusters(
        [{**scheduling_cluster(member), "holds": sorted(holds.get(name, ()))} for name, member in members.items()]
    )

    def ask(clusters: tuple[Cluster, ...]) -> Application:
        application = question(
            spec, objects, clusters, current, evicting=evicting, trigger=trigger, neighbours=around.neighbours
        )
        return replace(application, taken=taken_by(promises, clusters))

    grown = place_with_growth(ask, clusters)
    decision = grown.decision
    reasons = _reasons(decision, members)
    strays = tuple(str(problem) for problem in unmatched(spec.placement, clusters))
    if decision.error is not None:
        raise PlacementError(
            "; ".join([decision.error.message.rstrip("."), *_shortage(grown.feasibility), *strays[:3]]),
            object=f"Application {spec.tenant}/{spec.name}",
            next_step="Change the placement, or add clusters that fit; nothing was changed",
        )
    if not decision.clusters:
        raise PlacementError(
            f"the decision is empty, and an empty decision removes nothing. {_sentence(reasons)}",
            object=f"Application {spec.tenant}/{spec.name}",
            next_step="To remove the application, say state: absent",
        )
    replicas = {
        identity: dict(decision.workloads[request.key].replicas)
        for identity, request in requests.items()
        if request.key in decision.workloads
    }
    return Decided(
        replicas,
        tuple(sorted(decision.clusters)),
        reasons,
        {**decision.to_dict(), "feasibility": grown.feasibility.to_dict()},
        tuple(explain_application(decision)),
        strays,
        grown.feasibility,
    )


def placed_workloads(spec: Spec, objects: Collection[Manifest]) -> dict[Identity, Placed]:
    """The workloads of the application, in the words of the scheduling room."""
    return {
        identity: Placed.from_dict(workload.to_request(f"{spec.tenant}/{spec.name}"))
        for identity, workload in workloads_of(objects).items()
    }


def question(
    spec: Spec,
    objects: Collection[Manifest],
    clusters: tuple[Cluster, ...],
    current: Current,
    *,
    evicting: Iterable[str] = (),
    trigger: str | None = None,
    neighbours: tuple[Neighbour, ...] = (),
) -> Application:
    """The question that a decision about the application answers; also for those who only ask what would be."""
    requests = placed_workloads(spec, objects)
    defined = scopes_of(objects)
    kinds = {(manifest["apiVersion"], manifest["kind"]) for manifest in objects if not has_replicas(manifest)}
    return Application(
        clusters=clusters,
        placement=dict(spec.placement),
        workloads=tuple(requests.values()),
        current={
            requests[identity].key: tuple(Target(name, count) for name, count in sorted(found.items()))
            for identity, found in current.replicas.items()
            if identity in requests
        },
        objects=tuple(sorted(kind for kind in kinds if (group_of(kind[0]), kind[1]) not in defined)),
        evicting=tuple(sorted(evicting)),
        observed_affinity=current.observed_affinity,
        trigger=trigger,
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        present=current.clusters,
        identity=own_identity(spec),
        neighbours=neighbours,
    )


def _shortage(feasibility: Feasibility) -> list[str]:
    """What machine sets lack, where there are any."""
    return [str(feasibility)] if feasibility.limits else []


def _reasons(decision: ApplicationDecision, members: Iterable[str]) -> dict[str, str]:
    verdicts = decision.selection.clusters
    found = {}
    for name in members:
        verdict = verdicts.get(name)
        taken = name in decision.clusters
        reason = verdict.reason if verdict is not None else ""
        if verdict is not None and verdict.taken and not taken:
            reason = f"fits, but no workload got a replica there ({reason})"
        prefix = "" if reason.startswith("chosen") else "chosen: " if taken else "not chosen: "
        found[name] = f"{prefix}{reason or 'no reason given'}"
    return found


def _sentence(reasons: Mapping[str, str]) -> str:
    shown = [f"{name} {reason}" for name, reason in sorted(reasons.items())]
    return "; ".join(shown[:10]) + (f"; and {len(shown) - 10} more" if len(shown) > 10 else "")
