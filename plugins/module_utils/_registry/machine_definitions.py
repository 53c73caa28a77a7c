# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CustomResourceDefinition MachineSet, and what a Cluster says of its machine sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .definition_parts import column, definition, free_form, list_of, object_with, text, texts
from .names import GROUP

if TYPE_CHECKING:
    from typing import Any

_INTEGER = {"type": "integer"}
_NUMBER = {"type": "number"}


def machine_set_definition() -> dict[str, Any]:
    """Machines that look alike and belong to one member: what there may be of them, and how they stand."""
    spec = object_with(
        {
            "cluster": text("The member whose nodes its machines become."),
            "provider": text("Who has the machines: openstack, idc, cluster_api, kwok."),
            "minReplicas": {**_INTEGER, "minimum": 0},
            "maxReplicas": {**_INTEGER, "minimum": 0},
            "zones": list_of(text(), "Machines are dealt to them in turn."),
            "labels": texts("Of its nodes."),
            "taints": list_of(_taint(), "Of its nodes."),
            "allocatable": texts("What pods can have of one machine, where it is not what the provider tells."),
            "costPerHour": {**_NUMBER, "description": "Of one machine, in no currency."},
            "secondsToCreate": {**_INTEGER, "description": "Until a machine is a node."},
            "priority": {**_INTEGER, "description": "Sets of a higher one grow first."},
            "settings": free_form("What only the provider understands: flavor, image, network, hosts."),
            "scaling": free_form("When it grows and shrinks, in seconds and shares."),
        },
        required=("cluster", "provider"),
    )
    machine = object_with(
        {
            "name": text(),
            "node": text(),
            "phase": text(),
            "since": text(format="date-time"),
            "idleSince": text("Since when nobody needs it.", format="date-time"),
            "reason": text(),
        },
        required=("name",),
    )
    status = object_with(
        {
            "desired": {**_INTEGER, "description": "Machines that were asked for last."},
            "removing": list_of(text(), "Machines that are on their way out."),
            "machines": list_of(machine),
            "lastScaleUp": text(format="date-time"),
            "lastScaleDown": text(format="date-time"),
            "failures": {**_INTEGER, "description": "Times in a row that machines did not come."},
            "backoffUntil": text(format="date-time"),
            "message": text(),
        }
    )
    columns = [
        column("Cluster", ".spec.cluster"),
        column("Provider", ".spec.provider"),
        column("Min", ".spec.minReplicas", "integer"),
        column("Max", ".spec.maxReplicas", "integer"),
        column("Desired", ".status.desired", "integer"),
        column("Message", ".status.message", priority=1),
        column("Age", ".metadata.creationTimestamp", "date"),
    ]
    root = object_with({"spec": spec, "status": status}, "Machines that look alike and belong to one member.")
    return definition(GROUP, "MachineSet", "machinesets", "Cluster", root, columns, categories=["navarch"])


def machine_set_facts() -> dict[str, Any]:
    """The field ``machineSets`` of ``Cluster.status``: what room machines could still add."""
    return list_of(
        object_with(
            {
                "name": text(),
                "allocatable": texts("Of one machine, less what every node runs."),
                "labels": texts("Of its nodes."),
                "taints": list_of(_taint()),
                "zones": list_of(text()),
                "existing": {**_INTEGER, "description": "Machines that are there or on their way."},
                "upcoming": {**_INTEGER, "description": "Of these, the ones that are no nodes yet."},
                "addable": {**_INTEGER, "description": "Machines that could be added now."},
                "limit": text("What allows no more."),
                "costPerHour": _NUMBER,
                "secondsToCreate": _INTEGER,
            },
            required=("name",),
        ),
        "What room machines could still add.",
    )


def _taint() -> dict[str, Any]:
    return object_with({"key": text(), "value": text(), "effect": text()}, required=("key", "effect"))
