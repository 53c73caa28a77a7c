# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.facts import (
    PodFacts,
    node_facts,
    status_facts,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import read_inputs
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member
from ansible_collections.navarch.fleet.plugins.module_utils._registry.nodes import (
    MOST_ENTRIES,
    NodeFacts,
    summarise,
)
from ansible_collections.navarch.fleet.plugins.module_utils._registry.scheduling import scheduling_cluster
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.estimate import estimator
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.nodes import NO_CLAIM, NodeClaim
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.request import Cluster


def node(name: str, *, ready: str = "True", allocatable: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    labels = {"kubernetes.io/hostname": name, "disk": "ssd", **spec.pop("labels", {})}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110", **(allocatable or {})},
        },
    }


def pod(on: str | None, cpu: str) -> dict[str, Any]:
    return {
        "spec": {"containers": [{"resources": {"requests": {"cpu": cpu}}}], **({"nodeName": on} if on else {})},
        "status": {"phase": "Running"},
    }


def status(nodes: list[dict[str, Any]], pods: list[dict[str, Any]]) -> dict[str, Any]:
    facts = node_facts(nodes)
    counted = PodFacts.on(facts)
    counted.count(pods)
    return status_facts(facts, counted)


def cluster(found: dict[str, Any]) -> Cluster:
    conditions = [{"type": "Ready", "status": "True"}]
    member = Member.from_object({"metadata": {"name": "m"}, "status": {**found, "conditions": conditions}})
    return Cluster.from_dict(scheduling_cluster(member))


def fits(found: dict[str, Any], request: dict[str, str], claim: dict[str, Any] | None = None) -> int:
    claimed = NO_CLAIM if claim is None else NodeClaim.from_dict(claim)
    return estimator("resourceSummary", request, unknown=0, claim=claimed)(cluster(found))


def test_nodes_that_look_the_same_are_one_entry() -> None:
    found = status([node(f"n{index}") for index in range(5)], [pod("n3", "1")])
    (kind,) = found["nodes"]
    assert kind["labels"] == {"disk": "ssd"}
    assert [(size["count"], size["free"]["cpu"]) for size in kind["sizes"]] == [(1, "3"), (4, "4")]
    assert found["nodeLabelsLeftOut"] == ["kubernetes.io/hostname"]


def test_what_a_member_records_is_what_scheduling_counts() -> None:
    nodes = [
        node("a"),
        node("b", labels={"disk": "hdd"}),
        node("gpu", allocatable={"nvidia.com/gpu": "2"}, taints=[{"key": "gpu", "effect": "NoSchedule"}]),
        node("cordoned", unschedulable=True),
        node("broken", ready="False"),
    ]
    found = status(nodes, [pod("a", "2"), pod("cordoned", "1"), pod("broken", "1"), pod(None, "500m")])
    keys = {taint["key"] for kind in found["nodes"] for taint in kind["taints"]}
    assert keys == {"gpu", "node.kubernetes.io/unschedulable"}
    assert fits(found, {"cpu": "3"}) == 1, "only b has three cores on one node"
    assert fits(found, {"cpu": "1"}) == 6
    assert fits(found, {"cpu": "1"}, {"nodeSelector": {"disk": "hdd"}}) == 4
    assert fits(found, {"cpu": "1"}, {"nodeSelector": {"kubernetes.io/hostname": "a"}}) == 6, "not known, so it may"
    assert fits(found, {"nvidia.com/gpu": "1"}) == 0
    assert fits(found, {"nvidia.com/gpu": "1"}, {"tolerations": [{"key": "gpu", "operator": "Exists"}]}) == 2


def test_pending_pods_are_deducted_though_they_have_no_node() -> None:
    assert fits(status([node("a")], [pod(None, "3")]), {"cpu": "1"}) == 1


@pytest.mark.parametrize("count", [200, 5000])
def test_a_busy_member_of_thousands_of_nodes_stays_a_short_list_that_tells_what_fits(count: int) -> None:
    luck = random.Random(7)
    sizes = [(Decimal(cpu), Decimal(cpu) * 4 * 2**30) for cpu in (4, 16, 64)]
    nodes, used = [], {}
    for index in range(count):
        cpu, memory = luck.choice(sizes)
        labels = (("disk", "ssd"), ("kubernetes.io/hostname", f"n{index}"), ("serial", f"s{index}"))
        nodes.append(NodeFacts(f"n{index}", labels, (), {"cpu": cpu, "memory": memory, "pods": Decimal(110)}))
        used[f"n{index}"] = {
            "cpu": (cpu * luck.randint(0, 1000) / 1000).quantize(Decimal("0.001")),
            "memory": Decimal(int(memory * luck.randint(0, 1000) / 1000)),
            "pods": Decimal(luck.randint(0, 110)),
        }
    found = summarise(nodes, used)
    sizes_written = [size for kind in found["nodes"] for size in kind["sizes"]]
    assert sum(size["count"] for size in sizes_written) == count
    assert len(sizes_written) <= MOST_ENTRIES
    assert len(json.dumps(found)) < 10_000
    assert found["nodeLabelsLeftOut"] == ["kubernetes.io/hostname", "serial"]
    exact = sum(
        min((each.allocatable["cpu"] - used[each.name]["cpu"]) // 1, each.allocatable["pods"] - used[each.name]["pods"])
        for each in nodes
    )
    recorded = {"resourceSummary": {"allocatable": {"cpu": "10000000", "pods": "10000000"}}, **found}
    assert 0.9 < fits(recorded, {"cpu": "1"}) / exact < 1.1
    largest = max(each.allocatable["cpu"] - used[each.name]["cpu"] for each in nodes)
    assert fits(recorded, {"cpu": str(largest + Decimal("0.001"))}) == 0


def test_a_member_with_too_many_kinds_of_nodes_is_told_by_its_sum() -> None:
    nodes = [node(f"n{index}", labels={f"l{index % 100}": "x"}) for index in range(200)]
    found = status(nodes, [])
    assert found["nodes"] == []
    assert fits(found, {"cpu": "4"}) == 200


def test_windows_and_prices_that_cannot_be_read_later_are_refused_at_input() -> None:
    with pytest.raises(InputError, match=r"maintenance_windows\[0\].cron"):
        read_inputs([{"name": "a", "maintenance_windows": [{"cron": "nightly", "duration": "4h"}]}])
    with pytest.raises(InputError, match="cost is -1"):
        read_inputs([{"name": "a", "cost": -1}])
    (read,) = read_inputs([{"name": "a", "cost": "0.5", "maintenance_windows": [{"cron": "@daily", "duration": "4h"}]}])
    assert read.cost == 0.5
    assert read.maintenance_windows == ({"cron": "@daily", "duration": "4h"},)


def test_a_members_windows_reach_scheduling() -> None:
    windows = [{"start": "2026-11-28T22:00:00Z", "end": "2026-11-29T02:00:00Z"}]
    # Nobody checked what older versions recorded: it is left out, and nothing else with it.
    spec = {"maintenanceWindows": [{"weekly": "saturday"}, *windows], "cost": -1}
    member = Member.from_object({"metadata": {"name": "m"}, "spec": spec})
    assert scheduling_cluster(member)["cost"] is None
    (taint,) = Cluster.from_dict(scheduling_cluster(member)).taints
    assert taint.open_until("2026-11-28T23:00:00Z") == "2026-11-29T02:00:00Z"


def test_a_window_in_a_time_zone_that_is_not_known_here_is_not_ignored() -> None:
    windows = [{"cron": "@daily", "duration": "4h", "timezone": "Mars/Olympus"}]
    member = Member.from_object({"metadata": {"name": "m"}, "spec": {"maintenanceWindows": windows}})
    with pytest.raises(InputError, match="cluster m: .*Mars/Olympus.*tzdata"):
        scheduling_cluster(member)
