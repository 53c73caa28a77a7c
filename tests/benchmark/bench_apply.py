# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many objects over the lab's members, in one run: ours, `kubectl apply --server-side`, and a loop of kubernetes.core.k8s.

Each is timed as its user starts it: a play with one task, one kubectl per cluster side by side, a play with a loop. What
the dry run before the first write costs is a run of its own, with --check. The loop is timed over a sample of the
objects in one cluster, as the whole of it would take an hour.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from plays import NOTHING, play, role

OBJECTS = int(os.environ.get("NAVARCH_BENCH_OBJECTS", "1000"))
SAMPLE = 20
ROUNDS = 3
"""How often each does what changes nothing; the best counts."""
WHATS = ("first", "unchanged")
NAME = "throughput"
AIM = 10
"""An apply without a change should be that many times as fast as kubectl's. Promised is that both are faster."""


def main() -> int:
    """Measure and say whether the promises hold."""
    lab = Path(os.environ["NAVARCH_TEST_LAB"])
    clusters = yaml.safe_load((lab / "clusters.yml").read_text(encoding="utf-8"))["join_clusters"]
    configs = [str(entry["kubeconfig"]) for entry in clusters]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        hub = str(lab / "hub.kubeconfig")
        play(place, hub, [role("registry")])
        play(place, hub, [role("join", join_clusters=clusters)])
        try:
            figures = measured(place, hub, configs)
        finally:
            play(place, hub, [ours(place, state="absent")])
            for config in configs:
                kubectl(config, "delete", "namespace", NAME, f"{NAME}-kubectl", f"{NAME}-loop", "--ignore-not-found")
    return report(figures, len(configs))


def measured(place: Path, hub: str, configs: list[str]) -> dict[str, float]:
    """Seconds of each run."""
    empty = play(place, hub, [NOTHING])
    figures = {"verify": play(place, hub, [ours(place)], "--check") - empty}
    figures["ours first"] = play(place, hub, [ours(place)]) - empty
    file = place / "objects.yml"
    file.write_text(yaml.safe_dump_all(objects(OBJECTS, f"{NAME}-kubectl")), encoding="utf-8")
    for config in configs:
        kubectl(config, "create", "namespace", f"{NAME}-kubectl")
        kubectl(config, "create", "namespace", f"{NAME}-loop")
    figures["kubectl first"] = timed(lambda: side_by_side(configs, file))
    for what in WHATS:
        figures[f"loop {what}"] = (play(place, hub, [loop(configs[0])]) - empty) / SAMPLE * OBJECTS * len(configs)
    # By turns, so that what else the machine does is shared fairly.
    rounds = [
        (play(place, hub, [NOTHING]), play(place, hub, [ours(place)]), timed(lambda: side_by_side(configs, file)))
        for _round in range(ROUNDS)
    ]
    nothing, whole, theirs = (min(column) for column in zip(*rounds, strict=True))
    return {**figures, "empty": nothing, "ours unchanged": whole - nothing, "kubectl unchanged": theirs}


def report(figures: dict[str, float], clusters: int) -> int:
    """The table, and whether the promises hold."""
    total = OBJECTS * clusters
    print(f"{OBJECTS} objects over {clusters} members, {total} in all, seconds and objects per second:")
    for name, title in (("ours", "navarch.fleet.application"), ("kubectl", "kubectl apply --server-side"),
                        ("loop", "kubernetes.core.k8s in a loop")):  # fmt: skip
        cells = [f"{figures[f'{name} {what}']:8.1f} s {total / figures[f'{name} {what}']:8.1f}/s" for what in WHATS]
        print(f"  {title:30} first {cells[0]}   no change {cells[1]}")
    print(f"  kubectl is {newest_kubectl()}")
    whole = figures["empty"] + figures["ours unchanged"]
    print(
        f"  not counted: an empty play, {figures['empty']:.1f} s of the {whole:.1f} s that ours takes without a change"
    )
    write = figures["ours first"] - figures["verify"]
    print(f"  of the first apply, looking and asking by dry run takes {figures['verify']:.1f} s, writing {write:.1f} s")
    faster = figures["kubectl unchanged"] / figures["ours unchanged"]
    print(f"  no change, against kubectl: {faster:.1f} times as fast (promise: 1, aim: {AIM}), against the loop: "
          f"{figures['loop unchanged'] / figures['ours unchanged']:.0f} times")  # fmt: skip
    print(
        f"  writing at first apply, against kubectl: {figures['kubectl first'] / write:.2f} times as fast (promise: 1)"
    )
    return 0 if faster >= 1 and write <= figures["kubectl first"] else 1


def ours(place: Path, **more: Any) -> dict[str, Any]:
    """One call of the module; health is not waited for, as kubectl doesn't."""
    file = place / "ours.yml"
    file.write_text(yaml.safe_dump_all(objects(OBJECTS, None)), encoding="utf-8")
    options = {"name": NAME, "namespace": NAME, "sources": [{"file": str(file)}], "wait": False, **more}
    return {"navarch.fleet.application": options}


def loop(config: str) -> dict[str, Any]:
    """The module that users write loops with."""
    options = {"kubeconfig": config, "definition": "{{ item }}", "apply": True}
    return {"kubernetes.core.k8s": {**options, "server_side_apply": {"field_manager": "loop"}},
            "loop": objects(SAMPLE, f"{NAME}-loop"), "loop_control": {"label": "{{ item.metadata.name }}"}}  # fmt: skip


def objects(count: int, namespace: str | None) -> list[dict[str, Any]]:
    """A mixture as applications have it: settings, services without addresses (a lab has few), workloads without pods."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        labels = {"app": f"part-{number}"}
        metadata: dict[str, Any] = {"name": f"part-{number}", "labels": labels}
        if namespace:
            metadata["namespace"] = namespace
        container = {"name": "main", "image": "registry.example/part:1", "ports": [{"containerPort": 80}]}
        pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        workload = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
        settings = {"settings": "value of some length\n" * 8}
        found.append(
            [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings},
                {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"clusterIP": "None", "selector": labels, "ports": [{"port": 80}]}},
                {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": workload},
            ][number % 3]
        )  # fmt: skip
    return found


def side_by_side(configs: list[str], file: Path) -> None:
    """One kubectl per cluster at once."""
    running = [
        subprocess.Popen(
            [newest_kubectl(), f"--kubeconfig={config}", "apply", "--server-side", f"--filename={file}"],
            stdout=subprocess.DEVNULL,
        )
        for config in configs
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("kubectl failed")


def newest_kubectl() -> str:
    """As new as the lab's servers, where the cache has it; what is in PATH may be years older, and slower."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = sorted(cache.glob("navarch/binaries/kubernetes-*/kubectl"))
    return str(found[-1]) if found else "kubectl"


def kubectl(config: str, *words: str) -> None:
    """Run kubectl and hope for the best: it only prepares and cleans."""
    subprocess.run([newest_kubectl(), f"--kubeconfig={config}", *words], capture_output=True, check=False)


def timed(work: Callable[[], None]) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
