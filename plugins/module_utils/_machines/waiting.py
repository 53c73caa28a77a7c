# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods without a node in members that have machine sets: a quick look, for those who wait for something to do."""

from __future__ import annotations

from datetime import UTC, datetime

from .._kube.fanout import fan_out
from .._kube.session import Session
from .._registry.hub import Hub
from .._registry.members import open_sessions
from .._registry.names import PODS
from .pods import EXPENDABLE, Pod
from .sets import list_sets

_DEADLINE = 10.0


def pods_waiting(hub: Hub, delay: float) -> dict[str, list[str]]:
    """By member, the pods that have been unschedulable for so many seconds. A member that does not answer is left out."""
    clusters = sorted({record.cluster for record in list_sets(hub).values()})
    sessions = open_sessions(hub, clusters, timeout=_DEADLINE).ready
    now = datetime.now(UTC)
    looks = fan_out(sessions, lambda _name, session: _waiting(session, delay, now), workers=16, deadline=_DEADLINE)
    return {name: look.value for name, look in looks.items() if look.value}


def _waiting(session: Session, delay: float, now: datetime) -> list[str]:
    pods = map(Pod.from_object, session.list(PODS, field_selector="status.phase=Pending,spec.nodeName="))
    return sorted(
        pod.key
        for pod in pods
        if pod.unschedulable_since is not None
        and (now - pod.unschedulable_since).total_seconds() >= delay
        and pod.priority >= EXPENDABLE
        and not pod.stays_with_its_node
    )
