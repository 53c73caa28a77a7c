# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a pod fits a node, and where many pods go: the rules of the Kubernetes scheduler that decide *whether*. Pure.

Followed are requests, node selectors, required node affinity, taints, required affinity and anti-affinity between pods,
and spread constraints that forbid. Not followed is what only says which of several nodes is better, and what hangs on
volumes: a pod bound to a zone by its volume has to say so by a node selector as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .._scheduling.nodes import Node
from .._scheduling.quantity import format_quantity
from .._scheduling.taints import OBEYED_EFFECTS
from .pods import Pod, Spread, Term

HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Place:
    """A node and what runs on it."""

    node: Node
    pods: tuple[Pod, ...] = ()

    def domain(self, topology: str) -> str | None:
        """In which domain of that topology it is; None where it has no such label."""
        return self.node.name if topology == HOSTNAME else self.node.labels.get(topology)

    def with_pod(self, pod: Pod) -> Place:
        """The same with one pod more."""
        free = {name: amount - pod.request.get(name, 0) for name, amount in self.node.free.items()}
        return Place(replace(self.node, free=free), (*self.pods, pod))


class Board:
    """Nodes, and the pods on them. Copy it before trying something."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.node.name: place for place in places}
        self._picky = any(pod.away for place in self._places.values() for pod in place.pods)

    @property
    def names(self) -> list[str]:
        """The nodes, in the order in which they are tried."""
        return list(self._places)

    def copy(self) -> Board:
        """Another that can be filled without this one."""
        return Board(self._places.values())

    def add(self, place: Place) -> None:
        """Another node."""
        self._places[place.node.name] = place

    def remove(self, name: str) -> tuple[Pod, ...]:
        """Take a node away; the pods that were on it."""
        return self._places.pop(name).pods

    def pods_on(self, name: str) -> tuple[Pod, ...]:
        return self._places[name].pods

    def put(self, pod: Pod, names: Iterable[str] | None = None) -> str | None:
        """Put the pod on the first node that it fits, of these if given; the node's name, None when it fits none."""
        for name in self._places if names is None else names:
            if self.obstacle(pod, name) is None:
                self._places[name] = self._places[name].with_pod(pod)
                self._picky = self._picky or bool(pod.away)
                return name
        return None

    def obstacle(self, pod: Pod, name: str) -> str | None:
        """Why the pod can't run on the node, None when it can."""
        place = self._places[name]
        return lacking(pod, place.node) or self._unwanted_neighbours(pod, place) or self._skewed(pod, place)

    def _unwanted_neighbours(self, pod: Pod, place: Place) -> str | None:
        for term in pod.away:
            if any(term.matches(other) for other in self._near(place, term)):
                return f"a pod that it keeps away from is in the same {term.topology}"
        if self._picky and self._is_shunned(pod, place):
            return "a pod that keeps away from it is near"
        for term in pod.near:
            if not any(term.matches(other) for other in self._near(place, term)) and not self._begins(pod, term):
                return f"no pod that it has to be near is in the same {term.topology}"
        return None

    def _is_shunned(self, pod: Pod, place: Place) -> bool:
        return any(
            term.matches(pod)
            and other.domain(term.topology) is not None
            and other.domain(term.topology) == place.domain(term.topology)
            for other in self._places.values()
            for resident in other.pods
            for term in resident.away
        )

    def _begins(self, pod: Pod, term: Term) -> bool:
        """The first of pods that want to be near each other has nobody to be near."""
        return term.matches(pod) and not any(
            term.matches(other) for place in self._places.values() for other in place.pods
        )

    def _near(self, place: Place, term: Term) -> Iterable[Pod]:
        domain = place.domain(term.topology)
        if domain is None:
            return ()
        return (pod for other in self._places.values() if other.domain(term.topology) == domain for pod in other.pods)

    def _skewed(self, pod: Pod, place: Place) -> str | None:
        for rule in pod.spread:
            domain = place.domain(rule.term.topology)
            if domain is None:
                return f"the node has no label {rule.term.topology}, over which it is spread"
            counts = self._counts(pod, rule)
            least = 0 if len(counts) < rule.least_domains else min(counts.values(), default=0)
            if counts.get(domain, 0) + int(rule.term.matches(pod)) - least > rule.most_skew:
                return f"{rule.term.topology} {domain} has too many of its kind already"
        return None

    def _counts(self, pod: Pod, rule: Spread) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for place in self._places.values():
            domain = place.domain(rule.term.topology)
            if domain is not None and pod.claim.accepts(place.node):
                counts[domain] = counts.get(domain, 0) + sum(rule.term.matches(other) for other in place.pods)
        return counts


def lacking(pod: Pod, node: Node) -> str | None:
    """What such a node lacks for the pod whatever else runs there, None when nothing."""
    for name, asked in pod.request.items():
        free = node.free.get(name, 0)
        if asked > max(free, 0):
            have = format_quantity(max(free, 0))
            return (
                "no more pods fit there"
                if name == "pods"
                else f"it asks for {format_quantity(asked)} {name}, {have} are free"
            )
    if pod.claim.accepts(node):
        return None
    untolerated = [
        taint
        for taint in node.taints
        if taint.effect in OBEYED_EFFECTS
        and not any(each.tolerates(taint.key, taint.value, taint.effect) for each in pod.claim.tolerations)
    ]
    if untolerated:
        return f"it does not tolerate {untolerated[0]}"
    return "its node selector or node affinity does not match"
