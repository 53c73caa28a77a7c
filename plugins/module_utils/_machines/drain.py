# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emptying a node: no new pods, then eviction of what runs there, as its disruption budgets allow."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .._kube.errors import ApiError, BusyError, FleetError, NotFoundError
from .._kube.session import Session
from .._registry.names import NODES, PODS
from .pods import EXPENDABLE, Pod

_PAUSE = 2.0
_LEFT = 5
"""How many pods an error names."""


class DrainError(FleetError):
    """Pods did not leave a node in time."""

    temporary = True


def cordon(session: Session, node: str) -> bool:
    """Let no new pods come; whether that is news. A node that is gone needs nothing."""
    return _set_unschedulable(session, node, True)


def uncordon(session: Session, node: str) -> bool:
    """Let pods come again."""
    return _set_unschedulable(session, node, None)


def drain(session: Session, node: str, timeout: float) -> int:
    """Evict all pods that need another node, and wait until they are gone; how many there were.

    :param timeout: seconds.
    :raises DrainError: some are still there; the node stays cordoned.
    """
    until = time.monotonic() + timeout
    seen: set[str] = set()
    while True:
        left = _movable(session, node)
        if not left:
            return len(seen)
        seen |= {pod.key for pod in left}
        refused = [reason for pod in left if not pod.going and (reason := _evict(session, pod))]
        if time.monotonic() >= until:
            names = ", ".join(pod.key for pod in left[:_LEFT])
            raise DrainError(
                f"{len(left)} pods are still there after {timeout:.0f} s: {names}"
                + (f"; {refused[0]}" if refused else ""),
                cluster=session.cluster,
                object=f"Node {node}",
                next_step="Look at their PodDisruptionBudgets and finalizers, or give them more time",
            )
        time.sleep(min(_PAUSE, max(until - time.monotonic(), 0.05)) if refused else 0.3)


def _movable(session: Session, node: str) -> Sequence[Pod]:
    fields = f"spec.nodeName={node},status.phase!=Succeeded,status.phase!=Failed"
    pods = map(Pod.from_object, session.list(PODS, field_selector=fields))
    return [pod for pod in pods if not pod.stays_with_its_node and pod.priority >= EXPENDABLE]


def _evict(session: Session, pod: Pod) -> str:
    """Ask for the eviction; why it is refused for now, empty when it is not."""
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
    }
    try:
        session.request("POST", PODS.path(pod.namespace, pod.name, "eviction"), body=body, subject=f"Pod {pod.key}")
    except NotFoundError:
        return ""
    except BusyError as error:
        return error.message
    except ApiError as error:
        if error.code == 500:
            # More than one budget covers it: the server evicts nothing then.
            return error.message
        raise
    return ""


def _set_unschedulable(session: Session, node: str, value: bool | None) -> bool:
    found = session.get(NODES, node)
    if found is None or bool((found.get("spec") or {}).get("unschedulable")) is bool(value):
        return False
    session.patch(NODES, node, {"spec": {"unschedulable": value}})
    return True
