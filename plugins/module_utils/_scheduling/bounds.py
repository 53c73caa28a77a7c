# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds: how many replicas a cluster may hold, and which numbers a set of clusters can hold together.

A cluster holds nothing, or from its least to its most. So not every number can be placed, though there is room: two
clusters that hold 3 or 4 each can take 3, 4, 6, 7 or 8. All numbers that can be placed are kept as the bits of one
integer: bit n is set when exactly n replicas can be placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .placement import Bounds
from .request import Cluster
from .shortage import demand_in_words
from .task import Candidate, Task


@dataclass(frozen=True, slots=True)
class Span:
    """What one cluster may hold: nothing, or from `least` to `most` replicas."""

    candidate: Candidate
    least: int
    most: int
    runs: int = 0
    """What it runs and may keep."""
    needed: bool = False
    """Whether it may not stay empty."""

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def start(self) -> int:
        """What it holds before anything is divided: what runs there, brought within its bounds."""
        if self.runs or self.needed:
            return max(min(self.runs, self.most), self.least)
        return 0


def keep_within(task: Task, candidates: Iterable[Candidate], *, workloads: int = 1) -> None:
    """Tell each candidate its bounds; of so many workloads placed as one it may hold the most of each."""
    rules = task.placement.bounds
    for candidate in candidates:
        least, most = bounds_of(rules, candidate.cluster)
        candidate.least, candidate.most = least, None if most is None else most * workloads
        if not task.strategy.counts_capacity:
            # The bound alone says what it can hold.
            candidate.available = max(task.replicas - candidate.assigned, 0)
        if candidate.capacity < candidate.least:
            candidate.most = 0


def counts_room(task: Task) -> bool:
    """Whether the chosen clusters have to hold all replicas together."""
    return task.strategy.counts_capacity or any(rule.most is not None for rule in task.placement.bounds)


def bounds_of(rules: Iterable[Bounds], cluster: Cluster) -> tuple[int, int | None]:
    """The least and the most of a cluster: of the rules that match it, the first that says so."""
    matching = [rule for rule in rules if rule.clusters.mismatch(cluster) is None]
    least = next((rule.least for rule in matching if rule.least is not None), 0)
    return least, next((rule.most for rule in matching if rule.most is not None), None)


def reachable(spans: Iterable[Span], limit: int) -> int:
    """The numbers of replicas up to the limit that these clusters can hold together, as bits."""
    sums = 1
    for span in spans:
        sums = _plus(sums, span, limit)
    return sums


def misfit(task: Task, spans: Sequence[Span], replicas: int) -> str:
    """Why just so many replicas cannot be placed."""
    if not spans:
        return (
            "none of the clusters may hold a replica: they have no room or no weight, or minReplicas asks for too many"
        )
    count = "the cluster holds" if len(spans) == 1 else f"the {len(spans)} clusters hold"
    capped = any(span.candidate.most is not None for span in spans)
    needed = [span for span in spans if span.needed]
    floor, most = sum(span.least for span in needed), sum(span.most for span in spans)
    if most < replicas:
        if capped:
            return f"{count} at most {most} replicas within maxReplicas, {replicas} are to be placed"
        missing = demand_in_words(task.request.workload.resource_request, replicas - most)
        ask = f"; {replicas - most} of them lack {missing}" if missing else ""
        return f"{count} at most {most} replicas, {replicas} are to be placed{ask}"
    if floor > replicas:
        return (
            f"the spread constraints want {len(needed)} clusters in use, which makes {floor} replicas by minReplicas,"
            f" but {replicas} are to be placed"
        )
    least = min(span.least for span in spans)
    if least > replicas:
        return f"minReplicas asks for {least} replicas in any cluster that is used, but {replicas} are to be placed"
    sums = reachable(spans, most)
    below = (sums & ((1 << replicas) - 1)).bit_length() - 1
    above = next(number for number in range(replicas + 1, most + 1) if sums >> number & 1)
    return (
        f"minReplicas and maxReplicas leave no way to place {replicas} replicas: {count} {below} or {above},"
        " nothing in between"
    )


def in_use(spans: Sequence[Span], replicas: int) -> list[Span]:
    """Cluster after cluster, each for whose least the replicas suffice while the rest can still be placed."""
    taken = {span.name for span, _held in _openings(spans, replicas)}
    return [span for span in spans if span.needed or span.name in taken]


def few_in_use(spans: Sequence[Span], replicas: int) -> list[Span]:
    """The same, but no more of them than it takes to hold the replicas."""
    needed = [span for span in spans if span.needed]
    if replicas in _held(needed):
        return needed
    taken = set()
    for span, held in _openings(spans, replicas):
        taken.add(span.name)
        if replicas in held:
            break
    return [span for span in spans if span.needed or span.name in taken]


def _openings(spans: Sequence[Span], replicas: int) -> Iterator[tuple[Span, range]]:
    """Each further cluster that may be used, and what it holds together with those before it and the needed ones."""
    others = [span for span in spans if not span.needed]
    sums = [1]
    for span in reversed(others):
        sums.append(_plus(sums[-1], span, replicas))
    held = _held([span for span in spans if span.needed])
    for span in others:
        sums.pop()
        more = range(held.start + span.least, held.stop + span.most)
        if _any_bit(sums[-1], replicas - more.stop + 1, replicas - more.start):
            held = more
            yield span, held


def _held(spans: Iterable[Span]) -> range:
    """What clusters hold that are all used: every number between these."""
    return range(sum(span.least for span in spans), sum(span.most for span in spans) + 1)


def _plus(sums: int, span: Span, limit: int) -> int:
    used = _moved(sums << span.least, span.most - span.least) & ((1 << limit + 1) - 1)
    return used if span.needed else sums | used


def _moved(bits: int, width: int) -> int:
    """The bits, and all of them moved up by one, by two and so on up to the width."""
    covered = 1
    while covered <= width:
        step = min(covered, width + 1 - covered)
        bits |= bits << step
        covered += step
    return bits


def _any_bit(bits: int, first: int, last: int) -> bool:
    """Whether a bit between these two is set."""
    first = max(first, 0)
    return last >= first and bits >> first & ((1 << last - first + 1) - 1) != 0
