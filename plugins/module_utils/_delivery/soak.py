# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Soaking: what became healthy has to stay so for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from .._kube.fanout import fan_out
from .campaign import Campaign, reason_of
from .identity import identify
from .observe import observe
from .verify import ClusterHealth, judge

LONGEST_PAUSE = 5.0
SHORTEST_PAUSE = 0.5
LOOKS = 2
"""So often in a row has something to be unhealthy: a pod that is replaced is no failure."""


def soaked(campaign: Campaign, names: Sequence[str], seconds: float, stopped: Callable[[], bool]) -> dict[str, str]:
    """The clusters that did not stay healthy for so long, and why.

    :param stopped: asked between looks; when it says so, it is enough.
    """
    left = list(names)
    failed: dict[str, str] = {}
    in_a_row: dict[str, int] = {}
    until = time.monotonic() + seconds
    pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, seconds / 5))
    # What is doubtful at the end is looked at once more.
    while left and (time.monotonic() < until or any(in_a_row.values())):
        if seconds <= 0 or stopped():
            break
        time.sleep(max(0.05, min(pause, until - time.monotonic())) if time.monotonic() < until else pause)
        for name, health in _looked_at(campaign, left).items():
            in_a_row[name] = 0 if health.healthy else in_a_row.get(name, 0) + 1
            if in_a_row[name] >= LOOKS:
                reason = reason_of(health.error) if health.error else "; ".join(health.reasons[:3])
                failed[name] = f"it did not stay healthy for {seconds:g} s: {reason}"
                in_a_row.pop(name)
                left.remove(name)
    return failed


def _looked_at(campaign: Campaign, names: Sequence[str]) -> Mapping[str, ClusterHealth]:
    outcomes = fan_out(dict.fromkeys(names), lambda name, _nothing: _look(campaign, name))
    return {
        name: outcome.get() if outcome.error is None else ClusterHealth({}, outcome.error)
        for name, outcome in outcomes.items()
    }


def _look(campaign: Campaign, name: str) -> ClusterHealth:
    observation = observe(campaign.fleet.session(name), campaign.owner, ())
    wanted = {identify(item) for item in campaign.target.previous(name)}
    live = {identity: item for identity, item in observation.live.items() if identity in wanted}
    return judge(live, campaign.judge)
