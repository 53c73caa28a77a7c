# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is wanted and what is there to the steps between: pure."""

from __future__ import annotations

from .cloud import Kind
from .desired import Desired
from .observe import DESCRIBED, Item, Snapshot
from .ownership import ANCHOR, mark, tag
from .plan_balancer import api_address_steps, balancer_steps
from .plan_machines import api_address, machine_steps, planned_machines, surplus
from .plan_network import network_steps
from .steps import Act, Plan, Step

# Each kind is removed after those on its left, which are in it or use it.
REMOVAL = (
    Kind.FLOATING_IP,
    Kind.LOAD_BALANCER,
    Kind.SERVER,
    Kind.PORT,
    Kind.ROUTER,
    Kind.SUBNET,
    Kind.NETWORK,
    Kind.SERVER_GROUP,
    Kind.KEYPAIR,
    Kind.SECURITY_GROUP,
)


def plan(desired: Desired, seen: Snapshot) -> Plan:
    """What to make, change and remove, so that the cluster's machines are as wanted."""
    machines = planned_machines(desired, seen)
    anchor = [] if ANCHOR in seen.items else [_anchor(desired)]
    network = network_steps(desired, seen, anchor)
    network += api_address_steps(desired, seen, api_address(desired, seen), [*anchor, *network])
    servers = machine_steps(desired, seen, machines, [*anchor, *network])
    balancer = balancer_steps(desired, seen, machines, [*network, *servers])
    steps = [
        *_doubles(seen),
        *_untagged(desired, seen),
        *anchor,
        *network,
        *servers,
        *balancer,
        *surplus(desired, seen, machines),
    ]
    return Plan(tuple(steps), machines, known(desired, seen))


def plan_removal(seen: Snapshot) -> Plan:
    """Everything of the cluster goes, in order; the anchor with the lock is the last."""
    items = [*seen.items.values(), *seen.doubles]
    steps: list[Step] = []
    for kind in REMOVAL:
        before = tuple(step.id for step in steps)
        going = [item for item in items if item.kind is kind and item.key != ANCHOR]
        steps += [_removal(item, "the cluster's machines are to be absent", before) for item in going]
    anchor = seen.items.get(ANCHOR)
    if anchor is not None:
        steps.append(_removal(anchor, "nothing else is left", tuple(step.id for step in steps)))
    return Plan(tuple(steps), (), {key: item.id for key, item in seen.items.items()})


def known(desired: Desired, seen: Snapshot) -> dict[str, str]:
    """Ids of what is there, by key; a network that somebody else keeps stands where ours would."""
    ids = {key: item.id for key, item in seen.items.items()}
    subnet = seen.catalogue.subnet_of(desired.network.existing) if desired.network.existing else None
    return ids | ({"network": subnet["network_id"], "subnet": subnet["id"]} if subnet else {})


def _removal(item: Item, reason: str, before: tuple[str, ...]) -> Step:
    return Step(Act.DELETE, item.kind, item.key, item.name, reason, after=before, item=item)


def _doubles(seen: Snapshot) -> list[Step]:
    return [_removal(item, f"there is another {item.key}, which is in use or older", ()) for item in seen.doubles]


def _untagged(desired: Desired, seen: Snapshot) -> list[Step]:
    """A kill came between an object and its tag."""
    return [
        Step(Act.TAG, item.kind, item.key, item.name, "its tag is missing", item=item)
        for item in seen.items.values()
        if item.kind in DESCRIBED and tag(desired.cluster) not in (item.data["tags"] or ())
    ]


def _anchor(desired: Desired) -> Step:
    attributes = {"name": desired.cluster, "description": mark(desired.cluster, ANCHOR)}
    return Step(Act.CREATE, Kind.SECURITY_GROUP, ANCHOR, desired.cluster, "security group of all machines", attributes)
