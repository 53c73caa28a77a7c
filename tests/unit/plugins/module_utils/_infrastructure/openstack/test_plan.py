# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of machines: what is made, kept, replaced and removed, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.checks import check, costs
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import Kind
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.desired import (
    Desired,
    Keeper,
    read_desired,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.observe import (
    Catalogue,
    Item,
    Quota,
    Snapshot,
    choose,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.ownership import (
    ANCHOR,
    HOST_KEY,
    key_of,
    mark,
    tag,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.plan import plan, plan_removal
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.steps import Act, Plan, Ref, Step

ANCHOR_ID = "anchor-id"
CATALOGUE = Catalogue(
    flavors=({"id": "f1", "name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 10},),
    images=({"id": "i1", "name": "debian", "status": "active", "min_disk": 0, "min_ram": 0},),
    zones=("a", "b"),
    networks=({"id": "public-id", "name": "public", "is_router_external": True},),
    quotas={
        "instances": Quota(10, 0),
        "cores": Quota(10, 4),
        "ram": Quota(-1, 0),
        "port": Quota(50, 0),
        "security_group": Quota(10, 1),
        "server_group_members": Quota(10, 0),
    },
)
EMPTY = Snapshot(catalogue=CATALOGUE)


def wish(**changes: Any) -> Desired:
    document: dict[str, Any] = {
        "cluster": "north",
        "network": {"cidr": "10.20.0.0/24", "external": "public"},
        "sources": {"ssh": ["192.0.2.0/24"]},
        "pod_cidrs": ["10.244.0.0/16"],
        "sets": [
            {"name": "plane", "role": "control_plane", "count": 1, "flavor": "m1.small", "image": "debian"},
            {"name": "worker", "count": 2, "flavor": "m1.small", "image": "debian"},
        ],
    }
    return read_desired(document | changes)


def workers(count: int, **more: Any) -> Desired:
    return wish(sets=[{"name": "worker", "count": count, "flavor": "m1.small", "image": "debian", **more}])


def carried_out(desired: Desired, seen: Snapshot, planned: Plan) -> Snapshot:
    """The cloud after a plan, as Neutron and Nova would show it."""
    ids = dict(planned.known) | {step.key: f"id of {step.key}" for step in planned.steps if step.act is Act.CREATE}
    if ANCHOR in ids:
        ids[ANCHOR] = ANCHOR_ID
    items = dict(seen.items)
    for step in planned.steps:
        if step.act in (Act.CREATE, Act.REPLACE) and step.key != "interface":
            items[step.key] = made(desired, step, ids)
        if step.act is Act.DELETE:
            items.pop(step.key, None)
    for step in planned.steps:
        if step.kind is Kind.SECURITY_GROUP_RULE:
            item = items[str(step.attributes["group"].key)]
            given_rules = [value(rule, ids) | {"id": f"{item.key} {rule}"} for rule in step.attributes["rules"]]
            rules = [*item.data["security_group_rules"], *given_rules]
            items[item.key] = replace(item, data={**item.data, "security_group_rules": rules})
        if step.act is Act.LEARN:
            item = items[str(step.attributes["server"].key)]
            learnt = {**item.data["metadata"], HOST_KEY: "ssh-ed25519 AAAA"}
            items[item.key] = replace(item, data={**item.data, "metadata": learnt})
    interfaces = frozenset({(ids["router"], ids["subnet"])}) if "router" in ids else frozenset()
    addresses = {each["ip_address"] for item in items.values() for each in item.data.get("fixed_ips") or ()}
    return replace(seen, items=items, interfaces=interfaces, addresses=frozenset(addresses))


def made(desired: Desired, step: Step, ids: dict[str, str]) -> Item:
    data = {name: value(each, ids) for name, each in step.attributes.items()}
    data |= {"id": ids.get(step.key, step.key), "tags": [tag(desired.cluster)], "created_at": "2026-01-01T00:00:00Z"}
    data |= {"status": "ACTIVE", "security_group_rules": [], "availability_zone": data.get("availability_zone", "")}
    return Item(step.kind, step.key, str(data["id"]), data)


def value(given: Any, ids: dict[str, str]) -> Any:
    if isinstance(given, Ref):
        return ids[given.key]
    if isinstance(given, dict):
        return {name: value(each, ids) for name, each in given.items()}
    return [value(each, ids) for each in given] if isinstance(given, list) else given


def built(desired: Desired) -> Snapshot:
    return carried_out(desired, EMPTY, plan(desired, EMPTY))


def servers(planned: Plan, act: Act) -> list[str]:
    return sorted(step.name for step in planned.steps if step.kind is Kind.SERVER and step.act is act)


def test_a_second_plan_is_empty() -> None:
    assert plan(wish(), built(wish())).steps == ()


def test_every_step_comes_after_what_it_needs() -> None:
    planned = plan(wish(), EMPTY)
    made_by = {step.key: step.id for step in planned.steps if step.act is Act.CREATE}
    for step in planned.steps:
        for key in references(step.attributes):
            assert made_by[key] in reach(planned, step.id), f"{step.id} needs {key}"


def references(given: Any) -> set[str]:
    if isinstance(given, Ref):
        return {given.key}
    each = given.values() if isinstance(given, dict) else given if isinstance(given, (list, tuple)) else ()
    return set().union(*(references(one) for one in each))


def reach(planned: Plan, step_id: str) -> set[str]:
    before = next(step.after for step in planned.steps if step.id == step_id)
    return set(before).union(*(reach(planned, each) for each in before if each in planned.ids))


@settings(deadline=None, max_examples=30)
@given(first=st.integers(0, 6), second=st.integers(0, 6))
def test_any_number_leads_to_any_other_and_then_to_rest(first: int, second: int) -> None:
    seen = built(workers(first))
    after = carried_out(workers(second), seen, plan(workers(second), seen))
    assert len([item for item in after.items.values() if item.key.startswith("server/worker/")]) == second
    assert plan(workers(second), after).steps == ()


@settings(deadline=None, max_examples=30)
@given(kept=st.sets(st.integers(0, 30)))
def test_a_killed_run_is_completed(kept: set[int]) -> None:
    """Whatever part of the objects is there, the next plan makes the rest, and then there is nothing to do."""
    whole = built(wish())
    part = {key: item for number, (key, item) in enumerate(whole.items.items()) if number in kept}
    seen = replace(whole, items=part, interfaces=frozenset(), addresses=frozenset())
    after = carried_out(wish(), seen, plan(wish(), seen))
    assert {key for key in after.items if key.startswith("server/")} == {
        "server/plane/1",
        "server/worker/1",
        "server/worker/2",
    }


def test_the_newest_goes_and_a_named_one_before_it() -> None:
    seen = built(workers(3))
    assert servers(plan(workers(2), seen), Act.DELETE) == ["north-worker-3"]
    assert servers(plan(workers(2, remove=["north-worker-1"]), seen), Act.DELETE) == ["north-worker-1"]


def test_a_play_leaves_machines_alone_that_a_machine_set_counts() -> None:
    counted = {"name": "flood", "count": 2, "flavor": "m1.small", "image": "debian", "spread": "anti-affinity"}
    mine = wish().sets
    flood = replace(wish(sets=[counted]).sets[0], keeper=Keeper.MACHINE_SET)
    there = built(replace(wish(), sets=(*mine, flood)))
    assert plan(wish(), there).steps == ()
    assert servers(plan(replace(wish(), sets=(*mine, replace(flood, count=0))), there), Act.DELETE) == [
        "north-flood-1",
        "north-flood-2",
    ]
    listed_before = built(replace(wish(), sets=(*mine, replace(flood, keeper=Keeper.PLAY))))
    assert servers(plan(wish(), listed_before), Act.DELETE) == ["north-flood-1", "north-flood-2"]


def test_a_removed_machines_name_is_not_given_again_while_it_is_unwanted() -> None:
    planned = plan(workers(3, remove=["north-worker-1"]), built(workers(3)))
    assert servers(planned, Act.CREATE) == ["north-worker-4"]


def test_a_broken_server_is_replaced_and_says_why() -> None:
    seen = built(workers(1))
    item = seen.items["server/worker/1"]
    broken = replace(item, data={**item.data, "status": "ERROR", "fault": {"message": "No valid host was found."}})
    planned = plan(workers(1), replace(seen, items={**seen.items, item.key: broken}))
    (step,) = [step for step in planned.steps if step.act is Act.REPLACE]
    assert "No valid host was found." in step.reason


def test_only_the_server_that_is_meant_is_made_anew() -> None:
    seen = built(workers(1))
    server = seen.items["server/worker/1"].id
    assert servers(plan(workers(1, replace={"north-worker-1": server}), seen), Act.REPLACE) == ["north-worker-1"]
    assert plan(workers(1, replace={"north-worker-1": "another"}), seen).steps == ()


def test_sources_that_are_taken_back_are_closed() -> None:
    seen = built(wish())
    closed = plan(wish(sources={}), seen)
    (rules,) = [step for step in closed.steps if step.kind is Kind.SECURITY_GROUP_RULE]
    assert len(rules.attributes["stale"]) == 1
    assert rules.attributes["rules"] == []


def test_nothing_is_open_to_everybody() -> None:
    rules = [rule for step in plan(wish(), EMPTY).steps for rule in step.attributes.get("rules", ())]
    assert rules
    assert not [
        rule for rule in rules if rule["remote_group_id"] is None and rule["remote_ip_prefix"] in (None, "0.0.0.0/0")
    ]


def test_a_double_goes_and_the_one_in_use_stays() -> None:
    used = Item(Kind.PORT, "port/worker/1", "b", {"created_at": "2", "device_id": "server", "description": ""})
    idle = Item(Kind.PORT, "port/worker/1", "a", {"created_at": "1", "device_id": "", "description": ""})
    items, doubles = choose([idle, used])
    assert (items["port/worker/1"], doubles) == (used, [idle])
    seen = built(workers(1))
    planned = plan(workers(1), replace(seen, doubles=(replace(seen.items["port/worker/1"], id="double"),)))
    assert [(step.act, step.item.id) for step in planned.steps if step.item] == [(Act.DELETE, "double")]


def test_removal_takes_everything_and_the_anchor_last() -> None:
    seen = built(wish())
    planned = plan_removal(seen)
    assert {step.key for step in planned.steps} == set(seen.items)
    assert planned.steps[-1].key == ANCHOR
    order = [step.kind for step in planned.steps]
    assert order.index(Kind.SERVER) < order.index(Kind.PORT) < order.index(Kind.ROUTER) < order.index(Kind.NETWORK)


def test_control_planes_behind_machines_share_an_address() -> None:
    balanced = wish(
        sets=[
            {"name": "plane", "role": "control_plane", "count": 3, "flavor": "m1.small", "image": "debian"},
            {"name": "lb", "role": "load_balancer", "count": 2, "flavor": "m1.small", "image": "debian"},
        ]
    )
    assert "port" in {step.kind.noun for step in plan(balanced, EMPTY).steps if step.key == "api-address"}
    assert plan(balanced, built(balanced)).steps == ()


def test_the_quota_is_counted_and_what_is_short_is_told() -> None:
    planned = plan(workers(7), EMPTY)
    cost = costs(workers(7), EMPTY, planned.steps)
    assert (cost["instances"].needs, cost["cores"].needs, cost["ram"].needs) == (7, 7, 14336)
    assert [str(finding) for finding in check(workers(7), EMPTY, planned.steps)] == [
        "quota cores: 7 more are needed, 4 of 10 are used, 1 too few. Ask for a quota of 11 or want less."
    ]


def test_all_findings_come_at_once() -> None:
    wrong = wish(
        key={"name": "nobodys"},
        network={"cidr": "10.244.1.0/24", "external": "elsewhere"},
        sets=[{"name": "worker", "count": 1, "flavor": "huge", "image": "none", "zones": ["moon"]}],
    )
    subjects = [finding.subject for finding in check(wrong, EMPTY, plan(wrong, EMPTY).steps)]
    expected = ["external network elsewhere", "pod_cidrs", "key pair nobodys", *["machine set worker"] * 3]
    assert sorted(subjects) == sorted(expected)


def test_only_our_own_mark_is_ours() -> None:
    assert key_of(mark("north", "port/worker/1"), "north") == "port/worker/1"
    assert key_of(mark("northern", "network"), "north") is None
    assert key_of("not navarch.fleet north network", "north") is None
    assert key_of(None, "north") is None
