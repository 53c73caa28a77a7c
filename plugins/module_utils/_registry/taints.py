# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taints of members: what keeps replicas away. Pure functions, and their writes to the hub."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .hub import Hub
from .member import Member, Taint, format_time
from .members import change_member
from .names import TAINT_UNSCHEDULABLE

if TYPE_CHECKING:
    from typing import Any

CORDON = Taint(TAINT_UNSCHEDULABLE, "NoSchedule")
"""What cordoning is: nothing new comes, nothing leaves."""


def with_taints(taints: Iterable[Taint], news: Iterable[Taint], now: str) -> tuple[Taint, ...]:
    """All taints after ``news`` were added; key and effect identify one.

    ``NoExecute`` gets the time it was added, from which tolerations count; one that is there already keeps its own.
    """
    found = {(taint.key, taint.effect): taint for taint in taints}
    for taint in news:
        before = found.get((taint.key, taint.effect))
        added = taint.time_added
        if added is None and before is not None:
            added = before.time_added
        if added is None and taint.effect == "NoExecute":
            added = now
        found[taint.key, taint.effect] = Taint(taint.key, taint.effect, taint.value, added)
    return tuple(found[identity] for identity in sorted(found))


def without_taints(taints: Iterable[Taint], keys: Collection[str]) -> tuple[Taint, ...]:
    """All taints but those of these keys, whatever their effect."""
    return tuple(taint for taint in taints if taint.key not in keys)


def add_taints(hub: Hub, name: str, taints: Collection[Taint], *, now: datetime | None = None) -> Member:
    """Taint a member."""
    moment = format_time(now or datetime.now(UTC))
    return _change(hub, name, lambda before: with_taints(before, taints, moment))


def remove_taints(hub: Hub, name: str, keys: Collection[str]) -> Member:
    """Take taints away by their keys."""
    return _change(hub, name, lambda before: without_taints(before, keys))


def cordon(hub: Hub, name: str) -> Member:
    """Keep new replicas away."""
    return add_taints(hub, name, [CORDON])


def uncordon(hub: Hub, name: str) -> Member:
    """Let replicas come again."""
    return remove_taints(hub, name, {TAINT_UNSCHEDULABLE})


def _change(hub: Hub, name: str, edit: Callable[[tuple[Taint, ...]], tuple[Taint, ...]]) -> Member:
    def change(obj: dict[str, Any]) -> dict[str, Any]:
        before = tuple(Taint.from_dict(taint) for taint in (obj.get("spec") or {}).get("taints") or ())
        after = edit(before)
        if set(after) != set(before):
            obj.setdefault("spec", {})["taints"] = [taint.to_dict() for taint in after]
        return obj

    return change_member(hub, name, change)
