# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster leaves in a host's network: interfaces, tables of nftables, chains of iptables, sets of virtual servers."""

from __future__ import annotations

import json
import os
import re

from .commands import attempt, run
from .steps import Step

TOPIC = "network"
_INTERFACES = ("cni0", "flannel.1", "kube-ipvs0", "nodelocaldns", "vxlan.calico", "cilium_host", "cilium_vxlan")
_TABLES = ("kube-proxy", "navarch")
_OF_IPTABLES = ("filter", "mangle", "nat", "raw")
_CHAIN = re.compile(r"\b(KUBE|CNI|cali|FLANNEL|CILIUM)[-_][\w-]+")


def tables() -> list[str]:
    """The tables of nftables, each as its family and name."""
    said = attempt(["nft", "--json", "list", "tables"])
    if said.code != 0:
        return []
    found = [each["table"] for each in json.loads(said.output)["nftables"] if "table" in each]
    return sorted(f"{each['family']} {each['name']}" for each in found)


def plan(before: list[str]) -> list[Step]:
    """What has to go. `before` are the tables of nftables that were there before us."""
    there = tables()
    steps = [Step(TOPIC, "delete interface", name) for name in _INTERFACES if os.path.exists(f"/sys/class/net/{name}")]
    steps += [
        Step(TOPIC, "delete table", each)
        for each in there
        if each not in before and each.split()[1] in (*_TABLES, *_OF_IPTABLES)
    ]
    steps += [Step(TOPIC, "clean", name) for name in ("iptables", "ip6tables") if _CHAIN.search(_saved(name))]
    # Chains go before the tables that they make look used.
    return sorted(steps, key=lambda step: ("delete interface", "clean", "delete table").index(step.action))


def act(step: Step) -> None:
    """Carry out one step."""
    if step.action == "delete interface":
        attempt(["ip", "link", "delete", step.subject])
    elif step.action == "clean":
        kept = [line for line in _saved(step.subject).splitlines() if not _CHAIN.search(line)]
        run([f"{step.subject}-restore"], text="\n".join(kept) + "\n")
    elif step.subject.split()[1] in _TABLES or not _has_rules(step.subject):
        attempt(["nft", "delete", "table", *step.subject.split()])


def left(before: list[str]) -> list[str]:
    """What of the network is still there, in words."""
    return [f"{step.action.split()[-1]} {step.subject}" for step in plan(before)]


def _saved(name: str) -> str:
    return attempt([f"{name}-save"]).output


def _has_rules(table: str) -> bool:
    said = attempt(["nft", "--json", "list", "table", *table.split()])
    return said.code != 0 or any("rule" in each for each in json.loads(said.output)["nftables"])
