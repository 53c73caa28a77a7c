# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of replicas that stand in for those of the manifests. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .identity import Identity, Manifest, identify
from .workloads import has_replicas, replicas_of, with_replicas


def scaled(objects: Iterable[Manifest], scale: Mapping[str, int]) -> tuple[Manifest, ...]:
    """The objects with the numbers that are kept. Pure."""
    return tuple(
        with_replicas(manifest, scale[key])
        if has_replicas(manifest) and (key := key_of(identify(manifest))) in scale
        else manifest
        for manifest in objects
    )


def scale_notes(objects: Iterable[Manifest], scale: Mapping[str, int]) -> tuple[str, ...]:
    """Where that differs from what the objects say. Pure."""
    found = []
    for manifest in objects:
        identity = identify(manifest)
        replicas = scale.get(key_of(identity))
        if replicas is not None and has_replicas(manifest) and replicas_of(manifest) != replicas:
            found.append(
                f"{identity.label} is scaled to {replicas} replicas; its manifest says {replicas_of(manifest)}"
            )
    return tuple(found)


def key_of(identity: Identity) -> str:
    """How a workload is named in what is kept."""
    return f"{identity.kind}/{identity.namespace}/{identity.name}"
