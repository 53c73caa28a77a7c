# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster begins once, and on a host of which that is certain."""

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.beginnings import (
    Beginning,
    Versions,
    beginning,
    decide,
    etcd_beginning,
    etcd_findings,
    unnamed_etcd,
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


def test_one_control_plane_alone_joins_those_that_are_not_part_of_the_run() -> None:
    assert beginning(THREE, {"n3": BARE}, ["n1", "n2"]) == Beginning("", ("n1", "n2"))
    # A majority begins, as before.
    assert beginning(THREE, {"n1": BARE, "n2": BARE}, ["n3"]).begins == "n1"


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


ETCD = ["e1", "e2", "e3"]


def of_etcd(operation: str, *, finished: bool = True, data: bool = True, **more: Any) -> dict[str, Any]:
    state = {
        "journal": {"operation": operation, "finished": finished},
        "data": data,
        "well": finished,
        "version": "3.7.0",
        "holds": False,
    }
    return {**BARE, "remains": ["/var/lib/etcd/member"] if data else [], "etcd": {**state, **more}}


NO_ETCD = {**BARE, "etcd": {}}


def test_a_new_etcd_begins_on_the_first_that_answered() -> None:
    assert etcd_beginning(ETCD, dict.fromkeys(ETCD, NO_ETCD)) == Beginning("e1", ("e1", "e2", "e3"))
    assert etcd_beginning(ETCD, {"e2": NO_ETCD, "e3": NO_ETCD, "n1": BARE}).begins == "e2"


def test_an_etcd_that_is_there_is_not_begun_again_and_who_is_well_is_asked_first() -> None:
    seen = {"e1": of_etcd("begin", well=False), "e2": NO_ETCD, "e3": of_etcd("join")}
    assert etcd_beginning(ETCD, seen) == Beginning("", ("e3", "e1"))


def test_an_etcd_that_was_interrupted_goes_on_where_it_began() -> None:
    seen = {"e1": NO_ETCD, "e2": of_etcd("begin", finished=False, data=False), "e3": NO_ETCD}
    assert etcd_beginning(ETCD, seen).begins == "e2"


def test_no_etcd_begins_under_control_planes_that_run() -> None:
    decided = etcd_beginning(ETCD, {**dict.fromkeys(ETCD, NO_ETCD), "n1": CARRIES})
    assert decided.begins == ""
    assert "n1 carry the cluster" in decided.finding


def test_no_etcd_begins_while_a_majority_is_silent() -> None:
    decided = etcd_beginning(ETCD, {"e2": NO_ETCD})
    assert decided.begins == ""
    assert "e1, e3 could not be looked at" in decided.finding


def test_hosts_of_etcd_are_asked_although_they_are_not_part_of_the_run() -> None:
    assert etcd_beginning(ETCD, {"n1": BARE}) == Beginning("", ("e1", "e2", "e3"))


def test_one_host_of_etcd_alone_joins_those_that_are_not_part_of_the_run() -> None:
    assert etcd_beginning(ETCD, {"e3": NO_ETCD}, ["e1", "e2"]) == Beginning("", ("e1", "e2"))


def test_hosts_of_etcd_do_not_keep_a_cluster_from_beginning() -> None:
    assert beginning(["n1"], {"e1": of_etcd("begin"), "n1": BARE}).begins == "n1"


def test_a_cluster_is_not_begun_over_the_data_of_another() -> None:
    seen = {"e1": of_etcd("begin", holds=True), "n1": BARE}
    assert "e1 holds the data of a cluster" in "".join(etcd_findings(["e1"], seen, "n1", ""))
    assert list(etcd_findings(["e1"], {**seen, "n1": BEGUN}, "n1", "")) == []
    assert list(etcd_findings(["e1"], seen, "", "")) == []


def test_data_of_a_foreign_etcd_is_a_finding() -> None:
    foreign = {**BARE, "remains": ["/var/lib/etcd/member"], "etcd": {}}
    assert "e1 hold data of an etcd" in "".join(etcd_findings(["e1"], {"e1": foreign}, "n1", ""))


def test_another_version_of_etcd_is_a_finding() -> None:
    seen = {"e1": of_etcd("begin"), "e2": of_etcd("join", version="3.6.16")}
    assert "3.6.16 on e2" in "".join(etcd_findings(["e1", "e2"], seen, "", "v3.7.0"))
    assert list(etcd_findings(["e1", "e2"], seen, "", "")) == []


def test_an_etcd_that_the_inventory_forgot_is_a_finding() -> None:
    assert "API servers of n1" in unnamed_etcd({"n1": {"etcd_servers": ["https://10.0.0.5:2379"]}})
    assert unnamed_etcd({"n1": {"etcd_servers": ["https://127.0.0.1:2379"]}, "n2": {}}) == ""


def cluster(*hosts_of_etcd: str) -> dict[str, Any]:
    return {"control_plane": [{"name": "n1"}], "etcd": [{"name": name} for name in hosts_of_etcd]}


def test_all_that_speaks_against_a_cluster_is_said_at_once() -> None:
    old = {**CARRIES, "version": "v1.36.3", "etcd_servers": ["https://10.0.0.9:2379"]}
    said = decide(cluster(), {"n1": old}, (), Versions("v1.37.2", "")).findings
    assert len(said) == 2
    assert "the inventory names none" in said[0]
    assert "it runs v1.36.3 on n1" in said[1]


def test_versions_are_nobodys_business_where_they_are_about_to_be_changed() -> None:
    assert decide(cluster(), {"n1": {**CARRIES, "version": "v1.36.3"}}, (), None).findings == ()


def test_an_etcd_of_the_users_own_needs_no_hosts_in_the_inventory() -> None:
    using = {"n1": {**CARRIES, "etcd_servers": ["https://10.0.0.9:2379"]}}
    assert decide({**cluster(), "names_external_etcd": True}, using, (), None).findings == ()


def test_roles_read_where_the_cluster_and_where_etcd_begins() -> None:
    decided = decide(cluster("e1"), {"n1": BARE, "e1": BARE}, (), None).as_dict()
    assert decided == {"begins": "n1", "doors": ["n1"], "etcd": {"begins": "e1", "doors": ["e1"]}}
    assert decide(cluster(), {"n1": BARE}, (), None).as_dict()["etcd"] == {"begins": "", "doors": []}
