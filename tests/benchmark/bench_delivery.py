# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delivery to the lab's members: first apply, and an apply that has nothing to do, as whole module calls.

Promise: a no-change apply of 12 Deployments and 12 Services over the members takes under 3 s of module time, which is
what one more task of the same play costs: forking, importing, working.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from plays import play, role

PROMISE = 3.0
ROUNDS = 3
TASKS = 4
NAME = "benchmark"


def main() -> int:
    """Measure and say whether the promise holds."""
    lab = Path(os.environ["NAVARCH_TEST_LAB"])
    clusters = yaml.safe_load((lab / "clusters.yml").read_text(encoding="utf-8"))["join_clusters"]
    hub = str(lab / "hub.kubeconfig")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        play(place, hub, [role("registry")])
        play(place, hub, [role("join", join_clusters=clusters)])
        try:
            first = play(place, hub, [task()])
            # The difference between plays of one and of more tasks is what a task costs.
            one = min(play(place, hub, [task()]) for _round in range(ROUNDS))
            more = min(play(place, hub, [task() for _task in range(TASKS)]) for _round in range(ROUNDS))
        finally:
            play(place, hub, [task(state="absent")])
    unchanged = (more - one) / (TASKS - 1)
    print(f"first apply of {len(objects())} objects over {len(clusters)} members, whole play: {first:.2f} s")
    print(f"no-change apply, whole play: {one:.2f} s")
    print(f"no-change apply, module time: {unchanged:.2f} s (promise: under {PROMISE:g} s)")
    return 0 if unchanged < PROMISE else 1


def task(**more: Any) -> dict[str, Any]:
    """One call of the module."""
    divided = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}
    return {
        "navarch.fleet.application": {
            "name": NAME,
            "namespace": NAME,
            "sources": [{"inline": objects()}],
            "placement": {"replicaScheduling": divided},
            **more,
        }
    }


def objects() -> list[dict[str, Any]]:
    """Twelve Deployments with their Services."""
    found: list[dict[str, Any]] = []
    for number in range(12):
        name = f"part-{number}"
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {
                "containers": [{"name": "main", "image": "registry.example/part:1", "ports": [{"containerPort": 80}]}]
            },
        }
        spec = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template}
        found.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec})
        service = {"selector": labels, "ports": [{"port": 80}]}
        found.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service})
    return found


if __name__ == "__main__":
    sys.exit(main())
