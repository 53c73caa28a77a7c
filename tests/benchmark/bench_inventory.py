# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory of a large fleet against a static inventory of the same content.

Promise: at most 1.5 times as long, with 1,000 clusters in the registry.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.fanout import fan_out
from ansible_collections.navarch.fleet.plugins.module_utils._registry.errors import RegistryMissingError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub, open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._registry.names import CLUSTERS

CLUSTER_COUNT = int(os.environ.get("NAVARCH_BENCHMARK_CLUSTERS", "1000"))
PROMISE = 1.5
ROUNDS = 5
MARK = "fleet.navarch.dev/benchmark"


def main() -> int:
    """Measure and say whether the promise holds."""
    kubeconfig = str(Path(os.environ["NAVARCH_TEST_LAB"]) / "hub.kubeconfig")
    hub = opened_hub(kubeconfig)
    with records(hub), tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "bench.fleet.yml"
        ours.write_text(
            f"plugin: navarch.fleet.fleet\nhub_kubeconfig: {kubeconfig}\nlabel_selector: {MARK}=inventory\n",
            encoding="utf-8",
        )
        static = Path(folder) / "static.yml"
        static.write_text(static_inventory(listed(ours)), encoding="utf-8")
        times: dict[str, list[float]] = {"static": [], "ours": []}
        for _round in range(ROUNDS):
            # Taken in turns, so that what else the machine does hits both alike.
            times["static"].append(seconds(static))
            times["ours"].append(seconds(ours))
    ratio = min(times["ours"]) / min(times["static"])
    print(f"inventory of {CLUSTER_COUNT} clusters, static: {min(times['static']):.2f} s")
    print(f"inventory of {CLUSTER_COUNT} clusters, from the registry: {min(times['ours']):.2f} s")
    print(f"inventory ratio: {ratio:.2f} (promise: at most {PROMISE})")
    return 0 if ratio <= PROMISE else 1


def opened_hub(kubeconfig: str) -> Hub:
    """The lab's hub, with a registry."""
    credential = read_kubeconfig(kubeconfig, allowed=frozenset({"file"}))
    try:
        return open_hub(credential)
    except RegistryMissingError:
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "navarch.fleet.registry"]
        subprocess.run([*command, "-e", f"navarch_hub_kubeconfig={kubeconfig}"], check=True, capture_output=True)
        return open_hub(credential)


@contextmanager
def records(hub: Hub) -> Iterator[None]:
    """Records of clusters that don't exist, for as long as the measurement runs."""
    bodies = {f"bench-{number:04d}": record(number) for number in range(CLUSTER_COUNT)}

    def write(name: str, body: dict[str, Any]) -> None:
        hub.session.apply(CLUSTERS, {key: value for key, value in body.items() if key != "status"})
        hub.session.patch(CLUSTERS, name, {"status": body["status"]}, subresource="status")

    def remove(name: str, _body: dict[str, Any]) -> None:
        hub.session.delete(CLUSTERS, name)

    try:
        for outcome in fan_out(bodies, write, workers=16).values():
            outcome.get()
        yield
    finally:
        for outcome in fan_out(bodies, remove, workers=16).values():
            outcome.get()


def record(number: int) -> dict[str, Any]:
    """A Cluster as a probe would leave it."""
    region, provider = f"region-{number % 12}", ("idc", "openstack", "aws")[number % 3]
    ready = "False" if number % 50 == 0 else "True"
    observed = "2026-01-01T00:00:00Z"
    kinds = [{"name": f"things{kind}", "kind": f"Thing{kind}"} for kind in range(3)]
    return {
        "apiVersion": CLUSTERS.api_version,
        "kind": CLUSTERS.kind,
        "metadata": {
            "name": f"bench-{number:04d}",
            "labels": {MARK: "inventory", "env": ("prod", "stage")[number % 2], "tier": str(number % 4)},
        },
        "spec": {
            "provider": provider,
            "region": region,
            "zones": [f"{region}-{letter}" for letter in "ab"],
            "apiEndpoint": f"https://192.0.2.1:{10000 + number}",
            "cost": 0.03,
            "taints": [{"key": "edge", "value": "yes", "effect": "NoSchedule"}] if number % 10 == 0 else [],
        },
        "status": {
            "kubernetesVersion": "v1.37.2",
            "systemUID": f"00000000-0000-0000-0000-{number:012d}",
            "nodeSummary": {"totalNum": 5, "readyNum": 5},
            "resourceSummary": {
                "allocatable": {"cpu": "40", "memory": "160Gi", "pods": "550"},
                "allocated": {"cpu": "12500m", "memory": "40Gi", "pods": "80"},
            },
            "apiEnablements": [{"groupVersion": f"group{group}.example/v1", "resources": kinds} for group in range(30)],
            "conditions": [
                condition("Ready", ready, observed),
                condition("CredentialExpiring", "False", observed),
            ],
            "observedAt": observed,
        },
    }


def condition(kind: str, status: str, since: str) -> dict[str, str]:
    """A condition in the form of Kubernetes."""
    return {"type": kind, "status": status, "reason": "Benchmark", "message": "", "lastTransitionTime": since}


def listed(source: Path) -> dict[str, Any]:
    """What ``ansible-inventory --list`` says."""
    command = [inventory_command(), "-i", str(source), "--list"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def seconds(source: Path) -> float:
    """How long that takes."""
    begin = time.perf_counter()
    listed(source)
    return time.perf_counter() - begin


def static_inventory(document: dict[str, Any]) -> str:
    """The same content as a static inventory, in JSON, which is the fastest form that the YAML plugin reads."""
    hosts = document["_meta"]["hostvars"]
    groups: dict[str, Any] = {
        name: {"hosts": {host: {} for host in group["hosts"]}}
        for name, group in document.items()
        if name != "_meta" and group.get("hosts")
    }
    return json.dumps({"all": {"hosts": plain(hosts), "children": groups}})


def plain(value: Any) -> Any:
    """The value without the marks that listings put on what must not be templated."""
    if isinstance(value, dict):
        return value.get("__ansible_unsafe", {key: plain(item) for key, item in value.items()})
    return [plain(item) for item in value] if isinstance(value, list) else value


def inventory_command() -> str:
    """``ansible-inventory`` of the Python that runs this."""
    return str(Path(sys.executable).with_name("ansible-inventory"))


if __name__ == "__main__":
    raise SystemExit(main())
