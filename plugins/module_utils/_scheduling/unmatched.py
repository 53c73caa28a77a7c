# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find what a placement asks for and no known cluster has: rarely meant, mostly mistyped, so worth a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .request import JSON, Cluster
from .selector import ClusterAffinity
from .validate import Problem, nearest
from .wording import counted, named

_VALUES = 8

Values = Callable[[Cluster], Iterable[str]]


def unmatched(placement: JSON, clusters: Sequence[Cluster], *, path: str = "placement") -> list[Problem]:
    """What matches none of the clusters; nothing is said where none is known."""
    if not clusters:
        return []
    fleet = _Fleet(clusters)
    problems: list[Problem] = []
    for where, affinity in _affinities(placement, path):
        problems += fleet.affinity(affinity, where)
    for index, spread in enumerate(placement.get("spreadConstraints") or ()):
        problems += fleet.spread(spread, f"{path}.spreadConstraints[{index}]")
    for index, level in enumerate(_weights(placement).get("hierarchy") or ()):
        problems += fleet.level(level, f"{path}.replicaScheduling.weightPreference.hierarchy[{index}]")
    return problems


def unmatched_affinity(affinity: JSON, clusters: Sequence[Cluster], *, path: str) -> list[Problem]:
    """The same for one selector of clusters."""
    return list(_Fleet(clusters).affinity(affinity, path)) if clusters else []


def _weights(placement: JSON) -> JSON:
    return (placement.get("replicaScheduling") or {}).get("weightPreference") or {}


def _affinities(placement: JSON, path: str) -> Iterator[tuple[str, JSON]]:
    """Every selector of clusters in the placement, with its place."""
    if placement.get("clusterAffinity"):
        yield f"{path}.clusterAffinity", placement["clusterAffinity"]
    for index, group in enumerate(placement.get("clusterAffinities") or ()):
        where = f"{path}.clusterAffinities[{index}]"
        yield where, group
        for tier, overflow in enumerate(group.get("overflowAffinities") or ()):
            yield f"{where}.overflowAffinities[{tier}]", overflow
    scheduling = placement.get("replicaScheduling") or {}
    for name, rules in (
        ("weightPreference.staticWeightList", _weights(placement).get("staticWeightList")),
        ("clusterReplicas", scheduling.get("clusterReplicas")),
    ):
        for index, rule in enumerate(rules or ()):
            yield f"{path}.replicaScheduling.{name}[{index}].targetCluster", rule.get("targetCluster") or {}


class _Fleet:
    """The known clusters, and what they have."""

    def __init__(self, clusters: Sequence[Cluster]) -> None:
        self.clusters = clusters
        self.size = counted(len(clusters), "cluster")

    def affinity(self, affinity: JSON, path: str) -> Iterator[Problem]:
        """What of it matches nobody; if each part matches somebody, whether all of them together do."""
        found = [*self._names(affinity, path), *self._labels(affinity, path), *self._fields(affinity, path)]
        yield from found
        compiled = ClusterAffinity.from_dict(affinity)
        if not found and all(compiled.mismatch(cluster) for cluster in self.clusters):
            yield Problem(path, f"its parts together match none of {self.size}")

    def spread(self, constraint: JSON, path: str) -> Iterator[Problem]:
        field, label = constraint.get("spreadByField") or "", constraint.get("spreadByLabel")
        if label and not any(label in cluster.labels for cluster in self.clusters):
            yield self._unknown_label(f"{path}.spreadByLabel", str(label))
        if field in _FIELDS and not any(True for cluster in self.clusters for _value in _FIELDS[field](cluster)):
            yield Problem(f"{path}.spreadByField", f"none of {self.size} has a {field}")
            return
        least, there = constraint.get("minGroups") or 1, self._groups(field, label)
        if 0 < there < least:
            yield Problem(f"{path}.minGroups", f"{self.size} stand in {there} of the {least} groups that it asks for")

    def _groups(self, field: str, label: str | None) -> int:
        """In how many groups the clusters stand."""
        if label:
            return len(self._known(lambda cluster: _label(cluster, label)))
        return len(self._known(_FIELDS[field])) if field in _FIELDS else len(self.clusters)

    def level(self, level: JSON, path: str) -> Iterator[Problem]:
        """Weights of groups that nobody stands in."""
        label = level.get("byLabel")
        values: Values = _FIELDS.get(level.get("byField") or "") or (lambda cluster: _label(cluster, str(label)))
        known = self._known(values)
        for name in level.get("weights") or {}:
            if name not in known:
                yield self._stray(f"{path}.weights.{name}", f"no cluster stands in {name}", "known", str(name), known)

    def _names(self, affinity: JSON, path: str) -> Iterator[Problem]:
        known = sorted(cluster.name for cluster in self.clusters)
        for part in ("clusterNames", "exclude"):
            for index, name in enumerate(affinity.get(part) or ()):
                if name not in known:
                    message = f"no cluster is named {name}"
                    yield self._stray(f"{path}.{part}[{index}]", message, "known", str(name), known)

    def _labels(self, affinity: JSON, path: str) -> Iterator[Problem]:
        selector = affinity.get("labelSelector") or {}
        for key, value in (selector.get("matchLabels") or {}).items():
            rule = {"key": key, "operator": "In", "values": [value]}
            yield from self._label_rule(rule, f"{path}.labelSelector.matchLabels.{key}", f"{key}={value}")
        for index, rule in enumerate(selector.get("matchExpressions") or ()):
            where = f"{path}.labelSelector.matchExpressions[{index}]"
            yield from self._label_rule(rule, where, _written(rule))

    def _label_rule(self, rule: JSON, path: str, words: str) -> Iterator[Problem]:
        affinity = ClusterAffinity.from_dict({"labelSelector": {"matchExpressions": [rule]}})
        if any(affinity.mismatch(cluster) is None for cluster in self.clusters):
            return
        key = str(rule.get("key"))
        known = self._known(lambda cluster: _label(cluster, key))
        if not known:
            yield self._unknown_label(path, key)
            return
        first = str(next(iter(rule.get("values") or ()), ""))
        yield self._stray(path, f"labelSelector {words} matches none of {self.size}", f"values of {key}", first, known)

    def _fields(self, affinity: JSON, path: str) -> Iterator[Problem]:
        for index, rule in enumerate((affinity.get("fieldSelector") or {}).get("matchExpressions") or ()):
            compiled = ClusterAffinity.from_dict({"fieldSelector": {"matchExpressions": [rule]}})
            if any(compiled.mismatch(cluster) is None for cluster in self.clusters):
                continue
            where, key = f"{path}.fieldSelector.matchExpressions[{index}]", str(rule.get("key"))
            known = self._known(_FIELDS.get(key, lambda cluster: ()))
            first = str(next(iter(rule.get("values") or ()), ""))
            message = f"fieldSelector {_written(rule)} matches none of {self.size}"
            yield self._stray(where, message, f"values of {key}", first, known)

    def _unknown_label(self, path: str, key: str) -> Problem:
        known = self._known(lambda cluster: cluster.labels)
        return self._stray(path, f"none of {self.size} has the label {key}", "labels", key, known)

    def _known(self, values: Values) -> list[str]:
        return sorted({value for cluster in self.clusters for value in values(cluster)})

    def _stray(self, path: str, message: str, title: str, name: str, known: Sequence[str]) -> Problem:
        """The message with what there is instead, and what was probably meant."""
        there = f"; {title} are {named(known, _VALUES)}" if known else ""
        return Problem(path, message + there, nearest(name, known) if name not in known else None)


def _label(cluster: Cluster, key: str) -> tuple[str, ...]:
    return (cluster.labels[key],) if key in cluster.labels else ()


def _written(rule: JSON) -> str:
    values = rule.get("values") or ()
    return f"{rule.get('key')} {rule.get('operator')}" + (f" ({', '.join(map(str, values))})" if values else "")


_FIELDS: Mapping[str, Values] = {
    "provider": lambda cluster: filter(None, (cluster.provider,)),
    "region": lambda cluster: filter(None, (cluster.region,)),
    "zone": lambda cluster: cluster.zones,
}
