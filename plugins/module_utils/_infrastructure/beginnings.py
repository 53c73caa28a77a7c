# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each cluster begins, or which control planes carry it already: decided from what the hosts say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Beginning:
    """How hosts come into a cluster."""

    begins: str
    """The control plane on which the cluster is made; empty: it is there, or must not be made."""
    doors: tuple[str, ...]
    """Control planes to ask for tickets, the best first."""
    finding: str = ""


def beginning(control_planes: Sequence[str], seen: Mapping[str, Mapping[str, Any]]) -> Beginning:
    """Decide for one cluster.

    Args:
        control_planes: its control planes in the inventory's order.
        seen: `membership` as module `host` gives it, of all its hosts that were looked at and answered.
    """
    carriers = [name for name in control_planes if _carries(seen.get(name))]
    if carriers:
        return Beginning("", tuple(carriers))
    looked_at = [name for name in control_planes if name in seen]
    if not looked_at:
        # Hosts are added to a cluster whose control planes are not part of this run, or are all silent.
        return Beginning("", tuple(control_planes))
    begun = [name for name in looked_at if _began(seen[name])]
    if begun:
        return _on(begun[0], control_planes)
    members = sorted(name for name, membership in seen.items() if membership.get("remains"))
    if members:
        return Beginning(
            "",
            tuple(control_planes),
            f"{', '.join(members)} belong to a cluster, but no control plane carries one, so none is begun. Restore it from a backup "
            "(navarch.fleet.restore), or reset these hosts (navarch.fleet.reset) to begin anew.",
        )
    if 2 * len(looked_at) <= len(control_planes):
        unseen = [name for name in control_planes if name not in seen]
        return Beginning(
            "",
            tuple(control_planes),
            f"{', '.join(unseen)} could not be looked at, and the cluster may live there, so none is begun. Bring them back, or take "
            "them out of the inventory if they are gone for good.",
        )
    return _on(looked_at[0], control_planes)


def version_finding(wanted: str, seen: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with the versions that a cluster's hosts run, or an empty text: provisioning upgrades nobody."""
    others: dict[str, list[str]] = {}
    for name, membership in seen.items():
        for version in {membership.get("version"), membership.get("api_server")} - {"", None, wanted}:
            others.setdefault(str(version), []).append(name)
    if not others:
        return ""
    told = "; ".join(f"{version} on {', '.join(sorted(names))}" for version, names in sorted(others.items()))
    return f"it runs {told}, and cluster_kubernetes_version is {wanted}. navarch.fleet.upgrade takes it there."


def _on(first: str, control_planes: Sequence[str]) -> Beginning:
    return Beginning(first, (first, *(name for name in control_planes if name != first)))


def _carries(membership: Mapping[str, Any] | None) -> bool:
    """Whether a control plane of a living cluster is on this host."""
    if not membership or not membership.get("control_plane"):
        return False
    journal = membership.get("journal") or {}
    return bool(journal.get("finished")) or not journal.get("operation")


def _began(membership: Mapping[str, Any] | None) -> bool:
    """Whether an earlier run began the cluster here and did not finish."""
    journal = (membership or {}).get("journal") or {}
    return journal.get("operation") == "init" and not journal.get("finished")
