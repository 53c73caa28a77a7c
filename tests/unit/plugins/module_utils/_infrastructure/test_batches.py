# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.batches import batches
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError

SIZES = st.dictionaries(st.sampled_from(["north", "south", "east"]), st.integers(0, 30), min_size=1)


def hosts_of(sizes: dict[str, int]) -> dict[str, list[str]]:
    return {name: [f"{name}-{number}" for number in range(size)] for name, size in sizes.items()}


def test_clusters_go_side_by_side() -> None:
    found = batches({"north": ["a", "b", "c"], "south": ["x"]}, {"north": 3, "south": 1}, "1")
    assert found == [["a", "x"], ["b"], ["c"]]


def test_a_percentage_is_of_all_hosts_of_the_cluster_not_of_those_left() -> None:
    assert batches({"north": ["a", "b", "c"]}, {"north": 8}, "25%") == [["a", "b"], ["c"]]


def test_at_least_one_host_goes() -> None:
    assert batches({"north": ["a", "b"]}, {"north": 2}, "25%") == [["a"], ["b"]]


def test_nothing_to_do_needs_no_batch() -> None:
    assert batches({"north": []}, {"north": 4}, "25%") == []


@pytest.mark.parametrize("share", ["0", "0%", "101%", "many", "", "-1", "1.5"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(InfrastructureError):
        batches({"north": ["a"]}, {"north": 1}, share)


@settings(deadline=None)
@given(SIZES, st.integers(1, 100))
def test_every_host_goes_once_and_no_cluster_loses_more_than_its_share(sizes: dict[str, int], percent: int) -> None:
    clusters = hosts_of(sizes)
    found = batches(clusters, sizes, f"{percent}%")
    assert sorted(host for batch in found for host in batch) == sorted(
        host for hosts in clusters.values() for host in hosts
    )
    for batch in found:
        for name, size in sizes.items():
            assert sum(host.startswith(name) for host in batch) <= max(1, size * percent // 100)
