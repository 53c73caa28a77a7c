# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts of several clusters in batches: so many of each cluster at a time, the clusters side by side. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .errors import InfrastructureError

_SHARE = re.compile(r"(\d+)(%?)")


def batches(clusters: Mapping[str, Sequence[str]], totals: Mapping[str, int], share: str) -> list[list[str]]:
    """Batches in which at most `share` of each cluster's hosts are busy at once.

    Args:
        clusters: the hosts that have to be worked on, by cluster, in order.
        totals: how many hosts of that kind each cluster has; a percentage is of these, rounded down, at least one.
        share: a number, or a percentage such as `25%`.
    """
    slices = {name: _slices(hosts, _size(share, totals[name])) for name, hosts in clusters.items() if hosts}
    rounds = max((len(parts) for parts in slices.values()), default=0)
    return [
        [host for parts in slices.values() if index < len(parts) for host in parts[index]] for index in range(rounds)
    ]


def _size(share: str, total: int) -> int:
    match = _SHARE.fullmatch(share.strip())
    if not match or int(match[1]) == 0 or (match[2] and int(match[1]) > 100):
        raise InfrastructureError(
            f"{share!r} is no share of hosts; it is a number from 1, or a percentage such as 25%."
        )
    return max(1, total * int(match[1]) // 100) if match[2] else int(match[1])


def _slices(hosts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [hosts[start : start + size] for start in range(0, len(hosts), size)]
