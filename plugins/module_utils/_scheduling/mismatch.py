# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster would have to be for a cluster affinity to match it, and what it is instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .labels import label_rule
from .request import JSON, Cluster
from .selector import ClusterAffinity


def wanted(affinity: JSON, cluster: Cluster) -> list[str]:
    """The parts of the affinity that the cluster does not meet, each as what it should be and what it is."""
    return [*_names(affinity, cluster), *_labels(affinity, cluster), *_fields(affinity, cluster)]


def _names(affinity: JSON, cluster: Cluster) -> Iterator[str]:
    if affinity.get("clusterNames") and cluster.name not in affinity["clusterNames"]:
        yield "its name in clusterNames"
    if cluster.name in (affinity.get("exclude") or ()):
        yield "its name not in exclude"


def _labels(affinity: JSON, cluster: Cluster) -> Iterator[str]:
    selector = affinity.get("labelSelector") or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if cluster.labels.get(key) != value:
            yield f"label {key}={value}{_instead(cluster.labels.get(key))}"
    for rule in selector.get("matchExpressions") or ():
        if not label_rule(rule)(cluster.labels):
            key = str(rule.get("key"))
            yield f"label {key} {_operation(rule)}{_instead(cluster.labels.get(key))}"


def _fields(affinity: JSON, cluster: Cluster) -> Iterator[str]:
    for rule in (affinity.get("fieldSelector") or {}).get("matchExpressions") or ():
        if ClusterAffinity.from_dict({"fieldSelector": {"matchExpressions": [rule]}}).mismatch(cluster) is None:
            continue
        key = str(rule.get("key"))
        values: Sequence[str] = cluster.zones if key == "zone" else [getattr(cluster, key, "")]
        yield f"{key} {_operation(rule)}{_instead(', '.join(filter(None, values)) or None)}"


def _operation(rule: JSON) -> str:
    values = ", ".join(map(str, rule.get("values") or ()))
    return f"{rule.get('operator')} ({values})" if values else str(rule.get("operator"))


def _instead(value: str | None) -> str:
    return " (it has none)" if value is None else f" (it has {value})"
