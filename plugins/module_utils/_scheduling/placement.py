# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The placement of a workload, read once from the form users write into what the steps need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from .companions import Companions
from .locality import DataLocality
from .request import JSON, Cluster
from .scorers import Weights
from .selector import ClusterAffinity
from .taints import Toleration

FIELDS = ("cluster", "provider", "region", "zone")


class Strategy(str, Enum):
    """How replicas are handed out to the chosen clusters."""

    DUPLICATED = "Duplicated"
    STATIC = "StaticWeight"
    DYNAMIC = "DynamicWeight"
    AGGREGATED = "Aggregated"

    @property
    def counts_capacity(self) -> bool:
        return self in (Strategy.DYNAMIC, Strategy.AGGREGATED)


@dataclass(frozen=True, slots=True)
class Term:
    """One affinity group: its own clusters first, then those it may overflow to, tier by tier."""

    name: str | None
    tiers: tuple[ClusterAffinity, ...]

    @property
    def overflows(self) -> bool:
        return len(self.tiers) > 1

    @classmethod
    def from_dict(cls, data: JSON) -> Term:
        overflow = data.get("overflowAffinities") or ()
        return cls(data.get("affinityName"), tuple(ClusterAffinity.from_dict(tier) for tier in (data, *overflow)))


@dataclass(frozen=True, slots=True)
class Spread:
    """Over how many groups the clusters have to spread."""

    field: str
    """One of FIELDS, or "" for a label."""
    label: str
    min_groups: int
    max_groups: int | None
    """None when it was left out."""

    @property
    def title(self) -> str:
        return self.field or f"label {self.label}"

    @classmethod
    def from_dict(cls, data: JSON) -> Spread:
        field, label = data.get("spreadByField") or "", data.get("spreadByLabel") or ""
        return cls(
            field=field if field or label else "cluster",
            label=label,
            min_groups=data.get("minGroups") or 1,
            max_groups=data.get("maxGroups"),
        )

    def values(self, cluster: Cluster) -> tuple[str, ...]:
        """The groups in which the cluster stands; several only for zones."""
        return values_of(cluster, self.field, self.label)


@dataclass(frozen=True, slots=True)
class StaticWeight:
    """The weight of the clusters that a rule matches."""

    clusters: ClusterAffinity
    weight: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many replicas a cluster that is used gets at least, and at most; None where the rule says nothing."""

    clusters: ClusterAffinity
    least: int | None
    most: int | None

    @classmethod
    def from_dict(cls, data: JSON) -> Bounds:
        return cls(
            ClusterAffinity.from_dict(data.get("targetCluster") or {}), data.get("minReplicas"), data.get("maxReplicas")
        )


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a hierarchy of weights: what each region, zone, provider or labelled group is worth."""

    field: str
    label: str
    weights: Mapping[str, int]
    default_weight: int

    @property
    def title(self) -> str:
        return self.field or f"label {self.label}"

    @classmethod
    def from_dict(cls, data: JSON) -> Level:
        weights, default = data.get("weights") or {}, data.get("defaultWeight")
        if default is None:
            default = 0 if weights else 1
        return cls(data.get("byField") or "", data.get("byLabel") or "", weights, default)

    def group(self, cluster: Cluster) -> str:
        """The group in which the cluster counts: of several zones the heaviest, of these the first by name."""
        values = values_of(cluster, self.field, self.label)
        return min(values, key=lambda value: (-self.weight(value), value), default="")

    def weight(self, group: str) -> int:
        return self.weights.get(group, self.default_weight)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a workload may go and how it is divided."""

    terms: tuple[Term, ...]
    """At least one; several only with clusterAffinities."""
    ordered: bool
    """Whether the terms are named groups to try one after the other (clusterAffinities)."""
    tolerations: tuple[Toleration, ...]
    spread: tuple[Spread, ...]
    strategy: Strategy
    weights: tuple[StaticWeight, ...] | None
    """None when no weightPreference was given."""
    selection: str
    partial: bool = False
    """Whether to place what fits where not everything does (whenUnsatisfiable: partial)."""
    bounds: tuple[Bounds, ...] = ()
    """The rules of clusterReplicas, then the one for all clusters; what the first that matches leaves out, a later says."""
    hierarchy: tuple[Level, ...] = ()
    """From the widest to the narrowest."""
    scoring: Weights | None = None
    """None when stickiness alone counts."""
    companions: Companions | None = None
    """What it says of other applications."""
    data: DataLocality | None = None

    @property
    def spread_ignored_by_karmada(self) -> bool:
        """Karmada drops the constraints with static weights, unless the list of weights is there and empty."""
        return self.strategy is Strategy.STATIC and self.weights != ()

    @classmethod
    def from_dict(cls, data: JSON) -> Placement:
        groups = data.get("clusterAffinities")
        terms = (
            tuple(Term.from_dict(group) for group in groups)
            if groups
            else (Term.from_dict(data.get("clusterAffinity") or {}),)
        )
        scheduling = data.get("replicaScheduling")
        strategy, weights = _strategy(scheduling)
        companions, locality = Companions.from_dict(data), DataLocality.from_dict(data.get("dataLocality"))
        return cls(
            terms=terms,
            ordered=bool(groups),
            tolerations=tuple(map(Toleration.from_dict, data.get("clusterTolerations") or ())),
            spread=tuple(map(Spread.from_dict, data.get("spreadConstraints") or ())),
            strategy=strategy,
            weights=weights,
            selection=data.get("selection") or "together",
            partial=data.get("whenUnsatisfiable") == "partial",
            bounds=() if strategy is Strategy.DUPLICATED else tuple(_bounds(scheduling or {})),
            hierarchy=_hierarchy(scheduling or {}) if strategy in (Strategy.STATIC, Strategy.DYNAMIC) else (),
            scoring=Weights.from_dict(
                data.get("scoring"),
                affinity=companions is not None and companions.prefers,
                data=locality is not None and not locality.required,
            ),
            companions=companions,
            data=locality,
        )


def values_of(cluster: Cluster, field: str, label: str) -> tuple[str, ...]:
    """What the cluster has of that field, or of the label when there is no field."""
    if field == "zone":
        return cluster.zones
    if field == "region":
        value = cluster.region
    elif field == "provider":
        value = cluster.provider
    else:
        value = cluster.labels.get(label, "")
    return (value,) if value else ()


def _bounds(scheduling: JSON) -> Iterator[Bounds]:
    for rule in (*(scheduling.get("clusterReplicas") or ()), scheduling):
        if rule.get("minReplicas") is not None or rule.get("maxReplicas") is not None:
            yield Bounds.from_dict(rule)


def _hierarchy(scheduling: JSON) -> tuple[Level, ...]:
    return tuple(map(Level.from_dict, (scheduling.get("weightPreference") or {}).get("hierarchy") or ()))


def _strategy(scheduling: JSON | None) -> tuple[Strategy, tuple[StaticWeight, ...] | None]:
    if scheduling is None or scheduling.get("replicaSchedulingType") == "Duplicated":
        return Strategy.DUPLICATED, None
    if scheduling.get("replicaDivisionPreference") == "Aggregated":
        return Strategy.AGGREGATED, None
    preference = scheduling.get("weightPreference")
    if preference is None:
        return Strategy.STATIC, None
    if preference.get("dynamicWeight"):
        return Strategy.DYNAMIC, None
    weights = tuple(
        StaticWeight(ClusterAffinity.from_dict(rule.get("targetCluster") or {}), rule.get("weight") or 0)
        for rule in preference.get("staticWeightList") or ()
    )
    return Strategy.STATIC, weights
