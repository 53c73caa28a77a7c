# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shortage: what a cluster lacks so that more replicas would fit into it, in the units that one can buy or free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .quantity import UNIT, format_quantity, parse_quantity
from .request import ESTIMATE_AVAILABLE
from .wording import counted, listed

if TYPE_CHECKING:
    from typing import Any

    from .task import Candidate, Task

_BINARY = (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
_TITLES = {"cpu": "CPU", "pods": "pods"}


def lacking(task: Task, candidate: Candidate, replicas: int) -> str:
    """What it would have to gain, so that this many more replicas than it has room for would fit."""
    cluster, request = candidate.cluster, task.request
    missing = counted(replicas, "more replica")
    if request.estimator == ESTIMATE_AVAILABLE:
        return f"room for {missing}"
    summary = cluster.resource_summary
    asked = request.workload.resource_request or {}
    if summary is None:
        return f"facts about its capacity, none are known (room for {missing})"
    wanted = candidate.available + replicas
    gone = _promised(task, candidate.name)
    short = {
        name: amount
        for name, quantity in asked.items()
        if (amount := parse_quantity(quantity) * wanted - summary.free.get(name, 0) + gone.get(name, 0)) > 0
    }
    pods = wanted - summary.free_pods + gone.get("pods", 0) // UNIT
    if pods > 0:
        short["pods"] = pods * UNIT
    if not short and cluster.nodes is None:
        return f"room for {missing}"
    if not short:
        return f"a node with {in_words(_amounts(asked)) or 'a free pod'} free (room for {missing})"
    return f"{in_words(short)} (room for {missing})"


def demand_in_words(request: Mapping[str, Any] | None, replicas: int) -> str:
    """What so many replicas ask for; empty when they ask for nothing."""
    return in_words({name: amount * replicas for name, amount in _amounts(request or {}).items() if amount > 0})


def in_words(amounts: Mapping[str, int]) -> str:
    """Amounts by resource, in billionths, as an operator would say them."""
    return listed([f"{_written(name, amount)} {_TITLES.get(name, name)}" for name, amount in sorted(amounts.items())])


def _written(name: str, billionths: int) -> str:
    if name not in ("cpu", "pods") and billionths % UNIT == 0:
        whole = billionths // UNIT
        for suffix, size in _BINARY:
            if whole >= size and whole % size == 0:
                return f"{whole // size}{suffix}"
    return format_quantity(billionths)


def _amounts(request: Mapping[str, Any]) -> dict[str, int]:
    return {name: parse_quantity(quantity) for name, quantity in request.items()}


def _promised(task: Task, name: str) -> dict[str, int]:
    """What was promised there a moment ago and its facts do not show yet."""
    taken = task.taken.get(name)
    if taken is None:
        return {}
    return {**(taken.resources or {}), "pods": taken.replicas * UNIT}
