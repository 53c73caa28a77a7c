# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters out of hosts that are containers: how long it takes beside kubeadm's own steps, and what one more node costs.

Wall time is from hosts that answer SSH to the end of the play, when every Node is Ready. Beside it stands what kubeadm's own steps take
on the critical path: `init`, then the slowest `join` of hosts that all join at once. They are measured twice, by hand on the same hosts
with nothing but what these stand-ins need, and by the module within the play. For one more node, clusters of 3, 30
and 300 are made of a real one and of Node objects without a host, and all of them stand in the inventory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from by_hand import STAND_INS, Steps, by_hand
from workshop.hosts import Hosts, down, up

AIM = 1.5
"""Wall time in units of kubeadm's own steps."""
MOST_TASKS = 40
SIZES = tuple(int(size) for size in os.environ.get("NAVARCH_BENCHMARK_NODES", "3,30,300").split(","))


@dataclass(frozen=True, slots=True)
class Run:
    """What a play took and did."""

    seconds: float
    tasks: Mapping[str, int]
    """By host: results that are not skipped."""
    kubeadm: Mapping[str, Mapping[str, float]]
    """By host: seconds of each step."""


def main() -> int:
    """Measure, print, say whether the aims are met."""
    kept = [_made(("n1",), ("n2", "n3")), _made(("n1", "n2", "n3"), ("n4", "n5"), ("b1",)), _grown()]
    return 0 if all(kept) else 1


def _made(control_planes: Sequence[str], workers: Sequence[str], balancers: Sequence[str] = ()) -> bool:
    groups = {"control_plane": control_planes, "worker": workers, "load_balancer": balancers}
    with tempfile.TemporaryDirectory() as place:
        hosts = Hosts(Path(place))
        try:
            up(hosts, [name for names in groups.values() for name in names], _say)
            run = _provision(hosts, _inventory(groups, {}))
            alone = by_hand(hosts, control_planes, workers)
        finally:
            down(hosts)
    joins = [run.kubeadm[name]["join"] for name in (*control_planes[1:], *workers)]
    within = Steps(run.kubeadm[control_planes[0]]["init"], max(joins))
    most = max(run.tasks.values())
    print(
        f"{len(control_planes)}+{len(workers)}: {run.seconds:.1f} s; kubeadm's own steps by hand {alone}: "
        f"{run.seconds / alone.sum:.2f} times (aim {AIM}); within the play {within}: {run.seconds / within.sum:.2f} times; "
        f"at most {most} tasks per node (aim {MOST_TASKS})",
        flush=True,
    )
    return run.seconds / alone.sum < AIM and most <= MOST_TASKS


def _grown() -> bool:
    """One more node for clusters of several sizes."""
    spent = {}
    with tempfile.TemporaryDirectory() as place:
        hosts = Hosts(Path(place))
        try:
            up(hosts, ["n1", "n2"], _say)
            kubeconfig = Path(place) / "admin.conf"
            settings = {"cluster_pod_cidrs": ["10.128.0.0/12"], "cluster_kubeconfig": str(kubeconfig)}
            _provision(hosts, _inventory({"control_plane": ("n1",), "worker": ("n2",)}, settings))
            pretended: list[str] = []
            for number, size in enumerate(SIZES, 3):
                pretended += _pretend(kubeconfig, len(pretended), size - number + 1)
                new = f"n{number}"
                up(hosts, [new], _say)
                real = [f"n{each}" for each in range(2, number + 1)]
                groups = {"control_plane": ("n1",), "worker": (*real, *pretended)}
                run = _provision(hosts, _inventory(groups, settings), "--limit", new)
                spent[size] = run.seconds
                others = sorted(set(run.tasks) - {new, "localhost"})
                print(
                    f"one node more for a cluster of {size}: {run.seconds:.1f} s, {run.tasks[new]} tasks; other hosts in the play: {others or 'none'}",
                    flush=True,
                )
        finally:
            down(hosts)
    growth = spent[SIZES[-1]] / spent[SIZES[0]]
    print(f"for {SIZES[-1]} instead of {SIZES[0]} nodes: {growth:.2f} times (aim: flat, less than 1.5)", flush=True)
    return growth < 1.5


def _pretend(kubeconfig: Path, have: int, want: int) -> list[str]:
    """Node objects that nobody stands behind, until there are so many."""
    names = [f"pretended-{number}" for number in range(have, want)]
    items = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in names]
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    command = [_kubectl(), "--kubeconfig", str(kubeconfig), "apply", "--filename", "-"]
    subprocess.run(command, input=listing, text=True, check=True, stdout=subprocess.DEVNULL)
    return names


def _kubectl() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "navarch" / "binaries"
    return str(sorted(cache.glob("kubernetes-v1.37.2-*/kubectl"))[0])


def _inventory(groups: Mapping[str, Sequence[str]], settings: Mapping[str, Any]) -> str:
    """Hosts that are pretended need an address that is like no other."""
    hosts: dict[str, dict[str, str]] = {}
    for name in (name for names in groups.values() for name in names):
        number = int(name.rpartition("-")[2]) if name.startswith("pretended-") else -1
        hosts[name] = {"ansible_host": f"198.18.{number // 250}.{number % 250 + 1}"} if number >= 0 else {}
    children: dict[str, Any] = {"north": {"hosts": hosts, "vars": {"cluster_name": "north", **settings}}}
    children.update({group: {"hosts": {name: {} for name in names}} for group, names in groups.items() if names})
    return json.dumps({"all": {"children": children}})


def _provision(hosts: Hosts, groups: str, *words: str) -> Run:
    inventory = hosts.folder / "groups.yml"
    inventory.write_text(groups, encoding="utf-8")
    command = ["ansible-playbook", "-i", str(hosts.inventory), "-i", str(inventory), "-e", f"@{STAND_INS}"]
    # As many forks as hosts that are made at once, as the guide advises.
    environment = {
        **os.environ,
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_TIMEOUT": "60",
        "ANSIBLE_FORKS": "10",
    }
    began = time.monotonic()
    done = subprocess.run(
        [*command, "navarch.fleet.provision", *words], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    said = json.loads(done.stdout[done.stdout.index("{") :])
    if done.returncode:
        raise SystemExit(f"the play failed: {json.dumps(said.get('stats'), indent=1)}\n{done.stderr[-2000:]}")
    tasks: Counter[str] = Counter()
    kubeadm: dict[str, dict[str, float]] = {}
    for host, result in _results(said):
        if not result.get("skipped"):
            tasks[host] += 1
        if "ready" in result.get("seconds", {}):
            kubeadm[host] = result["seconds"]
    return Run(seconds, tasks, kubeadm)


def _results(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for play in said["plays"]:
        for task in play["tasks"]:
            yield from task["hosts"].items()


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
