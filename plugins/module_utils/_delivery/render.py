# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one set of objects and a decision per workload to the set that each cluster gets.

Objects are rendered once per variant, not once per cluster: clusters share what is the same for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._kube.errors import InputError
from .division import completions_of
from .identity import Identity, Manifest, identify
from .manifests import Marks, marked
from .order import in_order
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


def render(
    objects: Iterable[Manifest], decisions: Decisions, clusters: Sequence[str], marks: Marks | None = None
) -> Rendering:
    """Divide the workloads as decided, and send everything else to all chosen clusters.

    A workload is left out of a cluster where it got no replica. One that is wanted with zero replicas stays as an
    object, in the clusters its decision names or in all: scaling to zero removes nothing.

    :param clusters: the chosen clusters, those of all decisions together.
    """
    ordered = in_order(objects)
    placed: dict[str, list[Manifest]] = {cluster: [] for cluster in sorted(clusters)}
    replicas: dict[Identity, Mapping[str, int]] = {}
    for manifest in ordered:
        if not has_replicas(manifest):
            final = marked(manifest, marks) if marks else manifest
            for members in placed.values():
                members.append(final)
            continue
        identity = identify(manifest)
        replicas[identity] = _replicas_per_cluster(manifest, decisions.get(identity), placed)
        for cluster, variant in _variants(manifest, replicas[identity], marks).items():
            placed[cluster].append(variant)
    return Rendering(
        clusters={cluster: tuple(members) for cluster, members in placed.items()},
        replicas=replicas,
        without_endpoints=services_without_endpoints(ordered, replicas, tuple(placed)),
    )


def services_without_endpoints(
    objects: Iterable[Manifest], replicas: Decisions, clusters: Sequence[str]
) -> tuple[MissingEndpoints, ...]:
    """The Services that would lead nowhere in some clusters, because their pods are placed in others.

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
            cluster for cluster in clusters if not any(_runs_in(maker, cluster, replicas) for maker in makers)
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


def _variants(manifest: Manifest, replicas: Mapping[str, int], marks: Marks | None) -> dict[str, Manifest]:
    completions = completions_of(manifest, replicas, str(identify(manifest))) or {}
    base = marked(manifest, marks) if marks else manifest
    rendered: dict[tuple[int, int | None], Manifest] = {}
    variants = {}
    for cluster, count in replicas.items():
        key = (count, completions.get(cluster))
        if key not in rendered:
            rendered[key] = with_replicas(base, *key)
        variants[cluster] = rendered[key]
    return variants


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
