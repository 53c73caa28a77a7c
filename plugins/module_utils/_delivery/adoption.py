# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking over what runs already, without restarting it: whose it is, what may be taken, and where it runs now.

An adoption adds our marks and takes the fields that the manifests set. Fields that they do not set keep their values.
The entries of the tool that made an object go from ``managedFields`` afterwards, so that a field that leaves the
manifests later really goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.session import FIELD_MANAGER, Session
from .._scheduling.validate import nearest
from .application import AdoptedChanges, Adoption, Conflict, Settings
from .changes import field_changes
from .decide import Current
from .identity import Identity, Manifest, identify
from .manifests import PART_OF, owner_of
from .plan import Plan, Step, Verdict
from .workloads import has_replicas, pod_template, replicas_of

TOOLS = frozenset({"helm", "Helm", "before-first-apply", "OpenAPI-Generator", "Terraform", "pulumi-kubernetes"})
"""Managers that write when a person, or a pipeline, runs them. What they left behind is nobody's to defend."""

FIELDS_SHOWN = 5

_FLUX = "toolkit.fluxcd.io"


def mark_of(live: Manifest, applyset: str) -> str | None:
    """The owner that an object names by a mark, ours or that of another tool; ``None`` when it carries none.

    :param applyset: of the application that asks; its label alone, without its mark, names no other owner.
    """
    metadata = live["metadata"]
    labels, annotations = _labels(live), metadata.get("annotations") or {}
    ours = owner_of(live)
    if ours:
        return ours
    if "meta.helm.sh/release-name" in annotations:
        space = annotations.get("meta.helm.sh/release-namespace") or metadata.get("namespace") or "default"
        return f"Helm {space}/{annotations['meta.helm.sh/release-name']}"
    if "argocd.argoproj.io/tracking-id" in annotations:
        return f"Argo CD {annotations['argocd.argoproj.io/tracking-id'].partition(':')[0]}"
    for room, kind in (("kustomize", "Kustomization"), ("helm", "HelmRelease")):
        name = labels.get(f"{room}.{_FLUX}/name")
        if name:
            return f"Flux {kind} {labels.get(f'{room}.{_FLUX}/namespace', '')}/{name}"
    if labels.get("karmada.io/managed") == "true" or "work.karmada.io/name" in annotations:
        return f"Karmada {annotations.get('work.karmada.io/name', '')}".rstrip()
    if labels.get(PART_OF, applyset) != applyset:
        return f"ApplySet {labels[PART_OF]}"
    for reference in metadata.get("ownerReferences") or []:
        if reference.get("controller") or reference.get("kind") == "AppliedManifestWork":
            return f"{reference.get('kind')} {reference.get('name')}"
    return None


def refusal(live: Manifest, settings: Settings, cluster: str, applyset: str) -> str | None:
    """Why an object that is not ours may not be taken over; ``None`` when it may."""
    mark = mark_of(live, applyset)
    if settings.conflict is Conflict.OVERWRITE:
        return None
    unmarked = "our mark was taken off it" if PART_OF in _labels(live) else "it exists and is not ours"
    holder = f"it belongs to {mark}" if mark else unmarked
    if not settings.adoption.covers(cluster):
        return holder
    if mark is None or mark in settings.adoption.owners:
        return None
    return f"{holder}, whom adopt_owners does not name"


def gives_way(adoption: Adoption) -> Callable[[str], bool]:
    """Whether a field manager's ownership passes to us when an object is taken over."""

    def is_taken(manager: str) -> bool:
        return manager in TOOLS or manager.partition("-")[0] == "kubectl" or manager in adoption.owners

    return is_taken


def sheds(live: Manifest, is_taken: Callable[[str], bool]) -> tuple[str, ...]:
    """The managers that lose their entries when the object is taken over."""
    return tuple(sorted({str(entry["manager"]) for entry in _entries(live) if _passes(entry, is_taken)}))


def disturbance(step: Step) -> str | None:
    """What an adoption would change in what runs: pods are made from it. ``None`` when it changes nothing there."""
    if step.verdict is not Verdict.ADOPT or step.before is None or step.after is None:
        return None
    if pod_template(step.before) is None or step.before.get("spec") == step.after.get("spec"):
        return None
    changes = [str(change) for change in field_changes(step.before, step.after) if change.field.startswith(".spec")]
    more = f", and {len(changes) - FIELDS_SHOWN} more" if len(changes) > FIELDS_SHOWN else ""
    return f"{step.identity.label}: {', '.join(changes[:FIELDS_SHOWN])}{more}"


def adoption_failure(plan: Plan, adoption: Adoption) -> FleetError | None:
    """One error for all that an adoption would change in what runs, unless that is allowed."""
    found = [] if adoption.changes is AdoptedChanges.ALLOW else disturbances(plan)
    if not found:
        return None
    more = f"; and {len(found) - FIELDS_SHOWN} more" if len(found) > FIELDS_SHOWN else ""
    return FleetError(
        f"the adoption would change what runs: {'; '.join(found[:FIELDS_SHOWN])}{more}",
        cluster=found[0].partition(":")[0],
        next_step="Nothing was written. Bring the manifests and the placement in line with what runs, "
        "or allow it with adopt_changes: allow",
    )


def disturbances(plan: Plan) -> list[str]:
    """What adoptions of a plan would change in what runs, each with its cluster."""
    found = [(name, disturbance(step)) for name, entry in plan.clusters.items() for step in entry.actions]
    return [f"{name}: {text}" for name, text in found if text]


def waiting_note(live: Iterable[Manifest]) -> str:
    """What is said of a cluster whose turn has not come."""
    return f"{len(list(live))} of its objects run there without us and stay as they are: name the cluster in adopt to take them over"


def strangers(adoption: Adoption, members: Collection[str]) -> list[str]:
    """What is said of clusters that an adoption names and the registry does not know; a member may have left."""
    notes = []
    for name in sorted(set(adoption.clusters) - {"*", *members}):
        meant = nearest(name, sorted(members))
        notes.append(f"adopt: no cluster is named {name}" + (f" (did you mean {meant}?)" if meant else ""))
    return notes


def with_running(sessions: Mapping[str, Session], objects: Iterable[Manifest], current: Current) -> Current:
    """Where the workloads are now, also in members where they run without us: an adoption moves nothing.

    One list per kind and namespace of workloads; a member that can't be asked has what the records say.
    """
    wanted = {identify(item): item for item in objects if has_replicas(item)}
    places = sorted({(item["apiVersion"], item["kind"], identity.namespace) for identity, item in wanted.items()})

    def look(_name: str, session: Session) -> dict[Identity, int]:
        found: dict[Identity, int] = {}
        for api_version, kind, namespace in places:
            resource = session.discovery().get(api_version, kind)
            for live in session.list(resource, namespace) if resource is not None else []:
                identity = identify(live)
                if identity in wanted:
                    found[identity] = replicas_of(live)
        return found

    outcomes = fan_out({name: item for name, item in sessions.items() if name not in current.clusters}, look)
    seen = {name: outcome.get() for name, outcome in outcomes.items() if outcome.ok}
    replicas = {identity: dict(counts) for identity, counts in current.replicas.items()}
    for name, counts in seen.items():
        for identity, count in counts.items():
            replicas.setdefault(identity, {})[name] = count
    clusters = {*current.clusters, *(name for name, counts in seen.items() if counts)}
    return Current(replicas, tuple(sorted(clusters)), current.observed_affinity)


def _labels(live: Manifest) -> Mapping[str, str]:
    return live["metadata"].get("labels") or {}


def _entries(live: Manifest) -> list[Mapping[str, Any]]:
    return (live.get("metadata") or {}).get("managedFields") or []


def _passes(entry: Mapping[str, Any], is_taken: Callable[[str], bool]) -> bool:
    # Who writes a status is a controller, whatever its name.
    if entry.get("manager") == FIELD_MANAGER or entry.get("subresource") not in (None, "", "scale"):
        return False
    return is_taken(str(entry.get("manager") or ""))
