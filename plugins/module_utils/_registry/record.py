# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Cluster object after the user's input. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .access import JoinProfile
from .hub import Hub
from .inputs import MemberInput
from .member import Taint
from .names import (
    API_VERSION,
    IS_HUB_ANNOTATION,
    PREFIX,
    SCHEMA_ANNOTATION,
    SCHEMA_VERSION,
    TAINT_UNSCHEDULABLE,
    secret_name,
)
from .taints import CORDON, with_taints, without_taints

if TYPE_CHECKING:
    from typing import Any

NAMESPACES_ANNOTATION = f"{PREFIX}join-namespaces"
"""Where the profile ``namespaced`` works, so that joining again needs not say it again."""


def cluster_after(
    obj: Mapping[str, Any] | None,
    wanted: MemberInput,
    hub: Hub,
    *,
    now: str,
    server: str | None = None,
    is_hub: str | None = None,
) -> dict[str, Any]:
    """The Cluster as it should be; what the input leaves out stays as it is.

    :param obj: as it is, or ``None`` for a new member.
    :param server: the API server's URL out of its kubeconfig.
    :param is_hub: ``"true"`` when the member is the hub itself.
    """
    before: Mapping[str, Any] = obj or {"apiVersion": API_VERSION, "kind": "Cluster", "metadata": {"name": wanted.name}}
    metadata = dict(before["metadata"])
    labels = _labels(metadata.get("labels") or {}, wanted)
    metadata.pop("labels", None)
    if labels:
        metadata["labels"] = labels
    metadata["annotations"] = _annotations(metadata.get("annotations") or {}, wanted, is_hub)
    spec = dict(before.get("spec") or {})
    given = {
        "provider": wanted.provider,
        "region": wanted.region,
        "zones": None if wanted.zones is None else list(wanted.zones),
        "cost": wanted.cost,
        "infrastructure": None if wanted.infrastructure is None else dict(wanted.infrastructure),
        "maintenanceWindows": None if wanted.maintenance_windows is None else list(wanted.maintenance_windows),
        "joinProfile": profile_of(wanted, obj).value,
        "apiEndpoint": server,
        "secretRef": {"namespace": hub.namespace, "name": secret_name(wanted.name)},
    }
    spec.update({field: value for field, value in given.items() if value is not None})
    before_taints = tuple(Taint.from_dict(taint) for taint in spec.get("taints") or ())
    taints = _taints(before_taints, wanted, now)
    if set(taints) != set(before_taints):
        spec["taints"] = [taint.to_dict() for taint in taints]
    return {**before, "metadata": metadata, "spec": spec}


def profile_of(wanted: MemberInput, obj: Mapping[str, Any] | None) -> JoinProfile:
    """The join profile: what is asked for, else what the member has, else deployer."""
    recorded = ((obj or {}).get("spec") or {}).get("joinProfile")
    return wanted.profile or (JoinProfile(recorded) if recorded else JoinProfile.DEPLOYER)


def namespaces_of(wanted: MemberInput, obj: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Where the profile ``namespaced`` works."""
    return wanted.namespaces or recorded_namespaces(obj)


def recorded_namespaces(obj: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Where the member's profile ``namespaced`` works by its record."""
    recorded = (((obj or {}).get("metadata") or {}).get("annotations") or {}).get(NAMESPACES_ANNOTATION) or ""
    return tuple(name for name in recorded.split(",") if name)


def _labels(before: Mapping[str, str], wanted: MemberInput) -> dict[str, str]:
    """The user's labels are replaced as a whole; the fleet's own stay."""
    if wanted.labels is None:
        return dict(before)
    return {**wanted.labels, **{key: value for key, value in before.items() if key.startswith(PREFIX)}}


def _annotations(before: Mapping[str, str], wanted: MemberInput, is_hub: str | None) -> dict[str, str]:
    found = {**before, SCHEMA_ANNOTATION: str(SCHEMA_VERSION)}
    if wanted.namespaces:
        found[NAMESPACES_ANNOTATION] = ",".join(sorted(set(wanted.namespaces)))
    if is_hub:
        found[IS_HUB_ANNOTATION] = is_hub
    return found


def _taints(before: tuple[Taint, ...], wanted: MemberInput, now: str) -> tuple[Taint, ...]:
    """The user's taints are replaced as a whole; those that the fleet itself keeps are not his to drop."""
    after = before
    if wanted.taints is not None:
        identities = {(taint.key, taint.effect) for taint in wanted.taints}
        kept = tuple(
            taint for taint in before if taint.key.startswith(PREFIX) or (taint.key, taint.effect) in identities
        )
        after = with_taints(kept, wanted.taints, now)
    if wanted.cordoned == "yes":
        after = with_taints(after, [CORDON], now)
    elif wanted.cordoned == "no":
        after = without_taints(after, {TAINT_UNSCHEDULABLE})
    return after
