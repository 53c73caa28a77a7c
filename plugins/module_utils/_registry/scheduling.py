# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member in the form that scheduling asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._kube.errors import InputError
from .._scheduling.errors import RequestError
from .._scheduling.maintenance import parse_windows
from .member import Member, Taint
from .names import TAINT_NOT_READY
from .nodes import node_entries

if TYPE_CHECKING:
    from typing import Any


def scheduling_cluster(member: Member) -> dict[str, Any]:
    """One entry of ``Request.clusters``."""
    status = member.status
    enablements = status.get("apiEnablements")
    return {
        "name": member.name,
        "labels": dict(member.labels),
        "provider": member.provider,
        "region": member.region,
        "zones": list(member.zones),
        "taints": [taint.to_dict() for taint in (*member.taints, *_implied(member))],
        "ready": member.ready,
        "deleting": member.deleting,
        # Unknown is not the same as nothing: a member that was never read may serve anything.
        "apiEnablements": [dict(entry) for entry in enablements] if enablements else None,
        "available": None,
        "resourceSummary": {
            part: dict(values) for part, values in (status.get("resourceSummary") or {}).items()
        } or None,
        "nodes": list(node_entries(status)) or None,
        "cost": member.cost if member.cost is None or member.cost >= 0 else None,
        "machineSets": [dict(each) for each in status.get("machineSets") or ()],
        "maintenanceWindows": [dict(window) for window in member.maintenance_windows if _is_readable(window, member.name)],
    }  # fmt: skip


def _is_readable(window: Mapping[str, Any], cluster: str) -> bool:
    """Input is checked; what an older version or somebody's editor left in the hub is no reason to place nothing.

    :raises InputError: this machine does not know the time zone, so nobody can say whether the window is open.
    """
    try:
        parse_windows([window])
    except RequestError as error:
        if error.path.endswith(".timezone"):
            raise InputError(
                f"its maintenance window can't be read here: {error.message}",
                cluster=cluster,
                next_step="Install time zone data where the play runs (package tzdata), or correct the window",
            ) from error
        return False
    return True


def _implied(member: Member) -> tuple[Taint, ...]:
    """What a member that is not ready repels without anybody writing it: new work, as in Karmada since v1.14.

    What runs there stays: current targets are exempt from taints, and only failover moves them. A member that nobody
    has looked at yet is no reason to stay away.
    """
    if member.ready or member.observed_at is None:
        return ()
    return (Taint(TAINT_NOT_READY, "NoSchedule"),)
