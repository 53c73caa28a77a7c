# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The placement of a workload, read once from the form users write into what the steps need."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .request import JSON
from .selector import ClusterAffinity

FIELDS = ("cluster", "provider", "region", "zone")
OBEYED_EFFECTS = ("NoSchedule", "NoExecute")


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


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that does not keep the workload away."""

    key: str
    operator: str
    value: str
    effect: str

    @classmethod
    def from_dict(cls, data: JSON) -> Toleration:
        return cls(
            data.get("key") or "", data.get("operator") or "Equal", data.get("value") or "", data.get("effect") or ""
        )

    def tolerates(self, key: str, value: str, effect: str) -> bool:
        if (self.effect and self.effect != effect) or (self.key and self.key != key):
            return False
        return self.operator == "Exists" or (self.operator == "Equal" and self.value == value)


@dataclass(frozen=True, slots=True)
class StaticWeight:
    """The weight of the clusters that a rule matches."""

    clusters: ClusterAffinity
    weight: int


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
        strategy, weights = _strategy(data.get("replicaScheduling"))
        return cls(
            terms=terms,
            ordered=bool(groups),
            tolerations=tuple(map(Toleration.from_dict, data.get("clusterTolerations") or ())),
            spread=tuple(map(Spread.from_dict, data.get("spreadConstraints") or ())),
            strategy=strategy,
            weights=weights,
            selection=data.get("selection") or "together",
        )


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
