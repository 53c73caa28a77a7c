# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nodes of machines that Cluster API keeps in memory, shown in a member of the fleet, whose autoscaler looks for them there.

usage: nodes.py <kubeconfig of the management cluster> <kubeconfig of the member> <file: ends when it is gone>
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kubernetes import client, config, dynamic

LABELS = {"pool": "capi"}
CAPACITY = {"cpu": "4", "memory": "8Gi", "pods": "110"}


def main(management: str, member: str, until: str) -> None:
    machines = dynamic.DynamicClient(config.new_client_from_config(management)).resources.get(
        api_version="cluster.x-k8s.io/v1beta2", kind="Machine"
    )
    nodes = client.CoreV1Api(config.new_client_from_config(member))
    while Path(until).exists():
        wanted = {
            machine.status.nodeRef.name for machine in machines.get().items if machine.status and machine.status.nodeRef
        }
        there = {node.metadata.name for node in nodes.list_node(label_selector="pool=capi").items}
        for name in wanted - there:
            nodes.create_node(node(name))
        for name in there - wanted:
            nodes.delete_node(name)
        time.sleep(0.5)


def node(name: str) -> dict[str, object]:
    return {
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": LABELS},
        "status": {"capacity": CAPACITY, "allocatable": CAPACITY},
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
