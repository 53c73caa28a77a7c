# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a well-formed placement can still say that cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .contradictions_between import contradictions_between
from .contradictions_in import contradictions_in

JSON = Mapping[str, Any]
Found = tuple[str, str]
"""(path, message)"""

_WIDE_TO_NARROW = ("provider", "region", "zone")


def contradictions(placement: JSON, path: str) -> Iterator[Found]:
    """Everything in the placement that cannot be satisfied, or contradicts another part."""
    yield from _affinity(placement.get("clusterAffinity") or {}, f"{path}.clusterAffinity")
    yield from _groups(placement, path)
    for index, toleration in enumerate(placement.get("clusterTolerations") or ()):
        yield from _toleration(toleration, f"{path}.clusterTolerations[{index}]")
    yield from _spread(placement.get("spreadConstraints") or (), f"{path}.spreadConstraints")
    yield from _scheduling(placement.get("replicaScheduling") or {}, f"{path}.replicaScheduling")
    yield from contradictions_between(placement, path)


def _groups(placement: JSON, path: str) -> Iterator[Found]:
    groups = placement.get("clusterAffinities")
    if groups is None:
        return
    where = f"{path}.clusterAffinities"
    if placement.get("clusterAffinity") is not None:
        yield where, "cannot be given together with clusterAffinity"
    if not groups:
        yield where, "is empty; leave it out to use all clusters"
    seen: set[str] = set()
    for index, group in enumerate(groups):
        at = f"{where}[{index}]"
        overflow = group.get("overflowAffinities") or ()
        yield from _affinity(group, at)
        for tier, each in enumerate(overflow):
            yield from _affinity(each, f"{at}.overflowAffinities[{tier}]")
        if group["affinityName"] in seen:
            yield f"{at}.affinityName", f"the name {group['affinityName']} is given twice"
        seen.add(group["affinityName"])
        if overflow and not _counts_capacity(placement.get("replicaScheduling") or {}):
            yield (
                f"{at}.overflowAffinities",
                "need a division by capacity: dynamicWeight AvailableReplicas, or Aggregated",
            )


def _counts_capacity(scheduling: JSON) -> bool:
    if scheduling.get("replicaSchedulingType") == "Duplicated":
        return False
    dynamic = (scheduling.get("weightPreference") or {}).get("dynamicWeight")
    return scheduling.get("replicaDivisionPreference") == "Aggregated" or dynamic is not None


def _affinity(affinity: JSON, path: str) -> Iterator[Found]:
    names, excluded = affinity.get("clusterNames") or (), set(affinity.get("exclude") or ())
    if names and excluded.issuperset(names):
        yield f"{path}.exclude", "excludes every cluster that clusterNames names, so no cluster can match"
    yield from contradictions_in(affinity.get("labelSelector") or {}, f"{path}.labelSelector")
    yield from contradictions_in(affinity.get("fieldSelector") or {}, f"{path}.fieldSelector")


def _toleration(toleration: JSON, path: str) -> Iterator[Found]:
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists" and toleration.get("value"):
        yield f"{path}.value", "operator Exists takes no value"
    if operator == "Equal" and not toleration.get("key"):
        yield f"{path}.key", "an empty key needs operator Exists"
    if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
        yield f"{path}.tolerationSeconds", "needs effect NoExecute"


def _spread(constraints: Sequence[JSON], path: str) -> Iterator[Found]:
    seen: dict[str, int] = {}
    cluster_most: int | None = None
    for index, constraint in enumerate(constraints):
        at = f"{path}[{index}]"
        field, label = constraint.get("spreadByField"), constraint.get("spreadByLabel")
        if field and label:
            yield at, "spreadByField and spreadByLabel cannot be given together"
        name = field or (f"label {label}" if label else "cluster")
        if name in seen:
            yield at, f"a constraint for {name} is given already, in {path}[{seen[name]}]"
        seen.setdefault(name, index)
        least, most = constraint.get("minGroups") or 1, constraint.get("maxGroups") or None
        if most is not None and most < least:
            yield f"{at}.maxGroups", f"{most} is less than minGroups {least}"
        if name == "cluster":
            cluster_most = most
    for index, constraint in enumerate(constraints):
        least, field = constraint.get("minGroups") or 1, constraint.get("spreadByField")
        # Zones are left out: one cluster may stand in several.
        if field in ("region", "provider") and cluster_most is not None and least > cluster_most:
            yield (
                f"{path}[{index}].minGroups",
                f"{least} {field}s need as many clusters, but the cluster constraint allows {cluster_most} (maxGroups)",
            )


def _scheduling(scheduling: JSON, path: str) -> Iterator[Found]:
    preference, weights = scheduling.get("replicaDivisionPreference"), scheduling.get("weightPreference")
    if scheduling.get("replicaSchedulingType") == "Duplicated":
        if preference is not None:
            yield f"{path}.replicaDivisionPreference", "has no meaning with Duplicated: nothing is divided"
        if weights is not None:
            yield f"{path}.weightPreference", "has no meaning with Duplicated: nothing is divided"
        for field in ("minReplicas", "maxReplicas", "clusterReplicas"):
            if scheduling.get(field) is not None:
                yield f"{path}.{field}", "has no meaning with Duplicated: every cluster gets all replicas"
    elif preference == "Aggregated" and weights is not None:
        yield f"{path}.weightPreference", "has no meaning with Aggregated"
    for index, rule in enumerate((weights or {}).get("staticWeightList") or ()):
        yield from _affinity(rule["targetCluster"], f"{path}.weightPreference.staticWeightList[{index}].targetCluster")
    yield from _bounds(scheduling, path)
    yield from _hierarchy((weights or {}).get("hierarchy"), f"{path}.weightPreference.hierarchy")


def _bounds(scheduling: JSON, path: str) -> Iterator[Found]:
    least, most = scheduling.get("minReplicas"), scheduling.get("maxReplicas")
    if least is not None and most is not None and least > most:
        yield f"{path}.minReplicas", f"{least} is more than maxReplicas {most}"
    for index, rule in enumerate(scheduling.get("clusterReplicas") or ()):
        at = f"{path}.clusterReplicas[{index}]"
        yield from _affinity(rule["targetCluster"], f"{at}.targetCluster")
        own_least, own_most = rule.get("minReplicas"), rule.get("maxReplicas")
        if own_least is None and own_most is None:
            yield at, "says neither minReplicas nor maxReplicas"
            continue
        lower, upper = least if own_least is None else own_least, most if own_most is None else own_most
        if lower is not None and upper is not None and lower > upper:
            where = "of these clusters" if own_most is not None else "of all clusters, which counts for these as well"
            yield f"{at}.minReplicas", f"{lower} is more than maxReplicas {upper} {where}"


def _hierarchy(levels: Sequence[JSON] | None, path: str) -> Iterator[Found]:
    if levels is None:
        return
    if not levels:
        yield path, "is empty; leave it out to divide among the clusters alone"
    seen: dict[str, int] = {}
    for index, level in enumerate(levels):
        at, field, label = f"{path}[{index}]", level.get("byField"), level.get("byLabel")
        if (field is None) == (label is None):
            yield at, "needs either byField or byLabel"
        name = field or f"label {label}"
        if name in seen:
            yield at, f"a level by {name} is given already, in {path}[{seen[name]}]"
        for narrower in _WIDE_TO_NARROW[_WIDE_TO_NARROW.index(field) + 1 :] if field in _WIDE_TO_NARROW else ():
            if narrower in seen and name not in seen:
                yield at, f"{name} is wider than {narrower}, so it has to stand before {path}[{seen[narrower]}]"
        seen.setdefault(name, index)
        weights, default = level.get("weights") or {}, level.get("defaultWeight")
        if (weights or default == 0) and not default and not any(weights.values()):
            yield at, "gives no group a weight, so nothing could be placed"
