# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong between hosts, seen only when all have been looked at. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .variables import Said

_LARGEST_SKEW = 5.0
"""Seconds between two hosts of a cluster; etcd and certificates suffer beyond."""


def together(seen: Mapping[str, Mapping[str, Any]]) -> Said:
    """Compare hosts with each other.

    Args:
        seen: by host: `cluster`, `fitness` and `offset` (seconds that its clock is ahead of the controller's).
    """
    copied = "make a new one (rm /etc/machine-id, systemd-machine-id-setup) and restart it"
    warnings = [*_same(seen, "machine_id", "machine-id", copied)]
    warnings += _same(seen, "hostname", "hostname", "logs and metrics can't be told apart")
    warnings += _same(
        seen, "product_uuid", "product UUID", "the machines were copied; some storage drivers tell them apart by it"
    )
    warnings += _packets(seen)
    return Said(tuple(_clocks(seen)), tuple(warnings))


def unreached(seen: Mapping[str, Mapping[str, Any]], silent: Collection[str]) -> list[str]:
    """Connections that do not work although both ends do.

    Args:
        seen: as for `together`.
        silent: addresses of hosts that do not answer. They hold nobody up, and are told at the end of the play.
    """
    return [
        f"{host}: {each['text']}"
        for host, said in seen.items()
        for each in (said.get("fitness") or {}).get("unreached") or []
        if each["address"] not in silent
    ]


def _same(seen: Mapping[str, Mapping[str, Any]], field: str, title: str, next_step: str) -> Iterator[str]:
    by_value: dict[str, list[str]] = {}
    for host, said in seen.items():
        if value := str((said.get("fitness") or {}).get(field) or ""):
            by_value.setdefault(value, []).append(host)
    for hosts in by_value.values():
        if len(hosts) > 1:
            yield f"{hosts[0]}: it has the same {title} as {', '.join(hosts[1:4])}{' and more' if len(hosts) > 4 else ''}; {next_step}."


def _clocks(seen: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for cluster, hosts in _by_cluster(seen).items():
        offsets = {host: float(seen[host]["offset"]) for host in hosts if seen[host].get("offset") is not None}
        if len(offsets) < 2:
            continue
        first, last = min(offsets, key=lambda host: offsets[host]), max(offsets, key=lambda host: offsets[host])
        if offsets[last] - offsets[first] > _LARGEST_SKEW:
            yield f"{cluster}: the clocks of {first} and {last} are {offsets[last] - offsets[first]:.0f} s apart; let both follow a time server."


def _packets(seen: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for cluster, hosts in _by_cluster(seen).items():
        sizes = {host: int((seen[host].get("fitness") or {}).get("mtu") or 0) for host in hosts}
        known = {host: size for host, size in sizes.items() if size}
        if len(set(known.values())) > 1:
            least = min(known, key=lambda host: known[host])
            most = max(known, key=lambda host: known[host])
            yield (
                f"{cluster}: the interface of {least} carries packets of {known[least]} bytes and that of {most} {known[most]}; "
                f"set network_mtu to {known[least]} at most."
            )


def _by_cluster(seen: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    clusters: dict[str, list[str]] = {}
    for host, said in seen.items():
        clusters.setdefault(str(said.get("cluster") or ""), []).append(host)
    return clusters
