# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one set of objects and a decision per workload to the set that each cluster gets.

Objects are rendered once per variant, not once per cluster: clusters share what is the same for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._kube.errors import InputError
from .autoscale import Bounds, shares_of, with_bounds
from .dependencies import Missing, destinations
from .division import completions_of
from .identity import Identity, Manifest, identify
from .manifests import Marks, as_kept, marked
from .order import in_order
from .tailoring import Tailoring
from .workloads import has_replicas, pod_template, replicas_of, with_replicas

Decisions = Mapping[Identity, Mapping[str, int]]
"""Replicas per cluster for each workload. A cluster that is not named does not get it."""


@dataclass(frozen=True, slots=True)
class MissingEndpoints:
    """A Service whose pods run in other clusters only: inside these it leads nowhere."""

    service: Identity
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What each cluster gets, in the order of creation."""

    clusters: Mapping[str, tuple[Manifest, ...]]
    replicas: Mapping[Identity, Mapping[str, int]]
    """Replicas per cluster of each workload, where it is sent."""
    without_endpoints: tuple[MissingEndpoints, ...]
    left_out: Mapping[str, tuple[Identity, ...]] = field(default_factory=dict)
    """Per cluster: objects that are not sent there, because nothing that they belong to is."""
    missing: tuple[Missing, ...] = ()
    """What is needed in a cluster and is not sent there: the cluster has to have it."""
    notes: tuple[str, ...] = ()


def render(
    objects: Iterable[Manifest],
    decisions: Decisions,
    clusters: Sequence[str],
    marks: Marks | None = None,
    tailoring: Tailoring | None = None,
) -> Rendering:
    """Divide the workloads as decided, and send everything else to where what it belongs to goes.

    A workload is left out of a cluster where it got no replica. One that is wanted with zero replicas stays as an
    object, in the clusters its decision names or in all: scaling to zero removes nothing.

    :param clusters: the chosen clusters, those of all decisions together.
    :param tailoring: values and overrides per cluster.
    """
    ordered = in_order(objects)
    chosen = tuple(sorted(clusters))
    replicas: dict[Identity, Mapping[str, int]] = {}
    copies: dict[Identity, dict[str, Manifest]] = {}
    totals = {identify(item): replicas_of(item) for item in ordered if has_replicas(item)}
    for manifest in ordered:
        identity = identify(manifest)
        sent: Mapping[str, int | None] = dict.fromkeys(chosen)
        if has_replicas(manifest):
            sent = replicas[identity] = _replicas_per_cluster(manifest, decisions.get(identity), chosen)
        copies[identity] = _variants(manifest, sent, marks, tailoring, shares_of(manifest, decisions, totals))
    targets, missing = destinations(copies, chosen)
    left_out = {
        cluster: tuple(
            identity
            for identity, variants in copies.items()
            if cluster in variants and cluster not in targets[identity]
        )
        for cluster in chosen
    }
    sent_copies = {
        identity: {cluster: copy for cluster, copy in variants.items() if cluster in targets[identity]}
        for identity, variants in copies.items()
    }
    return Rendering(
        clusters={
            cluster: tuple(variants[cluster] for variants in sent_copies.values() if cluster in variants)
            for cluster in chosen
        },
        replicas=replicas,
        without_endpoints=services_without_endpoints(ordered, replicas, chosen, targets),
        left_out={cluster: found for cluster, found in left_out.items() if found},
        missing=missing,
        notes=tailoring.notes(chosen) if tailoring is not None else (),
    )


def services_without_endpoints(
    objects: Iterable[Manifest],
    replicas: Decisions,
    clusters: Sequence[str],
    targets: Mapping[Identity, Collection[str]],
) -> tuple[MissingEndpoints, ...]:
    """The Services that would lead nowhere in some of their clusters, because their pods are placed in others.

    A Service whose selector fits nothing among the objects is not reported: its pods may be somebody else's.
    """
    known = tuple(objects)
    pods = _PodIndex(known)
    missing = []
    for manifest in known:
        identity = identify(manifest)
        spec = manifest.get("spec") or {}
        selector = spec.get("selector")
        if (identity.group, identity.kind) != ("", "Service") or not isinstance(selector, Mapping) or not selector:
            continue
        if spec.get("type") == "ExternalName":
            continue
        makers = pods.made_by(identity.namespace, selector)
        empty = tuple(
            cluster
            for cluster in clusters
            if cluster in targets[identity] and not any(_runs_in(maker, cluster, replicas) for maker in makers)
        )
        if makers and empty:
            missing.append(MissingEndpoints(identity, empty))
    return tuple(missing)


def _replicas_per_cluster(
    manifest: Manifest, decision: Mapping[str, int] | None, chosen: Iterable[str]
) -> dict[str, int]:
    label = identify(manifest).label
    wanted = replicas_of(manifest)
    if wanted == 0:
        return dict.fromkeys(sorted(decision or chosen), 0)
    sent = {cluster: count for cluster, count in sorted((decision or {}).items()) if count > 0}
    if not sent:
        raise InputError(
            "no cluster was decided for it", object=label, next_step="Look at the reasons of its placement"
        )
    strangers = sorted(set(sent) - set(chosen))
    if strangers:
        raise InputError(f"decided for {', '.join(strangers)}, which the application does not choose", object=label)
    return sent


def _variants(
    manifest: Manifest,
    sent: Mapping[str, int | None],
    marks: Marks | None,
    tailoring: Tailoring | None,
    bounds: Mapping[str, Bounds],
) -> dict[str, Manifest]:
    """The object for each cluster it is sent to; clusters for which nothing differs share one."""
    identity = identify(manifest)
    counts = {cluster: count for cluster, count in sent.items() if count is not None}
    completions = completions_of(manifest, counts, str(identity)) or {} if counts else {}
    wanted = replicas_of(manifest) if counts else 0
    rendered: dict[tuple[int | None, int | None, str, Bounds | None], Manifest] = {}
    variants = {}
    for cluster, count in sent.items():
        source = tailoring.source_for(manifest, cluster) if tailoring is not None else manifest
        if source is None:
            continue
        look = tailoring.key(source, cluster) if tailoring is not None else ""
        key = (count, completions.get(cluster), look, bounds.get(cluster))
        if key not in rendered:
            # Another number of replicas in the values of one cluster is meant for it, and not to be divided.
            divided = None if count is None or replicas_of(source) != wanted else count
            bounded = with_bounds(source, bounds.get(cluster))
            rendered[key] = as_kept(_variant(bounded, cluster, divided, completions.get(cluster), tailoring))
            if marks is not None:
                rendered[key] = marked(rendered[key], marks)
        variants[cluster] = rendered[key]
        if tailoring is not None and count is not None:
            tailoring.counted(identity, cluster, count, rendered[key])
    return variants


def _variant(
    manifest: Manifest, cluster: str, count: int | None, completions: int | None, tailoring: Tailoring | None
) -> Manifest:
    valued = tailoring.valued(manifest, cluster) if tailoring is not None else manifest
    divided = valued if count is None else with_replicas(valued, count, completions)
    return tailoring.overridden(divided, cluster) if tailoring is not None else divided


def _runs_in(maker: Identity, cluster: str, replicas: Decisions) -> bool:
    """Whether a maker of pods has any in a cluster; those without replicas are everywhere."""
    return maker not in replicas or replicas[maker].get(cluster, 0) > 0


class _PodIndex:
    """Which objects make pods with a label, so that a Service need not look at all of them."""

    def __init__(self, objects: Iterable[Manifest]) -> None:
        self._makers: dict[tuple[str, str, str], set[Identity]] = {}
        for manifest in objects:
            template = pod_template(manifest)
            if template is None:
                continue
            identity = identify(manifest)
            for key, value in ((template.get("metadata") or {}).get("labels") or {}).items():
                self._makers.setdefault((identity.namespace, key, str(value)), set()).add(identity)

    def made_by(self, namespace: str, selector: Mapping[str, str]) -> set[Identity]:
        fitting = [self._makers.get((namespace, key, str(value)), set()) for key, value in selector.items()]
        return set.intersection(*fitting)
