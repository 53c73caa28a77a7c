# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members as SIG-Multicluster publishes them: ClusterProfile, for Argo CD, MultiKueue and others."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._kube.credential import Credential
from .._kube.errors import FleetError
from .hub import Hub
from .member import Condition, Member, with_conditions
from .names import MANAGED_BY_LABEL, MANAGER, PROFILE_API_VERSION, PROFILES, READY
from .objects import covers

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

_MANAGER_LABEL = "x-k8s.io/cluster-manager"
_LONGEST_VALUE = 1024


def publish(hub: Hub, member: Member, credential: Credential | None = None) -> str:
    """Bring a member's profile up to date; the empty text, or why it could not be published.

    It is a courtesy to others: that it fails is worth a word and no reason to fail.
    """
    try:
        _publish(hub, member, credential)
    except FleetError as error:
        return f"its ClusterProfile could not be published: {error}"
    return ""


def profile_object(hub: Hub, member: Member) -> Manifest:
    """The profile without its status."""
    labels = {key: value for key, value in member.labels.items() if key != MANAGED_BY_LABEL}
    return {
        "apiVersion": PROFILE_API_VERSION,
        "kind": "ClusterProfile",
        "metadata": {
            "name": member.name,
            "namespace": hub.namespace,
            "labels": {**labels, _MANAGER_LABEL: MANAGER, MANAGED_BY_LABEL: MANAGER},
        },
        "spec": {"displayName": member.name, "clusterManager": {"name": MANAGER}},
    }


def profile_status(member: Member, before: Manifest, credential: Credential | None = None) -> Manifest:
    """Its status after what is known of the member. Pure."""
    ready = member.conditions.get(READY)
    after = dict(before)
    if ready is not None:
        health = Condition("ControlPlaneHealthy", ready.status, ready.reason or "Unknown", ready.message)
        after["conditions"] = with_conditions(before.get("conditions") or (), [health], ready.last_transition_time)
    if member.kubernetes_version:
        after["version"] = {"kubernetes": member.kubernetes_version}
    after["properties"] = list(_properties(member))
    if credential is not None:
        cluster: Manifest = {"server": credential.server}
        if credential.ca_data:
            cluster["certificate-authority-data"] = base64.b64encode(credential.ca_data).decode("ascii")
        after["accessProviders"] = [{"name": MANAGER, "cluster": cluster}]
    return after


def _publish(hub: Hub, member: Member, credential: Credential | None) -> None:
    wanted = profile_object(hub, member)
    found = hub.session.get(PROFILES, member.name, hub.namespace)
    if found is None or not covers(found, wanted):
        found = hub.session.apply(PROFILES, wanted).object
    before = found.get("status") or {}
    after = profile_status(member, before, credential)
    if after != before:
        hub.session.replace(PROFILES, {**found, "status": after}, subresource="status")


def _properties(member: Member) -> Iterable[dict[str, str]]:
    summary = member.status.get("resourceSummary") or {}
    allocatable = summary.get("allocatable") or {}
    values = {
        "cluster.clusterset.k8s.io/id": member.system_uid,
        "topology.kubernetes.io/region": member.region,
        "topology.kubernetes.io/zone": ",".join(member.zones),
        "fleet.navarch.dev/provider": member.provider,
        "fleet.navarch.dev/allocatable-cpu": str(allocatable.get("cpu") or ""),
        "fleet.navarch.dev/allocatable-memory": str(allocatable.get("memory") or ""),
    }
    for name, value in sorted(values.items()):
        if value:
            yield {"name": name, "value": value[:_LONGEST_VALUE]}
