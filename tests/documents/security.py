# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures for security and the items of the benchmark that read them back, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.navarch.fleet.plugins.module_utils._node.security.benchmark import ITEMS, VERSION
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.checks import Place
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.measures import MEASURES

_PLACES = {Place.CONTROL_PLANE: "control planes", Place.ETCD: "hosts with etcd", Place.NODE: "all nodes"}


def security_measures() -> str:
    """The page, from the one source of both."""
    return "\n".join([*_measures(), *_items()]) + "\n"


def _measures() -> Iterator[str]:
    yield "# Measures for security, and what reads them back"
    yield ""
    yield "This page is written by `make docs` from the code. [Security](security.md) tells how to use it."
    yield ""
    yield "## Measures"
    yield ""
    yield "Each is a switch of this name in `cluster_security`."
    yield ""
    yield "| measure | by default | what it does | what it takes away | read back by |"
    yield "|---|---|---|---|---|"
    for measure in MEASURES:
        numbers = ", ".join(item.number for item in ITEMS if item.measure == measure.name)
        yield f"| `{measure.name}` | {'on' if measure.on else 'off'} | {measure.title} | {measure.price} | {numbers} |"
    yield ""


def _items() -> Iterator[str]:
    yield "## Items"
    yield ""
    yield f"Numbers are those of the {VERSION}; titles are our own words. Numbers that begin with X are ours."
    yield "Where no measure is named, kubeadm has it so, and only `cluster_kubeadm` or somebody on the host can change it."
    yield ""
    yield "| item | asks for | looked at on | measure |"
    yield "|---|---|---|---|"
    for item in ITEMS:
        yield f"| {item.number} | {item.title} | {_PLACES[item.place]} | {_code(item.measure)} |"


def _code(name: str) -> str:
    return f"`{name}`" if name else ""
