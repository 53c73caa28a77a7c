# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Selectors over clusters: labels, fields and names, compiled once and matched many times.

The rules are those of Kubernetes' label selectors; a selector that is malformed matches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .labels import Match, label_rule, label_selector
from .request import JSON, Cluster


@dataclass(frozen=True, slots=True)
class ClusterAffinity:
    """Which clusters are meant."""

    excluded: frozenset[str]
    labels: tuple[Match, ...]
    fields: tuple[Match, ...]
    zones: tuple[Callable[[Collection[str]], bool], ...]
    names: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Whether every cluster is meant."""
        return not (self.excluded or self.labels or self.fields or self.zones or self.names)

    @classmethod
    def from_dict(cls, data: JSON) -> ClusterAffinity:
        fields: list[Match] = []
        zones: list[Callable[[Collection[str]], bool]] = []
        for rule in (data.get("fieldSelector") or {}).get("matchExpressions") or ():
            if rule.get("key") == "zone":
                zones.append(_zone_rule(rule))
            else:
                fields.append(label_rule(rule))
        return cls(
            excluded=frozenset(data.get("exclude") or ()),
            labels=label_selector(data.get("labelSelector")),
            fields=tuple(fields),
            zones=tuple(zones),
            names=frozenset(data.get("clusterNames") or ()),
        )

    def mismatch(self, cluster: Cluster) -> str | None:
        """The part of the affinity that the cluster does not meet, None when it meets all."""
        name = cluster.name
        if self.names and name not in self.names:
            return "clusterNames"
        if name in self.excluded:
            return "exclude"
        for match in self.labels:
            if not match(cluster.labels):
                return "labelSelector"
        if self.fields:
            fields = {
                key: value for key, value in (("provider", cluster.provider), ("region", cluster.region)) if value
            }
            if not all(match(fields) for match in self.fields):
                return "fieldSelector"
        for match_zones in self.zones:
            if not match_zones(cluster.zones):
                return "fieldSelector"
        return None


def _zone_rule(rule: Mapping[str, Any]) -> Callable[[Collection[str]], bool]:
    """A cluster may be in several zones: one in common is enough for In, one in common is too many for NotIn."""
    operator, values = rule.get("operator"), frozenset(rule.get("values") or ())
    if operator == "In":
        return lambda zones: not values.isdisjoint(zones)
    if operator == "NotIn":
        return values.isdisjoint
    if operator == "Exists":
        return bool
    if operator == "DoesNotExist":
        return lambda zones: not zones
    return lambda zones: False
