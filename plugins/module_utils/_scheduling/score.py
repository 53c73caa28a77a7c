# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Score: which of the clusters that passed are preferred.

As in Karmada there is one scorer: a cluster that runs the workload now gets 100 points, any other none. The order of
the clusters is: overflow tier, points, replicas they can hold, name.
"""

from __future__ import annotations

from .decision import Scores
from .placement import Strategy
from .task import Candidate, Task, wrapped

LOCALITY = "ClusterLocality"
_HERE = Scores({LOCALITY: 100}, {LOCALITY: 100}, 100)
_ELSEWHERE = Scores({LOCALITY: 0}, {LOCALITY: 0}, 0)


def score(task: Task, candidates: list[Candidate]) -> None:
    """Give each candidate its points."""
    current = task.current
    running = sum(current.values())
    somewhere = (wrapped(running) if task.karmada else running) > 0
    for candidate in candidates:
        candidate.scores = _HERE if somewhere and candidate.name in current else _ELSEWHERE


def rank(task: Task, candidates: list[Candidate]) -> None:
    """Bring the candidates into the order in which they are chosen."""
    if task.strategy is Strategy.STATIC and not task.karmada:
        candidates.sort(key=lambda each: (each.tier, -each.weight, -each.scores.total, each.name))
        return
    candidates.sort(key=lambda each: (each.tier, -each.scores.total, -each.available - each.assigned, each.name))
