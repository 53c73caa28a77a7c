# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications that belong together, or apart: affinity and anti-affinity between applications, and groups.

Hard rules are filters: they look at where the other applications stand now. As with taints, a cluster that runs the
workload already is exempt, until a reschedule is asked for. Preferences are points, see scorers.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .forms import JSON
from .labels import Match, label_selector
from .neighbours import Neighbour
from .rejection import Rejection
from .request import Cluster, Request

TOPOLOGIES = ("cluster", "region", "zone", "provider")
Rule = Callable[[Cluster], "Rejection | None"]


@dataclass(frozen=True, slots=True)
class Term:
    """Some other applications, and how near is near."""

    application: str
    """Name, or tenant/name; empty when labels choose."""
    selector: tuple[Match, ...]
    topology: str
    title: str
    """How the reasons call these applications."""

    @classmethod
    def from_dict(cls, data: JSON) -> Term:
        name = data.get("application") or ""
        return cls(
            application=name,
            selector=() if name else label_selector(data.get("labelSelector")),
            topology=data.get("topology") or "cluster",
            title=name or f"applications with {_labels_of(data.get('labelSelector') or {})}",
        )

    def among(self, others: Iterable[Neighbour], own: Neighbour) -> list[Neighbour]:
        """Those that are meant; labels choose inside the own tenant, a name may say another one."""
        if self.application:
            tenant, slash, name = self.application.partition("/")
            tenant, name = (tenant, name) if slash else (own.tenant, self.application)
            return [other for other in others if other.name == name and other.tenant == tenant]
        selector = self.selector
        return [
            other for other in others if other.tenant == own.tenant and all(match(other.labels) for match in selector)
        ]


@dataclass(frozen=True, slots=True)
class Preference:
    """A term that counts so much."""

    weight: int
    term: Term

    @classmethod
    def from_dict(cls, data: JSON) -> Preference:
        return cls(data.get("weight") or 1, Term.from_dict(data.get("term") or {}))


@dataclass(frozen=True, slots=True)
class Companions:
    """What a placement says of other applications."""

    near: tuple[Term, ...] = ()
    apart: tuple[Term, ...] = ()
    rather_near: tuple[Preference, ...] = ()
    rather_apart: tuple[Preference, ...] = ()
    together_by: str = ""
    """Karmada's workloadAffinity.affinity.groupByLabelKey."""
    apart_by: str = ""
    """Karmada's workloadAffinity.antiAffinity.groupByLabelKey."""
    group: str = ""
    """The applicationGroup."""

    @classmethod
    def from_dict(cls, placement: JSON) -> Companions | None:
        """None when the placement says nothing of others."""
        near, apart = placement.get("applicationAffinity") or {}, placement.get("applicationAntiAffinity") or {}
        karmada = placement.get("workloadAffinity") or {}
        found = cls(
            near=tuple(map(Term.from_dict, near.get("required") or ())),
            apart=tuple(map(Term.from_dict, apart.get("required") or ())),
            rather_near=tuple(map(Preference.from_dict, near.get("preferred") or ())),
            rather_apart=tuple(map(Preference.from_dict, apart.get("preferred") or ())),
            together_by=(karmada.get("affinity") or {}).get("groupByLabelKey") or "",
            apart_by=(karmada.get("antiAffinity") or {}).get("groupByLabelKey") or "",
            group=placement.get("applicationGroup") or "",
        )
        return None if found == _NONE else found

    @property
    def prefers(self) -> bool:
        return bool(self.rather_near or self.rather_apart)

    def tenants(self, own: str) -> frozenset[str]:
        """The tenants whose applications it speaks of."""
        terms = (*self.near, *self.apart, *(each.term for each in (*self.rather_near, *self.rather_apart)))
        named = {term.application.partition("/")[0] for term in terms if "/" in term.application}
        return frozenset({own, *named})


_NONE = Companions()
_FIELDS = ("applicationAffinity", "applicationAntiAffinity", "workloadAffinity", "applicationGroup")


def uses_neighbours(placement: JSON) -> bool:
    """Whether a placement needs to know where other applications stand."""
    return any(placement.get(field) for field in _FIELDS)


def companion_rules(companions: Companions, request: Request) -> tuple[Rule, ...]:
    """A rule for each hard wish; the group's is separate, see :func:`group_stands`."""
    rules = [_near(term, request) for term in companions.near]
    rules += [_apart(term, request) for term in companions.apart]
    own = request.application
    if companions.together_by and companions.together_by in own.labels:
        rules.append(_with_all(companions.together_by, request))
    if companions.apart_by and companions.apart_by in own.labels:
        key, value = companions.apart_by, own.labels[companions.apart_by]
        term = Term("", label_selector({"matchLabels": {key: value}}), "cluster", f"applications with {key}={value}")
        rules.append(_apart(term, request))
    return tuple(rule for rule in rules if rule is not None)


def group_stands(companions: Companions, request: Request) -> tuple[str, ...]:
    """Where the other applications of the group stand; empty when none is placed.

    While a cluster is being left, those of the group that left it already show the way.
    """
    if not companions.group:
        return ()
    own, leaving = request.application, set(request.evicting)
    members = [
        other
        for other in request.neighbours
        if other.group == companions.group and other.tenant == own.tenant and other.clusters and not other.is_same(own)
    ]
    ahead = [other for other in members if leaving.isdisjoint(other.clusters)] if leaving else members
    return tuple(sorted({name for other in ahead or members for name in other.clusters} - leaving))


def preference_points(companions: Companions, request: Request) -> Callable[[Cluster], tuple[float, float]]:
    """Points for a cluster, as the sum of the weights and on the scale to 100, which all wishes met come to."""
    near = [(each.weight, _places(each.term, request), each.term) for each in companions.rather_near]
    apart = [(each.weight, _places(each.term, request), each.term) for each in companions.rather_apart]
    most = sum(weight for weight, _there, _term in (*near, *apart))

    def points(cluster: Cluster) -> tuple[float, float]:
        met = sum(weight for weight, there, term in near if not there.isdisjoint(_values(cluster, term.topology)))
        broken = sum(weight for weight, there, term in apart if not there.isdisjoint(_values(cluster, term.topology)))
        avoided = sum(weight for weight, _there, _term in apart) - broken
        return float(met - broken), 100 * (met + avoided) / most

    return points


def _near(term: Term, request: Request) -> Rule | None:
    there = _places(term, request)
    if not there:
        # The first of those that seek each other's company may go anywhere.
        own = request.application
        if own.name and term.among((own,), own):
            return None
        nowhere = Rejection(
            "applications", f"it has to stand near {term.title}, of which none is placed", f"place {term.title} first"
        )
        return lambda cluster: nowhere
    shown = _shown(there)

    def rule(cluster: Cluster) -> Rejection | None:
        if not there.isdisjoint(_values(cluster, term.topology)):
            return None
        return Rejection(
            "applications",
            f"{term.title} stands in no such {term.topology} (but in {shown}), and this application has to be near it",
            f"change applicationAffinity, or place {term.title} there",
        )

    return rule


def _apart(term: Term, request: Request) -> Rule | None:
    there = _places(term, request)
    if not there:
        return None

    def rule(cluster: Cluster) -> Rejection | None:
        if there.isdisjoint(_values(cluster, term.topology)):
            return None
        where = "there" if term.topology == "cluster" else f"in its {term.topology}"
        return Rejection(
            "applications",
            f"{term.title} stands {where}, and this application has to stay away from it",
            f"change applicationAntiAffinity, or move {term.title}",
        )

    return rule


def _with_all(key: str, request: Request) -> Rule | None:
    """Where every placed application with the same value of the label stands."""
    own = request.application
    members = [
        other
        for other in request.neighbours
        if other.tenant == own.tenant
        and other.labels.get(key) == own.labels[key]
        and other.clusters
        and not other.is_same(own)
    ]
    if not members:
        return None

    def rule(cluster: Cluster) -> Rejection | None:
        missing = next((other for other in members if cluster.name not in other.clusters), None)
        if missing is None:
            return None
        return Rejection(
            "applications",
            f"{missing}, which has the same {key}={own.labels[key]}, does not stand there",
            f"change workloadAffinity, or place {missing} there",
        )

    return rule


def _places(term: Term, request: Request) -> frozenset[str]:
    """The clusters, regions, zones or providers in which the applications of the term stand."""
    own = request.application
    meant = (other for other in term.among(request.neighbours, own) if not other.is_same(own))
    names = {name for other in meant for name in other.clusters}
    if term.topology == "cluster" or not names:
        return frozenset(names)
    standing = (cluster for cluster in request.clusters if cluster.name in names)
    return frozenset(value for cluster in standing for value in _values(cluster, term.topology))


def _values(cluster: Cluster, topology: str) -> tuple[str, ...]:
    if topology == "cluster":
        return (cluster.name,)
    if topology == "zone":
        return cluster.zones
    value = cluster.region if topology == "region" else cluster.provider
    return (value,) if value else ()


def _labels_of(selector: Mapping[str, object]) -> str:
    labels = selector.get("matchLabels")
    rules = selector.get("matchExpressions")
    parts = [f"{key}={value}" for key, value in labels.items()] if isinstance(labels, Mapping) else []
    if isinstance(rules, list):
        parts += [
            f"{rule.get('key')} {rule.get('operator')} {', '.join(rule.get('values') or ())}".strip() for rule in rules
        ]
    return " and ".join(parts) or "any labels"


def _shown(names: Iterable[str]) -> str:
    known = sorted(names)
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
