# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workloads of an application fit together where they are placed together; compared with all ways there are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.application import Application, place
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Workload, parse_clusters

settings.register_profile("joint", deadline=None, database=None, max_examples=80)
settings.load_profile("joint")

WEIGHTED = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}

Amounts = tuple[int, int, int]
"""CPU, memory, pods."""


def application(room: Sequence[Amounts], wanted: Sequence[tuple[int, Amounts]], **placement: Any) -> Application:
    clusters = [
        {"name": f"m{number}", "resourceSummary": {"allocatable": {"cpu": cpu, "memory": memory, "pods": pods}}}
        for number, (cpu, memory, pods) in enumerate(room)
    ]
    workloads = tuple(
        Workload("apps/v1", "Deployment", "", f"w{number}", f"{number}", replicas, {"cpu": cpu, "memory": memory})
        for number, (replicas, (cpu, memory, _pod)) in enumerate(wanted)
    )
    return Application(parse_clusters(clusters), {"replicaScheduling": WEIGHTED, **placement}, workloads)


def fits_somehow(room: Sequence[Amounts], wanted: Sequence[tuple[int, Amounts]], most: int) -> bool:
    """Whether there is any way, with up to so many clusters."""
    replicas = tuple(size for count, size in wanted for _replica in range(count))
    return any(fill(chosen, replicas) for chosen in combinations(sorted(room), min(most, len(room))))


def fill(room: tuple[Amounts, ...], replicas: tuple[Amounts, ...]) -> bool:
    if not replicas:
        return True
    size, rest = replicas[0], replicas[1:]
    for position, each in enumerate(room):
        if each in room[:position] or any(have < need for have, need in zip(each, size, strict=True)):
            continue
        left = tuple(have - need for have, need in zip(each, size, strict=True))
        if fill((*room[:position], (left[0], left[1], left[2]), *room[position + 1 :]), rest):
            return True
    return False


@given(st.integers(0, 2**32))
def test_what_is_placed_together_fits_and_what_can_never_fit_is_refused(seed: int) -> None:
    chance = Random(seed)
    room = [
        (chance.randint(0, 6), chance.randint(0, 6), chance.randint(1, 6)) for _cluster in range(chance.randint(1, 5))
    ]
    wanted = [
        (chance.randint(1, 4), (chance.randint(0, 3), chance.randint(0, 3), 1))
        for _workload in range(chance.randint(2, 3))
    ]
    most = chance.randint(1, 5)
    spread = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": most}]
    scheduling = chance.choice([WEIGHTED, AGGREGATED])
    decision = place(application(room, wanted, spreadConstraints=spread, replicaScheduling=scheduling))
    if decision.error is not None:
        return
    assert fits_somehow(room, wanted, most)
    for number, (cpu, memory, pods) in enumerate(room):
        here = [each.replicas.get(f"m{number}", 0) for each in decision.workloads.values()]
        sizes = [size for _count, size in wanted]
        assert sum(here) <= pods
        assert sum(count * size[0] for count, size in zip(here, sizes, strict=True)) <= cpu
        assert sum(count * size[1] for count, size in zip(here, sizes, strict=True)) <= memory


def test_few_of_those_that_could_fit_are_refused() -> None:
    """Packing is as hard as it gets, so some are; how many is watched here."""
    possible = refused = 0
    for seed in range(400):
        chance = Random(seed)
        room = [(chance.randint(0, 6), chance.randint(0, 6), chance.randint(1, 6)) for _cluster in range(3)]
        wanted = [(chance.randint(1, 3), (chance.randint(0, 3), chance.randint(0, 3), 1)) for _workload in range(2)]
        if fits_somehow(room, wanted, 3):
            possible += 1
            refused += place(application(room, wanted)).error is not None
    assert possible > 100
    assert refused <= possible * 0.03


@pytest.mark.parametrize(
    ("room", "wanted", "placement"),
    [
        pytest.param(
            [(2, 5, 5), (5, 2, 2), (3, 0, 3), (3, 2, 6)],
            [(2, (0, 1, 1)), (4, (2, 1, 1)), (3, (1, 0, 1))],
            {},
            id="the large ones have to be placed first",
        ),
        pytest.param(
            [(1, 6, 5), (2, 4, 6)],
            [(3, (1, 2, 1)), (1, (0, 1, 1))],
            {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}]},
            id="the average replica does not fit where the real ones do",
        ),
    ],
)
def test_what_fits_only_in_another_way_is_placed_that_way(
    room: list[Amounts], wanted: list[tuple[int, Amounts]], placement: dict[str, Any]
) -> None:
    decision = place(application(room, wanted, **placement))
    assert decision.error is None
    assert list(decision.workloads) == [f"Deployment/w{number}" for number in range(len(wanted))]
