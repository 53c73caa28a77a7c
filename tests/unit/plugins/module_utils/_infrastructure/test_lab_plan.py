# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done to a lab, from what was seen of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.kwok import COMPONENTS, Installation, Ports
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_nodes import Member, nodes
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.lab_plan import (
    Act,
    Lab,
    LabSeen,
    Seen,
    State,
    member_list,
    plan,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.processes import Process

HUB = Member("hub", nodes=0)
NORTH = Member("idc-north", region="north", zones=("north-1",), nodes=2, labels={"env": "prod"})
LAB = Lab(Path("/lab"), (HUB, NORTH), {}, "v1.37.2")
INSTALLED = Installation(Ports(1, 2, 3, 4, 5, 6), {})
ALIVE = {name: Process(number, "idc-north", name, False) for number, name in enumerate(COMPONENTS)}


def ready(member: Member) -> list[dict]:
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    return [{**node, "status": {**node["status"], **status}} for node in nodes(member, "v1.37.2")]


RUNS = Seen(True, INSTALLED, ALIVE, ready(NORTH), has_kubeconfig=True)
HUB_RUNS = replace(RUNS, nodes=[])


def acts(north: Seen, state: State = State.PRESENT, **others: Seen) -> list[tuple[str, Act]]:
    clusters = {"hub": HUB_RUNS, "idc-north": north, **others}
    return [(step.cluster, step.act) for step in plan(LAB, LabSeen(clusters, True, True), state)]


def test_a_lab_that_is_as_it_should_be_needs_nothing():
    assert acts(RUNS) == []


def test_what_is_not_there_is_created():
    assert acts(Seen()) == [("idc-north", act) for act in (Act.CREATE, Act.NODES, Act.KUBECONFIG)]


def test_what_is_half_made_is_made_anew():
    assert acts(Seen(exists=True))[0] == ("idc-north", Act.REPLACE)


def test_processes_without_their_folder_are_replaced_too():
    assert acts(Seen(alive=ALIVE))[0] == ("idc-north", Act.REPLACE)


@pytest.mark.parametrize("gone", COMPONENTS)
def test_a_process_that_ended_is_started_and_named(gone):
    alive = {name: process for name, process in ALIVE.items() if name != gone}
    seen = LabSeen({"hub": HUB_RUNS, "idc-north": replace(RUNS, alive=alive)}, True, True)
    start = plan(LAB, seen, State.PRESENT)[0]
    assert (start.act, start.reason) == (Act.START, f"{gone} not running")


def test_a_frozen_process_is_woken():
    alive = {**ALIVE, "etcd": replace(ALIVE["etcd"], frozen=True)}
    assert acts(replace(RUNS, alive=alive))[0] == ("idc-north", Act.START)


def test_other_binaries_are_taken_on_before_the_start():
    assert [act for _name, act in acts(replace(RUNS, unlinked=("etcd",)))] == [Act.RELINK, Act.START, Act.NODES]


def test_a_port_that_moves_changes_the_kubeconfig():
    moved = replace(RUNS, alive={}, nodes=None, taken=(1,))
    assert [act for _name, act in acts(moved)] == [Act.START, Act.NODES, Act.KUBECONFIG]


def test_a_node_that_is_not_ready_is_waited_for():
    assert acts(replace(RUNS, nodes=nodes(NORTH, "v1.37.2"))) == [("idc-north", Act.NODES)]


def test_a_cluster_that_is_no_member_any_more_goes():
    assert acts(RUNS, old=RUNS) == [("old", Act.REMOVE)]


def test_to_stop_is_for_what_runs():
    assert acts(RUNS, State.STOPPED) == [("hub", Act.STOP), ("idc-north", Act.STOP)]
    assert acts(replace(RUNS, alive={}), State.STOPPED) == [("hub", Act.STOP)]


def test_to_be_absent_everything_goes():
    assert acts(RUNS, State.ABSENT) == [("hub", Act.REMOVE), ("idc-north", Act.REMOVE), ("", Act.CLEAR)]


def test_where_nothing_is_nothing_goes():
    assert plan(LAB, LabSeen({"hub": Seen(), "idc-north": Seen()}, False, False), State.ABSENT) == ()


def test_the_list_of_members_is_what_join_reads():
    assert yaml.safe_load(member_list(LAB)) == {
        "join_clusters": [
            {
                "name": "idc-north",
                "kubeconfig": "/lab/idc-north.kubeconfig",
                "provider": "idc",
                "region": "north",
                "zones": ["north-1"],
                "labels": {"env": "prod"},
            }
        ]
    }


def test_a_lab_without_members_has_an_empty_list():
    assert yaml.safe_load(member_list(replace(LAB, clusters=(HUB,)))) == {"join_clusters": []}
