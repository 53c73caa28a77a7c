# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choice of regions, zones, providers and labelled groups as we make it: capacity checked, and fast.

Field by field, from the widest to the narrowest, as few groups as will do are chosen: those with the highest score,
exchanged for larger ones where the replicas would not fit. Then clusters are picked: one for each chosen group, then
the best of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .bounds import counts_room
from .errors import Kind, Unplaceable
from .placement import Spread, Strategy
from .regions import Group, group_score, note_groups
from .search import WORK, Found, Held, Limits, largest_choice
from .spreading import groups_of
from .task import Candidate, Notes, Task

_TRIES = 8
"""Clusters in use that are given up one by one, before all of them may be."""
_WIDEST_FIRST = {"provider": 0, "region": 1, "zone": 2}


def select_groups(
    task: Task, ranked: Sequence[Candidate], fields: Sequence[Spread], limit: Spread, notes: Notes
) -> list[Candidate]:
    """The chosen clusters in rank; Unplaceable when no choice satisfies all constraints."""
    fields = sorted(fields, key=lambda spread: _WIDEST_FIRST.get(spread.field, 3))
    enough = task.replicas if counts_room(task) else 0
    limits = Limits(fields, limit.min_groups, limit.max_groups or len(ranked), enough)
    if task.partly:
        picked = _most(task, ranked, limits)
    else:
        picked = _keeping_what_runs(task, ranked, limits, limit)
    for spread in fields:
        groups = partial(groups_by, task, ranked, spread, limit)
        note_groups(task, spread.title, groups, limits.groups(picked, spread), notes)
    names = {candidate.name for candidate in picked}
    return [candidate for candidate in ranked if candidate.name in names]


def _most(task: Task, ranked: Sequence[Candidate], limits: Limits) -> list[Candidate]:
    """The choice that holds most beside what runs, with as much of the minimums as there are groups and clusters for."""
    held = _held_if_counted(task)
    for relaxed in (limits, limits.as_far_as_there_are(ranked), limits.without_minimums()):
        for staying in (_running(task, ranked), []):
            found = largest_choice(ranked, relaxed, held, staying=staying).clusters
            if found is not None:
                return found
    raise Unplaceable(Kind.OTHER, "no cluster stands in few enough groups for the spread constraints (maxGroups)")


def _keeping_what_runs(task: Task, ranked: Sequence[Candidate], limits: Limits, limit: Spread) -> list[Candidate]:
    """The best choice; but rather any other that keeps more of what runs, the largest clusters first."""
    running = _running(task, ranked)
    if task.strategy is Strategy.DUPLICATED:
        return _all_inside(task, ranked, limits, limit, running)
    best = _best(task, ranked, limits, limit)
    names = {candidate.name for candidate in best}
    kept = sum(task.current[each.name] for each in running if each.name in names)
    for count in range(len(running), max(len(running) - _TRIES, 0), -1):
        if sum(task.current[each.name] for each in running[:count]) <= kept:
            break
        found = _fewest_groups(task, ranked, limits, running[:count])
        if found.clusters is not None:
            return found.clusters
    return best


def _all_inside(
    task: Task, ranked: Sequence[Candidate], limits: Limits, limit: Spread, running: Sequence[Candidate]
) -> list[Candidate]:
    """What runs, else the best choice, and all others in the same groups: what copies take up draws no further groups in."""
    found = _fewest_groups(task, ranked, limits, running).clusters if running else None
    if found is not None:
        return found
    best = _best(task, ranked, limits, limit)
    return _fewest_groups(task, ranked, limits, best).clusters or best


def _running(task: Task, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The clusters that it should rather not leave, those with most replicas first; overflow is there to be left."""
    running = [] if task.fresh else [each for each in ranked if task.current.get(each.name) and not each.tier]
    return sorted(running, key=lambda each: -task.current[each.name])


def _best(task: Task, ranked: Sequence[Candidate], limits: Limits, limit: Spread) -> list[Candidate]:
    """The choice that the scores speak for; where none of these works, any choice that does."""
    try:
        return _guess(task, ranked, limits, limit)
    except Unplaceable as failure:
        other = _fewest_groups(task, ranked, limits, ())
        if other.clusters is not None:
            return other.clusters
        if other.complete:
            raise
        raise Unplaceable(failure.kind, f"{failure.message}; not every other choice could be tried") from failure


def groups_by(task: Task, clusters: Sequence[Candidate], spread: Spread, limit: Spread) -> list[Group]:
    """The groups of these clusters, the best first."""
    members: dict[str, list[Candidate]] = {}
    for candidate in clusters:
        for value in groups_of(candidate, spread):
            members.setdefault(value, []).append(candidate)
    groups = [
        Group(name, tuple(each), group_score(task, each, spread, limit.min_groups)) for name, each in members.items()
    ]
    return sorted(groups, key=lambda group: (-group.score, group.name))


def _fewest_groups(task: Task, ranked: Sequence[Candidate], limits: Limits, staying: Sequence[Candidate]) -> Found:
    """Any choice with those clusters that satisfies all constraints, in as few groups as will do."""
    held = _held_if_counted(task)
    found = largest_choice(ranked, limits, held, staying=staying, at_least=limits.enough)
    for narrow in limits.narrowed(ranked, staying) if found.clusters is not None else ():
        other = largest_choice(ranked, narrow, held, staying=staying, at_least=limits.enough, work=WORK // 10)
        if other.clusters is not None:
            return other
    return found


def _guess(task: Task, ranked: Sequence[Candidate], limits: Limits, limit: Spread) -> list[Candidate]:
    """Field by field the best groups, then the best clusters in them."""
    guesses, eligible = _Guesses(task, limit), list(ranked)
    covered: list[Group] = []
    for position, spread in enumerate(limits.fields):
        groups = groups_by(task, eligible, spread, limit)
        chosen = guesses.choose(eligible, covered, groups, spread, limits.fields[position + 1 :])
        covered = [*covered, *chosen]
        names = {candidate.name for group in chosen for candidate in group.clusters}
        eligible = [candidate for candidate in eligible if candidate.name in names]
    picked = guesses.pick(eligible, covered)
    if picked is None or limits.crowded(picked) is not None or not limits.spreads(picked):
        raise Unplaceable(guesses.kind, guesses.trouble)
    return picked


def _held_if_counted(task: Task) -> Held:
    return (lambda each: each.capacity) if counts_room(task) else (lambda each: 0)


class _Guesses:
    """The constraints that hold at every step."""

    def __init__(self, task: Task, limit: Spread) -> None:
        self.task = task
        self.limit = limit
        self.most = limit.max_groups or None
        self.trouble = ""
        self.kind = Kind.OTHER

    def choose(
        self,
        eligible: Sequence[Candidate],
        covered: Sequence[Group],
        groups: Sequence[Group],
        spread: Spread,
        later: Sequence[Spread],
    ) -> list[Group]:
        """As few groups as will do, the best first."""
        title = spread.title
        if len(groups) < spread.min_groups:
            raise Unplaceable(
                Kind.OTHER,
                f"{len(groups)} {title}s are feasible, but the {title} constraint wants at least {spread.min_groups} (minGroups)",
            )
        most = min(spread.max_groups or len(groups), len(groups), self.most or len(groups))
        self.trouble = f"minGroups {spread.min_groups} of the {title} constraint is more than maxGroups {self.most} of the cluster constraint"
        for count in range(spread.min_groups, most + 1):
            for chosen in self._attempts(groups, count):
                names = {candidate.name for group in chosen for candidate in group.clusters}
                left = [candidate for candidate in eligible if candidate.name in names]
                if self._leads_on(left, later) and self.pick(left, [*covered, *chosen]) is not None:
                    return list(chosen)
        raise Unplaceable(self.kind, self.trouble)

    def pick(self, eligible: Sequence[Candidate], groups: Sequence[Group]) -> list[Candidate] | None:
        """One cluster for each group, the best of the rest up to the limit, large ones where capacity is short."""
        picked = _cover(eligible, groups)
        most = self.most or len(eligible)
        if len(picked) > most:
            self._fail(
                Kind.OTHER,
                f"the chosen groups need {len(picked)} clusters, but the cluster constraint allows {most} (maxGroups)",
            )
            return None
        names = {candidate.name for candidate in picked}
        rest = [candidate for candidate in eligible if candidate.name not in names]
        room = most - len(picked)
        extra, rest = rest[:room], rest[room:]
        if len(picked) + len(extra) < self.limit.min_groups:
            count = len(picked) + len(extra)
            self._fail(
                Kind.OTHER,
                f"the chosen groups have {count} clusters, but the cluster constraint wants at least {self.limit.min_groups} (minGroups)",
            )
            return None
        if counts_room(self.task):
            self._exchange(picked, extra, rest, groups)
            held = sum(candidate.capacity for candidate in (*picked, *extra))
            if held < self.task.replicas:
                self._fail(
                    Kind.UNSCHEDULABLE, f"the best choice of groups holds {held} of {self.task.replicas} replicas"
                )
                return None
        return [*picked, *extra]

    def _fail(self, kind: Kind, trouble: str) -> None:
        self.kind, self.trouble = kind, trouble

    def _attempts(self, groups: Sequence[Group], count: int) -> Sequence[Sequence[Group]]:
        """The best by score, then with the low ones exchanged for large ones, then the largest."""
        by_score = list(groups[:count])
        by_capacity = sorted(groups, key=lambda group: (-_held(group), -group.score, group.name))[:count]
        by_size = sorted(groups, key=lambda group: (-group.size, -group.score, group.name))[:count]
        mixed, attempts = list(by_score), [by_score]
        for large in by_capacity:
            if large in mixed:
                continue
            smallest = min(mixed, key=lambda group: (_held(group), group.score, group.name))
            if _held(smallest) >= _held(large):
                break
            mixed[mixed.index(smallest)] = large
            attempts.append(list(mixed))
        return [*attempts, by_capacity, by_size]

    def _leads_on(self, left: Sequence[Candidate], later: Sequence[Spread]) -> bool:
        """Whether the narrower constraints can still be met inside these clusters."""
        for spread in later:
            found = len({value for candidate in left for value in groups_of(candidate, spread)})
            if found < spread.min_groups:
                self._fail(
                    Kind.OTHER,
                    f"the chosen groups have {found} {spread.title}s, but that constraint wants at least {spread.min_groups} (minGroups)",
                )
                return False
        return True

    def _exchange(
        self, picked: list[Candidate], extra: list[Candidate], rest: list[Candidate], groups: Sequence[Group]
    ) -> None:
        """Take larger clusters for smaller ones, last first, until the replicas fit; no group loses its only cluster."""
        short = self.task.replicas - sum(candidate.capacity for candidate in (*picked, *extra))
        for chosen in (extra, picked):
            for position in reversed(range(len(chosen))):
                if short <= 0:
                    return
                leaving = chosen[position]
                others = [candidate for candidate in (*picked, *extra) if candidate is not leaving]
                bare = [
                    group
                    for group in groups
                    if leaving in group.clusters and not any(each in group.clusters for each in others)
                ]
                usable = [
                    each
                    for each in rest
                    if each.capacity > leaving.capacity and all(each in group.clusters for group in bare)
                ]
                if not usable:
                    continue
                best = max(usable, key=lambda each: each.capacity)
                short -= best.capacity - leaving.capacity
                chosen[position] = best
                rest[rest.index(best)] = leaving


def _cover(eligible: Sequence[Candidate], groups: Sequence[Group]) -> list[Candidate]:
    """A few clusters that stand in all groups between them: always the one that adds most groups, the best in rank of these."""
    members = [frozenset(candidate.name for candidate in group.clusters) for group in groups]
    open_groups = set(range(len(groups)))
    picked: list[Candidate] = []
    while open_groups:
        best, most = None, 0
        for candidate in eligible:
            adds = sum(candidate.name in members[index] for index in open_groups)
            if adds > most:
                best, most = candidate, adds
        if best is None:
            break
        picked.append(best)
        open_groups -= {index for index in open_groups if best.name in members[index]}
    return picked


def _held(group: Group) -> int:
    return sum(candidate.capacity for candidate in group.clusters)
