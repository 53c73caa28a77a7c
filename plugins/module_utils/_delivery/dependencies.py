# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows the workloads: an object that a workload needs, or that is there for it, goes where the workload goes.

Everything that nobody refers to goes to all chosen clusters. An object may be sent everywhere all the same, by its
annotation: a Service, for example, through which other clusters are reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._scheduling.selector import label_selector
from .application import PREFIX
from .identity import Identity, Manifest
from .references import Reference, needed_by, serves
from .workloads import has_replicas, pod_template

EVERYWHERE = f"{PREFIX}everywhere"
"""Annotation on an object that is to be in all chosen clusters, whatever it belongs to."""

Copies = Mapping[Identity, Mapping[str, Manifest]]
"""Each object as each cluster would get it; workloads only where they were sent."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An object that is needed in a cluster and is not among those that are sent there."""

    cluster: str
    needed_by: Identity
    target: Identity


@dataclass(frozen=True, slots=True)
class _Links:
    """What the objects of one cluster have to do with each other."""

    followers: Mapping[Identity, frozenset[Identity]]
    """By the object that is followed."""
    required: tuple[tuple[Identity, Identity], ...]
    """Who needs what and does not find it here."""


def destinations(copies: Copies, clusters: Sequence[str]) -> tuple[dict[Identity, frozenset[str]], tuple[Missing, ...]]:
    """The clusters that each object goes to, and what is needed in one of them and does not come along."""
    everywhere = frozenset(clusters)
    links = _all_links(copies, clusters)
    bound = {target for found in links.values() for targets in found.followers.values() for target in targets}
    alive: dict[Identity, set[str]] = {identity: set() for identity in copies}
    for cluster in clusters:
        roots = [
            identity
            for identity, variants in copies.items()
            if cluster in variants and _leads(identity, variants[cluster], bound)
        ]
        for identity in _reached(roots, links[cluster].followers):
            alive[identity].add(cluster)
    # Objects that only refer to each other in a circle follow nobody.
    targets = {identity: frozenset(found) or everywhere for identity, found in alive.items()}
    missing = tuple(
        Missing(cluster, owner, target)
        for cluster in clusters
        for owner, target in links[cluster].required
        if cluster in targets[owner]
    )
    return targets, missing


def _leads(identity: Identity, manifest: Manifest, bound: Iterable[Identity]) -> bool:
    annotations = manifest["metadata"].get("annotations") or {}
    return has_replicas(manifest) or identity not in bound or annotations.get(EVERYWHERE) == "true"


def _reached(roots: Iterable[Identity], followers: Mapping[Identity, frozenset[Identity]]) -> set[Identity]:
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        for follower in followers.get(waiting.pop(), ()):
            if follower not in seen:
                seen.add(follower)
                waiting.append(follower)
    return seen


def _all_links(copies: Copies, clusters: Sequence[str]) -> dict[str, _Links]:
    """Per cluster; clusters that get the very same objects share them."""
    known: dict[tuple[int, ...], _Links] = {}
    needs: dict[int, tuple[Reference, ...]] = {}
    found = {}
    for cluster in clusters:
        here = {identity: variants[cluster] for identity, variants in copies.items() if cluster in variants}
        key = tuple(id(manifest) for manifest in here.values())
        if key not in known:
            known[key] = _links(here, needs)
        found[cluster] = known[key]
    return found


def _links(here: Mapping[Identity, Manifest], needs: dict[int, tuple[Reference, ...]]) -> _Links:
    followers: dict[Identity, set[Identity]] = {}
    required: list[tuple[Identity, Identity]] = []
    pods, services = _pods(here), _services(here)
    for identity, manifest in here.items():
        # Manifests are shared and never changed, so that what one refers to is found once.
        if id(manifest) not in needs:
            needs[id(manifest)] = needed_by(manifest)
        for reference in needs[id(manifest)]:
            if reference.target in here:
                followers.setdefault(identity, set()).add(reference.target)
            elif reference.required:
                required.append((identity, reference.target))
        for leader in (*serves(manifest), *_selected(identity, manifest, pods, services)):
            if leader != identity and leader in here:
                followers.setdefault(leader, set()).add(identity)
    return _Links({leader: frozenset(found) for leader, found in followers.items()}, tuple(required))


class _Labelled:
    """Objects by the labels that selectors see of them, so that a selector need not look at all of them."""

    def __init__(self) -> None:
        self._by_label: dict[tuple[str, str, str], list[tuple[Identity, Mapping[str, str]]]] = {}
        self._by_namespace: dict[str, list[tuple[Identity, Mapping[str, str]]]] = {}

    def add(self, identity: Identity, labels: Mapping[str, str]) -> None:
        entry = (identity, labels)
        self._by_namespace.setdefault(identity.namespace, []).append(entry)
        for key, value in labels.items():
            self._by_label.setdefault((identity.namespace, key, str(value)), []).append(entry)

    def selected(self, namespace: str, selector: Mapping[str, Any]) -> list[Identity]:
        """What a selector means; an empty one means everything, and binds to nothing."""
        rules = label_selector(selector)
        if not rules:
            return []
        candidates: Sequence[tuple[Identity, Mapping[str, str]]] = self._by_namespace.get(namespace, ())
        for key, value in (selector.get("matchLabels") or {}).items():
            fewer = self._by_label.get((namespace, key, str(value)), [])
            candidates = fewer if len(fewer) < len(candidates) else candidates
        return [identity for identity, labels in candidates if all(match(labels) for match in rules)]


def _pods(here: Mapping[Identity, Manifest]) -> _Labelled:
    found = _Labelled()
    for identity, manifest in here.items():
        template = pod_template(manifest)
        if template is not None:
            found.add(identity, (template.get("metadata") or {}).get("labels") or {})
    return found


def _services(here: Mapping[Identity, Manifest]) -> _Labelled:
    found = _Labelled()
    for identity, manifest in here.items():
        if (identity.group, identity.kind) == ("", "Service"):
            found.add(identity, manifest["metadata"].get("labels") or {})
    return found


def _selected(identity: Identity, manifest: Manifest, pods: _Labelled, services: _Labelled) -> list[Identity]:
    """What a selector in the object means."""
    spec = manifest.get("spec") or {}
    kind = (identity.group, identity.kind)
    if kind == ("", "Service"):
        return pods.selected(identity.namespace, {"matchLabels": spec.get("selector") or {}})
    if kind == ("networking.k8s.io", "NetworkPolicy"):
        return pods.selected(identity.namespace, spec.get("podSelector") or {})
    if kind in (("policy", "PodDisruptionBudget"), ("monitoring.coreos.com", "PodMonitor")):
        return pods.selected(identity.namespace, spec.get("selector") or {})
    if kind == ("monitoring.coreos.com", "ServiceMonitor"):
        return services.selected(identity.namespace, spec.get("selector") or {})
    return []
