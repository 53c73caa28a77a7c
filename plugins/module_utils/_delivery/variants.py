# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources that differ from cluster to cluster: read once per variant, and taken apart into what all have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .._kube.errors import InputError
from .._kube.fanout import fan_out
from .digest import digest
from .identity import Identity, Manifest, identify
from .workloads import has_replicas

RENDERED_AT_ONCE = 4
"""Programs side by side on the machine of the play."""

Found = list[tuple[Manifest, str]]
"""Manifests, and where each came from."""


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster, as far as charts and templates may know it."""

    name: str
    facts: Mapping[str, Any]
    """The variables `cluster`, `application` and `values`."""
    kubernetes_version: str = ""
    api_versions: tuple[str, ...] = ()


class Producer(Protocol):
    """A source that may make something else for each cluster."""

    def key(self, target: Target) -> str:
        """Equal for clusters that get the same."""

    def render(self, target: Target) -> Iterator[tuple[Any, str]]:
        """What it makes for a cluster, with origins."""


@dataclass(frozen=True, slots=True)
class Variants:
    """The objects that are not the same in all clusters. Empty when everything is."""

    clusters: tuple[str, ...] = ()
    """For which clusters the sources were read."""
    objects: Mapping[Identity, Mapping[str, Manifest]] = field(default_factory=dict)
    """By cluster; one that is not named does not get the object."""
    failed: Mapping[str, InputError] = field(default_factory=dict)
    """Clusters for which they could not be made: no harm, while the application does not go there."""

    def candidates(self, members: Iterable[str]) -> tuple[str, ...]:
        """The members that the application may go to; others joined after the sources were read."""
        return tuple(name for name in members if not self.clusters or name in self.clusters or name in self.failed)

    def check(self, chosen: Iterable[str]) -> None:
        """Raise the error of a chosen cluster for which the sources could not be made."""
        for cluster in sorted(chosen):
            if cluster in self.failed:
                raise self.failed[cluster]

    def of(self, identity: Identity, cluster: str, common: Manifest) -> Manifest | None:
        """The object for a cluster; None where it gets none."""
        found = self.objects.get(identity)
        return common if found is None else found.get(cluster)

    def changed(self, change: Callable[[Manifest], Manifest]) -> Variants:
        """With every object changed, those that clusters share once."""
        if not self.objects:
            return self
        known: dict[int, Manifest] = {}
        result: dict[Identity, dict[str, Manifest]] = {}
        for by_cluster in self.objects.values():
            for cluster, manifest in by_cluster.items():
                if id(manifest) not in known:
                    known[id(manifest)] = change(manifest)
                changed = known[id(manifest)]
                result.setdefault(identify(changed), {})[cluster] = changed
        return Variants(self.clusters, result, self.failed)

    def to_dict(self) -> dict[str, Any]:
        """The form in a revision: each manifest once."""
        manifests: dict[str, Manifest] = {}
        objects: dict[str, dict[str, str]] = {}
        for identity, by_cluster in self.objects.items():
            keys = {cluster: digest(manifest)[:20] for cluster, manifest in by_cluster.items()}
            manifests.update({keys[cluster]: manifest for cluster, manifest in by_cluster.items()})
            objects[str(identity)] = keys
        return {"clusters": list(self.clusters), "manifests": manifests, "objects": objects} if objects else {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Variants:
        """The reverse of :meth:`to_dict`."""
        manifests = data.get("manifests") or {}
        objects = {
            Identity.parse(text): {cluster: manifests[key] for cluster, key in keys.items()}
            for text, keys in (data.get("objects") or {}).items()
        }
        return cls(tuple(data.get("clusters") or ()), objects)


def made_for(
    producer: Producer, targets: Sequence[Target]
) -> tuple[dict[str, list[tuple[Any, str]]], dict[str, InputError]]:
    """What a source makes for each cluster, once per variant, and where it fails.

    :raises InputError: it fails for all of them.
    """
    failed: dict[str, InputError] = {}
    keys: dict[str, str] = {}
    first: dict[str, Target] = {}
    for target in targets:
        try:
            keys[target.name] = producer.key(target)
        except InputError as error:
            failed[target.name] = error
            continue
        first.setdefault(keys[target.name], target)
    outcomes = fan_out(first, lambda _key, target: list(producer.render(target)), workers=RENDERED_AT_ONCE)
    found: dict[str, list[tuple[Any, str]]] = {}
    for name, key in keys.items():
        outcome = outcomes[key]
        if outcome.ok:
            found[name] = outcome.get()
        elif isinstance(outcome.error, InputError):
            failed[name] = outcome.error
        else:
            outcome.get()
    if failed and not found:
        raise failed[sorted(failed)[0]]
    return found, failed


def split(found: Mapping[str, Found]) -> tuple[Found, Variants]:
    """What all clusters have in common, and what is not the same in all of them.

    :param found: the objects of each cluster; clusters may share a list.
    :raises InputError: a workload is there for some clusters only: nobody could say how many replicas to divide.
    """
    clusters = tuple(sorted(found))
    if len({id(items) for items in found.values()}) == 1:
        return found[clusters[0]], Variants()
    by_identity: dict[Identity, dict[str, tuple[Manifest, str]]] = {}
    for cluster in clusters:
        for manifest, origin in found[cluster]:
            by_identity.setdefault(identify(manifest), {})[cluster] = (manifest, origin)
    common: Found = []
    differing: dict[Identity, dict[str, Manifest]] = {}
    for identity, copies in by_identity.items():
        digests = {cluster: digest(manifest) for cluster, (manifest, _origin) in copies.items()}
        usual = Counter(digests[cluster] for cluster in clusters if cluster in digests).most_common(1)[0][0]
        common.append(next(copies[cluster] for cluster in clusters if digests.get(cluster) == usual))
        if len(set(digests.values())) == 1 and len(copies) == len(clusters):
            continue
        _refuse_partial(identity, copies, clusters)
        shared = {digests[cluster]: manifest for cluster, (manifest, _origin) in copies.items()}
        differing[identity] = {cluster: shared[digests[cluster]] for cluster in copies}
    return common, Variants(clusters, differing) if differing else Variants()


def _refuse_partial(identity: Identity, copies: Mapping[str, tuple[Manifest, str]], clusters: Iterable[str]) -> None:
    lacking = [cluster for cluster in clusters if cluster not in copies]
    manifest, origin = next(iter(copies.values()))
    if lacking and has_replicas(manifest):
        raise InputError(
            f"{origin}: it is made for {', '.join(sorted(copies)[:5])}, and not for {', '.join(lacking[:5])}",
            object=identity.label,
            next_step="Make it for all clusters, and say where it runs by the placement, or by replicas: 0 in an override",
        )
