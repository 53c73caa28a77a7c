# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each cluster begins, or which control planes carry it already: decided from what the hosts say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Beginning:
    """How hosts come into a cluster."""

    begins: str
    """The control plane on which the cluster is made; empty: it is there, or must not be made."""
    doors: tuple[str, ...]
    """Control planes to ask for tickets, the best first."""
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """What is wanted on a cluster's hosts."""

    kubernetes: str
    etcd: str
    """Empty: any."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How one cluster comes about."""

    control_plane: Beginning
    etcd: Beginning
    """Without begin and doors where etcd has no hosts of its own."""
    findings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape that roles read: `begins`, `doors`, and the same of `etcd`."""
        return {**_where(self.control_plane), "etcd": _where(self.etcd)}


def decide(
    cluster: Mapping[str, Any],
    seen: Mapping[str, Mapping[str, Any]],
    outside: Collection[str],
    wanted: Versions | None,
) -> Decision:
    """Decide for one cluster, and say all that speaks against it.

    Args:
        cluster: as the inventory's check gives it.
        seen: `membership` as module `host` gives it, of all its hosts that were looked at and answered.
        outside: those that are not part of this run, so that nobody looked at them.
        wanted: the versions that hosts must run already; none: any, they are about to be changed.
    """
    hosts_of_etcd = [each["name"] for each in cluster["etcd"]]
    control_plane = beginning([each["name"] for each in cluster["control_plane"]], seen, outside)
    etcd = etcd_beginning(hosts_of_etcd, seen, outside) if hosts_of_etcd else Beginning("", ())
    findings = [
        "" if hosts_of_etcd or cluster.get("names_external_etcd") else unnamed_etcd(seen),
        control_plane.finding,
        etcd.finding,
        *etcd_findings(hosts_of_etcd, seen, control_plane.begins, wanted.etcd if wanted else ""),
        version_finding(wanted.kubernetes, seen) if wanted else "",
    ]
    return Decision(control_plane, etcd, tuple(text for text in findings if text))


def beginning(
    control_planes: Sequence[str], seen: Mapping[str, Mapping[str, Any]], outside: Collection[str] = ()
) -> Beginning:
    """Decide for one cluster.

    Args:
        control_planes: its control planes in the inventory's order.
        seen: as for `decide`.
        outside: as for `decide`. Where they may be the majority, they are asked.
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
    # Hosts of etcd are ready before there is a cluster.
    members = sorted(
        name for name, membership in seen.items() if membership.get("remains") and not membership.get("etcd")
    )
    if members:
        return Beginning(
            "",
            tuple(control_planes),
            f"{', '.join(members)} belong to a cluster, but no control plane carries one, so none is begun. Restore it from a backup "
            "(navarch.fleet.restore), or reset these hosts (navarch.fleet.reset) to begin anew.",
        )
    return _on_first(looked_at, control_planes, outside, "the cluster")


def etcd_beginning(
    hosts: Sequence[str], seen: Mapping[str, Mapping[str, Any]], outside: Collection[str] = ()
) -> Beginning:
    """Decide for an etcd on hosts of its own. A cluster that has none begins nowhere, and has no doors.

    Args:
        hosts: its hosts in the inventory's order.
        seen: as for `decide`, and so is `outside`.
    """
    looked_at = {name: seen[name].get("etcd") or {} for name in hosts if name in seen}
    carriers = [name for name, state in looked_at.items() if state.get("data") and state["journal"]["finished"]]
    if carriers:
        well = [name for name in carriers if looked_at[name].get("well")]
        return Beginning("", (*well, *(name for name in carriers if name not in well)))
    if not looked_at:
        return Beginning("", tuple(hosts))
    begun = [name for name, state in looked_at.items() if state and state["journal"]["operation"] == "begin"]
    if begun:
        return _on(begun[0], hosts)
    running = sorted(name for name, membership in seen.items() if _carries(membership))
    if running:
        return Beginning(
            "",
            tuple(hosts),
            f"{', '.join(running)} carry the cluster, but no host of the group etcd has its data. An etcd that runs on control planes is not moved "
            "to hosts of its own; if the data is lost, restore the cluster from a backup (navarch.fleet.restore).",
        )
    return _on_first(list(looked_at), hosts, outside, "etcd")


def etcd_findings(
    hosts: Sequence[str], seen: Mapping[str, Mapping[str, Any]], begins: str, version: str
) -> Iterator[str]:
    """What is wrong with an etcd on hosts of its own, as it was seen. Without such hosts, nothing.

    Args:
        hosts: its hosts.
        seen: as for `decide`.
        begins: the control plane that the cluster is to begin on, or an empty text.
        version: of etcd that is wanted, or an empty text for any.
    """
    states = {name: seen[name].get("etcd") or {} for name in hosts if name in seen}
    foreign = [
        name for name in states if "/var/lib/etcd/member" in (seen[name].get("remains") or ()) and not states[name]
    ]
    foreign += [name for name, state in states.items() if state and state["data"] and not state["journal"]["operation"]]
    if foreign:
        yield (
            f"{', '.join(sorted(foreign))} hold data of an etcd that this collection did not put there (/var/lib/etcd). Take it away if nobody "
            "needs it."
        )
    holding = sorted(name for name, state in states.items() if state.get("holds"))
    if begins and holding and not _began(seen[begins]):
        yield (
            f"etcd on {', '.join(holding)} holds the data of a cluster, but no control plane carries one, and its CAs are lost with them. Reset the "
            "hosts of etcd and restore the cluster from a backup (navarch.fleet.reset, navarch.fleet.restore)."
        )
    others: dict[str, list[str]] = {}
    for name, state in states.items():
        if version and state.get("version") and f"v{state['version']}" != version:
            others.setdefault(str(state["version"]), []).append(name)
    if others:
        told = "; ".join(f"{other} on {', '.join(names)}" for other, names in sorted(others.items()))
        yield f"its etcd is {told}, and {version} is wanted. navarch.fleet.upgrade takes it there."


def unnamed_etcd(seen: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong where the inventory names no etcd beside the control planes, and API servers use one; empty: they don't."""
    using = sorted(
        name for name, membership in seen.items() if any(map(_is_elsewhere, membership.get("etcd_servers") or ()))
    )
    return (
        f"the API servers of {', '.join(using)} use an etcd on hosts of its own, and the inventory names none. Put its hosts into the group etcd; "
        "one of your own is named in cluster_kubeadm (ClusterConfiguration.etcd.external)."
        if using
        else ""
    )


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


def _where(found: Beginning) -> dict[str, Any]:
    return {"begins": found.begins, "doors": list(found.doors)}


def _on_first(looked_at: Sequence[str], hosts: Sequence[str], outside: Collection[str], what: str) -> Beginning:
    """On the first that was looked at, unless it may live already where nobody looked: those outside the run are asked, others hold it up."""
    if 2 * len(looked_at) > len(hosts):
        return _on(looked_at[0], hosts)
    if asked := tuple(name for name in hosts if name in outside):
        return Beginning("", asked)
    unseen = [name for name in hosts if name not in looked_at]
    return Beginning(
        "",
        tuple(hosts),
        f"{', '.join(unseen)} could not be looked at, and {what} may live there, so none is begun. Bring them back, or take them out of the "
        "inventory if they are gone for good.",
    )


def _on(first: str, control_planes: Sequence[str]) -> Beginning:
    return Beginning(first, (first, *(name for name in control_planes if name != first)))


def _carries(membership: Mapping[str, Any] | None) -> bool:
    """Whether a control plane of a living cluster is on this host."""
    if not membership or not membership.get("control_plane"):
        return False
    journal = membership.get("journal") or {}
    return bool(journal.get("finished")) or not journal.get("operation")


def _is_elsewhere(server: str) -> bool:
    return urlsplit(server).hostname not in ("127.0.0.1", "::1", "localhost")


def _began(membership: Mapping[str, Any] | None) -> bool:
    """Whether an earlier run began the cluster here and did not finish."""
    journal = (membership or {}).get("journal") or {}
    return journal.get("operation") == "init" and not journal.get("finished")
