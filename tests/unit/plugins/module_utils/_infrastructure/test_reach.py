# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each host tries whom it needs, and a few neighbours; the cost of a host does not grow with the cluster."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.hosts import Host, clusters_of
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.reach import targets


def host(number: int, *groups: str, **settings: str) -> Host:
    given = {"cluster_name": "north", "cluster_network": "built_in", **settings}
    return Host(f"n{number}", frozenset(groups), f"10.0.{number // 250}.{number % 250}", given)


def tried(hosts: list[Host], name: str) -> set[tuple[str, int]]:
    return {(each["address"], each["port"]) for each in targets(clusters_of(hosts)["north"])[name]}


def test_a_worker_tries_the_control_plane_and_its_neighbours() -> None:
    hosts = [host(1, "control_plane"), host(2, "worker"), host(3, "worker")]
    assert tried(hosts, "n2") == {("10.0.0.1", 6443), ("10.0.0.1", 179), ("10.0.0.3", 10250), ("10.0.0.1", 10250)}


def test_control_planes_try_each_others_etcd() -> None:
    hosts = [host(number, "control_plane") for number in (1, 2, 3)]
    assert {("10.0.0.2", 2379), ("10.0.0.3", 2380)} <= tried(hosts, "n1")


def test_control_planes_try_an_etcd_of_its_own_and_not_each_others() -> None:
    hosts = [host(1, "control_plane"), host(2, "control_plane"), host(5, "etcd")]
    assert ("10.0.0.5", 2379) in tried(hosts, "n1")
    assert ("10.0.0.2", 2379) not in tried(hosts, "n1")


def test_a_host_of_etcd_tries_the_others_and_nobody_else() -> None:
    hosts = [host(1, "control_plane"), *(host(number, "etcd") for number in (5, 6, 7))]
    assert tried(hosts, "n5") == {("10.0.0.6", 2379), ("10.0.0.6", 2380), ("10.0.0.7", 2379), ("10.0.0.7", 2380)}


@pytest.mark.parametrize(("endpoint", "expected"), [("10.9.9.9:443", True), ("10.0.0.1:6443", False)])
def test_a_balancer_of_the_users_is_tried(endpoint: str, expected: bool) -> None:
    hosts = [host(1, "control_plane", cluster_endpoint=endpoint), host(2, "worker", cluster_endpoint=endpoint)]
    assert (("10.9.9.9", 443) in tried(hosts, "n2")) is expected


@settings(deadline=None, database=None, max_examples=60)
@given(some.integers(1, 5), some.integers(0, 300))
def test_nobody_tries_more_than_a_few(control_planes: int, workers: int) -> None:
    hosts = [host(number, "control_plane") for number in range(1, control_planes + 1)]
    hosts += [host(number + 10, "worker") for number in range(workers)]
    everything = targets(clusters_of(hosts)["north"])
    assert max(len(each) for each in everything.values()) <= 16
    assert all(each["address"] != own.address for own in hosts for each in everything[own.name])
