# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Divide within bounds: least and most per cluster, spread minimums, hierarchical weights, or only what fits.

The dynamic strategies stay as sticky as they are without bounds. First what runs is brought within its bounds. Then, if
replicas are missing, they are put on top; if there are too many, they are taken away in proportion. Only where no
answer within the bounds keeps what runs is something else moved, and then as few other clusters as possible are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from .bounds import Span, few_in_use, in_use, misfit, reachable
from .errors import Kind, Unplaceable
from .hierarchy import Seat, apportion, in_turn, weightless
from .placement import Strategy
from .spreading import must_be_used
from .task import Candidate, Notes, Task


def divide_within(task: Task, chosen: Sequence[Candidate], notes: Notes) -> dict[str, int]:
    """Replicas per cluster; Unplaceable when they do not fit, unless a part may be placed."""
    votes = votes_of(task, chosen)
    spans = _needed(task, spans_of(task, chosen, votes), notes)
    spans, replicas = _what_fits(task, spans, notes)
    result: dict[str, int] = {}
    for members, share in _by_tier(spans, replicas):
        result.update(_divide(task, members, votes, share, notes))
    return {name: count for name, count in result.items() if count > 0}


def votes_of(task: Task, chosen: Sequence[Candidate]) -> dict[str, int]:
    """What speaks for each cluster in the division; those without any weight are left out."""
    clusters = [each for each in chosen if weightless(task, each.cluster) is None]
    if task.strategy.counts_capacity:
        return {each.name: each.available + (each.assigned if task.fresh else 0) for each in clusters}
    return {each.name: each.weight for each in clusters if each.weight} or {each.name: 1 for each in clusters}


def spans_of(task: Task, chosen: Sequence[Candidate], votes: Mapping[str, int]) -> list[Span]:
    """What each cluster may hold; those that cannot hold their least, or a single replica, are left out."""
    spans = []
    for each in chosen:
        room = each.capacity if task.strategy.counts_capacity else task.replicas
        most = room if each.most is None else min(room, each.most)
        if each.name in votes and most >= max(each.least, 1):
            spans.append(Span(each, each.least, most, task.current.get(each.name, 0) if task.sticky else 0))
    return spans


def _needed(task: Task, spans: list[Span], notes: Notes) -> list[Span]:
    """The same, with a mark at those that may not stay empty if the spread constraints are to hold."""
    if not task.spread:
        return spans
    usable = [span.candidate for span in spans]
    marked = _needing(spans, must_be_used(task, usable, notes))
    if reachable(marked, task.replicas) >> task.replicas & 1:
        return marked
    # Clusters that ask for fewer replicas may keep the minimums where those first in rank ask for too many.
    modest = _needing(spans, must_be_used(task, sorted(usable, key=lambda each: each.least), Notes()))
    return modest if reachable(modest, task.replicas) >> task.replicas & 1 else marked


def _needing(spans: Sequence[Span], needed: Sequence[Candidate]) -> list[Span]:
    names = {each.name for each in needed}
    return [replace(span, least=max(span.least, 1), needed=True) if span.name in names else span for span in spans]


def _what_fits(task: Task, spans: list[Span], notes: Notes) -> tuple[list[Span], int]:
    """How many replicas will be placed: all, or the most that can be where a part is allowed."""
    sums = reachable(spans, task.replicas)
    if sums >> task.replicas & 1:
        return spans, task.replicas
    trouble = misfit(task, spans, task.replicas)
    if not task.partly:
        raise Unplaceable(Kind.UNSCHEDULABLE, trouble)
    notes.shortfalls.append(trouble)
    while not sums:
        last = max(index for index, span in enumerate(spans) if span.needed)
        spans = [replace(span, needed=False) if index == last else span for index, span in enumerate(spans)]
        sums = reachable(spans, task.replicas)
    placed = sums.bit_length() - 1
    if not placed:
        raise Unplaceable(Kind.UNSCHEDULABLE, trouble)
    return spans, placed


def _by_tier(spans: Sequence[Span], replicas: int) -> Iterator[tuple[list[Span], int]]:
    """Each overflow tier takes what it can hold before the next one gets anything, as far as that one can hold the rest."""
    left = replicas
    for tier in sorted({span.candidate.tier for span in spans}):
        members = [span for span in spans if span.candidate.tier == tier]
        later = reachable([span for span in spans if span.candidate.tier > tier], left)
        here = reachable(members, left)
        share = max(count for count in range(left + 1) if here >> count & 1 and later >> left - count & 1)
        if share:
            yield members, share
        left -= share


def _divide(task: Task, spans: Sequence[Span], votes: Mapping[str, int], replicas: int, notes: Notes) -> dict[str, int]:
    before = sum(span.start for span in spans)
    take = few_in_use if task.strategy is Strategy.AGGREGATED else in_use
    if replicas >= before:
        kept = _keeping(_by_preference(task, spans, votes))
        mode = _mode_of_growth(task, spans, replicas)
    else:
        kept = _shrinking(task, spans)
        mode = "scale down"
    if not reachable(kept, replicas) >> replicas & 1:
        kept, take, mode = _by_preference(task, spans, votes), few_in_use, "rearranged"
    used = take(kept, replicas)
    if mode == "rearranged":
        used = [replace(span, needed=True) for span in used]
        used = _keeping(used) if replicas >= sum(span.start for span in used) else _shrinking(task, used)
    if replicas < sum(span.start for span in used) or mode == "scale down":
        seats = [Seat(span.candidate, span.start, span.least, span.most) for span in used]
    else:
        seats = _on_top(task, used, votes, replicas)
    return apportion(task, replicas, seats, mode, notes)


def _by_preference(task: Task, spans: Sequence[Span], votes: Mapping[str, int]) -> list[Span]:
    """The clusters in the order in which they are taken into use: those that run replicas first."""
    if task.strategy is Strategy.AGGREGATED:
        order = sorted(spans, key=lambda span: (-_points(task, span), -votes[span.name]))
    else:
        order = in_turn(task.placement.hierarchy, spans)
    return sorted(order, key=lambda span: task.fresh or not task.current.get(span.name))


def _keeping(spans: Sequence[Span]) -> list[Span]:
    """Nobody gives anything away."""
    return [replace(span, least=span.start, needed=True) if span.start else span for span in spans]


def _shrinking(task: Task, spans: Sequence[Span]) -> list[Span]:
    """Nobody gets anything more; the largest is the last to go, of equals the first by name."""
    used = [replace(span, most=span.start) for span in spans if span.start]
    return sorted(used, key=lambda span: (-_points(task, span), -span.start, span.name))


def _points(task: Task, span: Span) -> float:
    """With Aggregated, the points of a cluster count before its size when the user chose how to score."""
    scoring = task.placement.scoring
    by_points = task.strategy is Strategy.AGGREGATED and scoring is not None and scoring.chosen
    return span.candidate.scores.total if by_points else 0


def _on_top(task: Task, used: Sequence[Span], votes: Mapping[str, int], replicas: int) -> list[Seat]:
    """What is missing is divided by the votes; with Aggregated among as few clusters as have room for it."""
    missing = replicas - sum(span.least for span in used)
    seats = []
    for span in used:
        closed = task.strategy is Strategy.AGGREGATED and missing <= 0
        most = span.least if closed else span.most
        seats.append(Seat(span.candidate, votes[span.name], span.least, most, span.start if span.runs else 0))
        missing -= most - span.least
    return seats


def _mode_of_growth(task: Task, spans: Sequence[Span], replicas: int) -> str:
    if not task.sticky:
        return "fresh" if task.fresh and task.strategy.counts_capacity else "weights"
    if not any(span.runs for span in spans):
        return "first"
    unchanged = all(span.start == span.runs for span in spans)
    return "unchanged" if unchanged and replicas == sum(span.runs for span in spans) else "scale up"
