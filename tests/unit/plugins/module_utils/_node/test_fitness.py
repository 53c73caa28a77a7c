# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that is not fit to become a node is told why, in words to act on."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import fitness
from ansible_collections.navarch.fleet.plugins.module_utils._node.fitness import Seen, Wanted

FIT = Seen(
    distribution="debian",
    distribution_version="12",
    architecture="amd64",
    hostname="n1",
    machine_id="a",
    product_uuid="b",
    kernel=(6, 1),
    disk=20000,
    swap=False,
    cgroup_version=2,
    controllers=frozenset({"cpu", "memory", "pids", "cpuset", "io"}),
    mtu=1500,
    clock=True,
    strangers=(),
    networks=(),
    missing_modules=(),
    locked_sysctls=(),
    unreached=(),
    mirror_problem="",
)
WANTED = Wanted(disk=4096, nftables=True, own_network=True)


def said(in_a_cluster: bool = False, wanted: Wanted = WANTED, **changes: Any) -> list[str]:
    return fitness.findings(dataclasses.replace(FIT, **changes), wanted, in_a_cluster)


def test_a_fit_host_has_no_findings() -> None:
    assert said() == []
    assert fitness.worth_a_look(FIT) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"architecture": "riscv64"}, "Its architecture is riscv64"),
        ({"hostname": "localhost"}, "hostnamectl set-hostname"),
        ({"swap": True}, "host_swap: off"),
        ({"cgroup_version": 1}, "failCgroupV1: false"),
        ({"controllers": frozenset({"cpu", "cpuset", "pids"})}, "cgroup_enable=memory"),
        ({"kernel": (5, 4)}, "needs 5.13"),
        ({"missing_modules": ("br_netfilter",)}, "The kernel module br_netfilter is not there"),
        ({"locked_sysctls": ("kernel.panic",)}, "kernel.panic can't be set"),
        ({"disk": 100}, "4096 MiB are needed (host_disk)"),
        ({"strangers": ("Docker",)}, "Docker runs here already"),
        ({"networks": ("/etc/cni/net.d/10-flannel.conflist",)}, "container network of somebody else"),
    ],
)
def test_what_it_lacks_is_said(changes: dict[str, Any], text: str) -> None:
    found = said(**changes)
    assert len(found) == 1
    assert text in found[0]


def test_what_the_user_allows_is_no_finding() -> None:
    allowed = Wanted(swap=True, cgroup_v1=True)
    assert said(wanted=allowed, swap=True, cgroup_version=1, kernel=(5, 4), networks=("/etc/cni/net.d/x",)) == []


def test_packets_larger_than_the_interface_carries_are_found() -> None:
    assert "carries packets of 1500 bytes" in said(wanted=Wanted(mtu=9000))[0]
    assert said(wanted=Wanted(mtu=1400)) == []


def test_a_mirror_that_is_not_reached_is_found() -> None:
    assert (
        "does not reach the mirror https://m: no route"
        in said(wanted=Wanted(mirror="https://m"), mirror_problem="no route")[0]
    )


def test_a_host_that_is_in_a_cluster_is_not_asked_for_what_only_a_bare_one_needs() -> None:
    assert said(in_a_cluster=True, disk=1, strangers=("Docker",), networks=("x",)) == []


def test_an_untested_distribution_is_told_and_stops_nothing() -> None:
    for name, version, text in (
        ("debian", "11", "12, 13 are tested"),
        ("rocky", "9", "never tried"),
        ("alpine", "3", "not written for"),
    ):
        other = dataclasses.replace(FIT, distribution=name, distribution_version=version)
        assert text in fitness.worth_a_look(other)[0]
        assert fitness.findings(other, WANTED, False) == []


def test_a_clock_that_nobody_keeps_right_is_told() -> None:
    assert "chrony" in fitness.worth_a_look(dataclasses.replace(FIT, clock=False))[0]
