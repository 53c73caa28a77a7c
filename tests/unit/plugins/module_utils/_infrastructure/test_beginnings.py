# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster begins once, and on a host of which that is certain."""

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.beginnings import (
    Beginning,
    beginning,
    version_finding,
)

THREE = ["n1", "n2", "n3"]
BARE: dict[str, Any] = {"journal": {"operation": "", "finished": False}, "control_plane": False, "remains": []}
CARRIES = {"journal": {"operation": "init", "finished": True}, "control_plane": True, "remains": ["admin.conf"]}
BEGUN = {"journal": {"operation": "init", "finished": False}, "control_plane": False, "remains": ["ca.crt"]}
WORKS = {"journal": {"operation": "join", "finished": True}, "control_plane": False, "remains": ["kubelet.conf"]}


def test_a_new_cluster_begins_on_the_first() -> None:
    assert beginning(THREE, dict.fromkeys(THREE, BARE)) == Beginning("n1", ("n1", "n2", "n3"))


def test_a_cluster_that_is_there_is_not_begun_again() -> None:
    assert beginning(THREE, {"n1": BARE, "n2": CARRIES, "n3": BARE}) == Beginning("", ("n2",))


def test_a_beginning_that_was_interrupted_goes_on_where_it_was() -> None:
    assert beginning(THREE, {"n1": BARE, "n2": BEGUN, "n3": BARE}).begins == "n2"


def test_a_new_cluster_begins_although_a_minority_is_silent() -> None:
    assert beginning(THREE, {"n2": BARE, "n3": BARE, "w1": BARE}).begins == "n2"


def test_nothing_begins_while_a_majority_is_silent() -> None:
    decided = beginning(THREE, {"n2": BARE})
    assert decided.begins == ""
    assert "n1, n3 could not be looked at" in decided.finding


def test_nothing_begins_while_a_worker_belongs_to_a_cluster() -> None:
    decided = beginning(THREE, {**dict.fromkeys(THREE, BARE), "w1": WORKS})
    assert decided.begins == ""
    assert "w1 belong" in decided.finding


def test_hosts_join_through_control_planes_that_are_not_part_of_the_run() -> None:
    assert beginning(THREE, {"w9": BARE}) == Beginning("", ("n1", "n2", "n3"))


def test_hosts_of_another_version_are_named_because_provisioning_upgrades_nobody() -> None:
    seen = {"n1": {"version": "v1.36.3", "api_server": "v1.36.3"}, "n2": {"version": "v1.37.2"}, "n3": {"version": ""}}
    finding = version_finding("v1.37.2", seen)
    assert "v1.36.3 on n1" in finding
    assert "navarch.fleet.upgrade" in finding
    assert version_finding("v1.37.2", {"n2": {"version": "v1.37.2", "api_server": "v1.37.2"}}) == ""
