# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many replicas of applications are ready in the members, right now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._delivery.decide import placed_workloads
from .._delivery.identity import Identity
from .._delivery.standing import Standing
from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.session import Session

if TYPE_CHECKING:
    from typing import Any

LOOKS_AT_ONCE = 16


def ready_replicas(
    sessions: Mapping[str, Session], standings: Mapping[str, Standing]
) -> dict[str, dict[str, dict[str, int]]]:
    """Ready replicas by application, workload and cluster; what can't be looked at has none."""
    targets = {
        f"{key} {identity} {cluster}": (key, identity, cluster)
        for key, standing in standings.items()
        for identity, counts in standing.force.replicas.items()
        for cluster, count in counts.items()
        if count
    }

    def look(_name: str, target: tuple[str, Identity, str]) -> int:
        key, identity, cluster = target
        return _ready(sessions[cluster], standings[key], identity) if cluster in sessions else 0

    outcomes = fan_out(targets, look, workers=LOOKS_AT_ONCE)
    found: dict[str, dict[str, dict[str, int]]] = {key: {} for key in standings}
    names = {key: placed_workloads(each.record.spec, each.force.objects) for key, each in standings.items()}
    for name, (key, identity, cluster) in targets.items():
        if identity in names[key]:
            ready = outcomes[name].get() if outcomes[name].ok else 0
            found[key].setdefault(names[key][identity].key, {})[cluster] = ready
    return found


def _ready(session: Session, standing: Standing, identity: Identity) -> int:
    workload = placed_workloads(standing.record.spec, standing.force.objects).get(identity)
    if workload is None:
        return 0
    resource = session.discovery().get(workload.api_version, identity.kind)
    if resource is None:
        raise FleetError("the member does not serve it", cluster=session.cluster, object=identity.label)
    live = session.get(resource, identity.name, identity.namespace or None)
    return _count(live or {})


def _count(live: Mapping[str, Any]) -> int:
    status = live.get("status") or {}
    return int(status.get("readyReplicas") or 0)
