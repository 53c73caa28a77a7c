# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CIS Kubernetes Benchmark v1.12, as far as this collection sets and reads it; titles are our own words. Pure.

Numbers that begin with X are ours: things that belong to a measure, and that the benchmark does not ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from . import items_control_plane, items_files, items_node
from .checks import Item, Place
from .evidence import Evidence

VERSION = "CIS Kubernetes Benchmark v1.12"


class Result(Enum):
    """How an item ends."""

    PASS = "pass"
    FAIL = "fail"
    OFF = "off"
    """It does not hold, and its measure is switched off."""


@dataclass(frozen=True)
class Finding:
    """One item, judged on one host."""

    number: str
    title: str
    result: Result
    evidence: str
    remedy: str
    measure: str


def _key(item: Item) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (99, part) for part in item.number.split("."))


ITEMS = tuple(sorted((*items_files.ITEMS, *items_control_plane.ITEMS, *items_node.ITEMS), key=_key))


def patterns(places: Collection[Place]) -> list[str]:
    """Files that have to be looked at on a host that is all these."""
    return sorted({pattern for item in ITEMS if item.place in places for pattern in item.patterns})


def judge(evidence: Evidence, places: Collection[Place], switches: Mapping[str, bool]) -> list[Finding]:
    """All items of a host, in the benchmark's order."""
    return [_finding(item, evidence, switches) for item in ITEMS if item.place in places]


def places_of(evidence_flags: Mapping[str, Mapping[str, str]], groups: Collection[str]) -> set[Place]:
    """What a host is, from what runs there and what it should be."""
    places = set()
    if "control_plane" in groups or "kube-apiserver" in evidence_flags:
        places.add(Place.CONTROL_PLANE)
    if "etcd" in groups or "etcd" in evidence_flags:
        places.add(Place.ETCD)
    if {"control_plane", "worker"} & set(groups) or "kubelet" in evidence_flags:
        places.add(Place.NODE)
    return places


def _finding(item: Item, evidence: Evidence, switches: Mapping[str, bool]) -> Finding:
    verdict = item.check(evidence)
    off = bool(item.measure) and not switches.get(item.measure, True)
    result = Result.PASS if verdict.holds else Result.OFF if off else Result.FAIL
    remedy = "" if result is Result.PASS else item.remedy
    return Finding(item.number, item.title, result, verdict.seen, remedy, item.measure)
