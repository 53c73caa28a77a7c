# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many machines are missing for the pods that find no node, and of which set. Pure.

Pods go where there is room first, then to machines that are on their way; for the rest machines are packed one by one
(first fit, large pods first), and the set that serves them best is taken: by priority, then by price per pod, then by
what would be left unused. Several sets may grow at once. Every pod has a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .fit import Board, Place
from .pods import Pod

Template = Callable[[int], Place]
"""The machine of that number of a set, as a node with nothing on it but what every node has."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A set that may grow."""

    name: str
    template: Template
    existing: int
    """Machines of the set that are there or on their way: the next one has that number."""
    upcoming: int
    """Of these, the ones that are no nodes yet."""
    limit: int
    """How many machines more there may be."""
    limit_reason: str
    """What allows no more."""
    cost_per_hour: float | None = None
    priority: int = 0
    zones: int = 1
    """In how many zones its machines are, in turn."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What all sets together may still add; None is no limit."""

    machines: int | None = None
    cost_per_hour: float | None = None

    def allows(self, cost: float | None) -> tuple[int, str]:
        """How many machines of that price there may be, and what allows no more."""
        limits = [(10**6, "")]
        if self.machines is not None:
            limits.append((max(self.machines, 0), "the budget of machines is used up"))
        if self.cost_per_hour is not None:
            if cost is None:
                limits.append((0, "its price is not known, so the budget of money allows none"))
            elif cost > 0:
                # A price is no binary fraction: three times 0.12 must fit into 0.36.
                many = int(max(self.cost_per_hour, 0.0) / cost + 1e-9)
                limits.append(
                    (many, f"the budget allows {max(self.cost_per_hour, 0.0):g} more per hour, one costs {cost:g}")
                )
        return min(limits)

    def after(self, machines: int, cost: float | None) -> Budget:
        """What is left when so many were added."""
        return Budget(
            None if self.machines is None else self.machines - machines,
            None if self.cost_per_hour is None else self.cost_per_hour - machines * (cost or 0.0),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """What would help."""

    add: Mapping[str, int]
    """Machines by set; only sets that grow."""
    pods: Mapping[str, str]
    """For each pod what becomes of it, in words."""
    helped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By set, the pods that its new machines are for."""
    stuck: tuple[str, ...] = ()
    """Pods that nothing helps."""
    board: Board = field(default_factory=lambda: Board(()), compare=False, repr=False)
    """Nodes with the pods where they would go."""
    budget: Budget = field(default_factory=Budget)


def grow(board: Board, pods: Iterable[Pod], candidates: Sequence[Candidate], budget: Budget) -> Growth:
    """Which sets have to grow by how much so that these pods run."""
    board = board.copy()
    verdicts: dict[str, str] = {}
    coming = _add_upcoming(board, candidates)
    waiting = _place_on_what_there_is(board, pods, coming, verdicts)
    add: dict[str, int] = {}
    helped: dict[str, tuple[str, ...]] = {}
    while waiting:
        options = [_pack(board, each, waiting, budget, add.get(each.name, 0)) for each in candidates]
        best = min((option for option in options if option.held), key=_Option.rank, default=None)
        if best is None:
            break
        name = best.candidate.name
        board, waiting = best.board, best.left
        add[name] = add.get(name, 0) + best.machines
        budget = budget.after(best.machines, best.candidate.cost_per_hour)
        helped[name] = (*helped.get(name, ()), *(pod.key for pod in best.held))
        verdicts |= {pod.key: f"needs a new machine of {name}" for pod in best.held}
    for pod in waiting:
        verdicts[pod.key] = _why_stuck(board, pod, candidates, budget, add)
    return Growth(add, verdicts, helped, tuple(pod.key for pod in waiting), board, budget)


def _add_upcoming(board: Board, candidates: Iterable[Candidate]) -> dict[str, str]:
    """Put the machines that are on their way on the board; their names, and the set of each."""
    coming: dict[str, str] = {}
    for candidate in candidates:
        for number in range(candidate.existing - candidate.upcoming, candidate.existing):
            place = candidate.template(number)
            board.add(place)
            coming[place.node.name] = candidate.name
    return coming


def _place_on_what_there_is(
    board: Board, pods: Iterable[Pod], coming: Mapping[str, str], verdicts: dict[str, str]
) -> list[Pod]:
    left: list[Pod] = []
    hopeless: set[tuple[str, str, str]] = set()
    for pod in sorted(pods, key=_large_first):
        name = None if pod.likeness in hopeless else board.put(pod)
        if name is None:
            left.append(pod)
            # What has rules between pods may fit later, when others have found their place.
            if not (pod.near or pod.away or pod.spread):
                hopeless.add(pod.likeness)
        elif name in coming:
            verdicts[pod.key] = f"waits for a machine of {coming[name]} that is on its way"
        else:
            verdicts[pod.key] = f"fits node {name}"
    return left


@dataclass(frozen=True, slots=True)
class _Option:
    candidate: Candidate
    machines: int
    held: list[Pod]
    left: list[Pod]
    board: Board
    waste: float

    def rank(self) -> tuple[int, float, float, str]:
        """The least is best."""
        cost = self.candidate.cost_per_hour
        price = float("inf") if cost is None else cost * self.machines / len(self.held)
        return (-self.candidate.priority, round(price, 9), round(self.waste, 6), self.candidate.name)


def _pack(board: Board, candidate: Candidate, pods: Sequence[Pod], budget: Budget, added: int) -> _Option:
    """Fill machine after machine of one set."""
    limit = min(candidate.limit - added, budget.allows(candidate.cost_per_hour)[0])
    empty = candidate.template(candidate.existing + added)
    if limit <= 0:
        return _Option(candidate, 0, [], list(pods), board, 0.0)
    board = board.copy()
    opened: list[str] = []
    held: list[Pod] = []
    left: list[Pod] = []
    hopeless: set[tuple[str, str, str]] = set()
    for pod in sorted(pods, key=_large_first):
        if pod.likeness in hopeless:
            left.append(pod)
        elif board.put(pod, opened) or _open(board, candidate, pod, opened, candidate.existing + added, limit):
            held.append(pod)
        else:
            left.append(pod)
            if not (pod.near or pod.away or pod.spread):
                hopeless.add(pod.likeness)
    used = sum(_share(pod, empty) for pod in held)
    return _Option(candidate, len(opened), held, left, board, len(opened) - used)


def _open(board: Board, candidate: Candidate, pod: Pod, opened: list[str], first: int, limit: int) -> bool:
    """Open machines until the pod fits the last one: at most one in each zone, as their provider deals them in turn."""
    fresh: list[str] = []
    for number in range(first + len(opened), first + min(len(opened) + candidate.zones, limit)):
        place = candidate.template(number)
        board.add(place)
        fresh.append(place.node.name)
        if board.put(pod, fresh[-1:]):
            opened.extend(fresh)
            return True
    for name in fresh:
        board.remove(name)
    return False


def _large_first(pod: Pod) -> tuple[int, tuple[int, ...], str]:
    """One order for all: what was packed into machines that are ordered is packed in the same way while they come."""
    return (-pod.priority, tuple(-pod.request.get(name, 0) for name in ("cpu", "memory")), pod.key)


def _share(pod: Pod, place: Place) -> float:
    """The largest share of an empty machine that the pod asks for."""
    free = place.node.free
    return max((amount / free[name] for name, amount in pod.request.items() if free.get(name)), default=0.0)


def _why_stuck(
    board: Board, pod: Pod, candidates: Sequence[Candidate], budget: Budget, added: Mapping[str, int]
) -> str:
    if not candidates:
        return "its cluster has no machine set"
    reasons = []
    for candidate in candidates:
        number = candidate.existing + added.get(candidate.name, 0)
        place = candidate.template(number)
        trial = board.copy()
        trial.add(place)
        obstacle = trial.obstacle(pod, place.node.name)
        if obstacle is None:
            allowed, reason = budget.allows(candidate.cost_per_hour)
            full = candidate.limit - added.get(candidate.name, 0) <= 0
            obstacle = candidate.limit_reason if full else reason if allowed <= 0 else "no arrangement was found"
        reasons.append(f"{candidate.name}: {obstacle}")
    return "no machine set helps: " + "; ".join(reasons)
