# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left in a namespace beside what we put there and what Kubernetes puts everywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from .._kube.errors import ApiError
from .._kube.session import Session, describe

if TYPE_CHECKING:
    from typing import Any

_PASSING = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics"})
_EVERYWHERE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})


def residue(session: Session, namespace: str, *, label: tuple[str, str], ours: Collection[str] = ()) -> list[str]:
    """``Kind namespace/name`` of every object that is not ours; a kind that can't be listed counts as one.

    :param label: what marks an object as ours.
    :param ours: names of objects of ours that carry no such label.
    """
    found = []
    for resource in session.discovery().storable():
        if not resource.namespaced or resource.kind in _PASSING:
            continue
        try:
            items = session.list(resource, namespace)
        except ApiError:
            found.append(f"{resource.kind} (can't be listed)")
            continue
        for item in items:
            if not _is_ours(item, resource.kind, label, ours):
                found.append(describe(resource.kind, namespace, item["metadata"]["name"]))
    return sorted(found)


def _is_ours(item: Mapping[str, Any], kind: str, label: tuple[str, str], ours: Collection[str]) -> bool:
    metadata = item["metadata"]
    if (kind, metadata["name"]) in _EVERYWHERE or metadata["name"] in ours:
        return True
    key, value = label
    return (metadata.get("labels") or {}).get(key) == value
