# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module ``cluster_api``: its options to the objects of a cluster, and what came of them to its results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._machines.cluster_api_clusters import (
    plan_cluster,
    remove_cluster,
    standing,
    wait_for_cluster,
    write_cluster,
)
from .._machines.cluster_api_objects import ClusterSpec, Infrastructure, Pool
from .._registry.members import get_member, open_sessions
from .hub import open_hub

if TYPE_CHECKING:
    from typing import Any


def bring_to(params: Mapping[str, Any], *, check: bool) -> dict[str, Any]:
    """Make the management cluster hold the cluster as the options say, or no longer; the module's return values."""
    hub = open_hub(params)
    name = get_member(hub, params["management_cluster"]).name
    sessions = open_sessions(hub, [name])
    if name not in sessions.ready:
        raise sessions.failed[name]
    session, timeout = sessions.ready[name], float(params["wait_timeout"])
    if params["state"] == "absent":
        changed = remove_cluster(session, params["namespace"], params["name"], timeout, check=check)
        return {"changed": changed, "objects": {}, "standing": {}}
    spec = _spec(params)
    steps = plan_cluster(session, spec)
    result: dict[str, Any] = {
        "changed": bool(steps),
        "objects": {step.subject: "updated" if step.before else "created" for step in steps},
    }
    if steps:
        result["diff"] = [step.diff for step in steps]
    if check:
        return {**result, "standing": standing(session, spec)}
    write_cluster(session, steps)
    stands = wait_for_cluster(session, spec, timeout) if params["wait"] else standing(session, spec)
    return {**result, "standing": stands}


def _spec(params: Mapping[str, Any]) -> ClusterSpec:
    infrastructure, control_plane = params["infrastructure"], params["control_plane"] or {}
    return ClusterSpec(
        name=params["name"],
        namespace=params["namespace"],
        version=params["kubernetes_version"],
        infrastructure=Infrastructure(
            api_version=infrastructure["api_version"],
            cluster_kind=infrastructure["cluster_kind"],
            machine_template_kind=infrastructure["machine_template_kind"],
            cluster_spec=infrastructure["cluster_spec"],
        ),
        control_plane_replicas=control_plane.get("replicas", 1),
        control_plane_machine=control_plane.get("machine") or {},
        pools=tuple(
            Pool(
                name=pool["name"],
                replicas=pool["replicas"],
                machine=pool["machine"],
                capacity={str(key): str(value) for key, value in pool["capacity"].items()},
                failure_domain=pool["failure_domain"] or "",
            )
            for pool in params["machine_deployments"]
        ),
        pod_cidrs=tuple(params["pod_cidrs"]),
        service_cidrs=tuple(params["service_cidrs"]),
        kubeadm=params["kubeadm"],
        kubeadm_join=params["kubeadm_join"],
        labels={str(key): str(value) for key, value in params["labels"].items()},
    )
