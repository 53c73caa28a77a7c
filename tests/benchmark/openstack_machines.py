# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten servers: made by one call of ours, and by ``openstack.cloud.server`` in a loop, in the same cloud in one run.

Ours makes network, security groups, ports and host keys with them; the loop finds its network there. The aim is the time
of the slowest server, not the sum of all.

Collection openstack.cloud 2.5.0 asks openstacksdk for its version in a way that 4.22 does not answer any more, unless somebody has
imported that part before. Its modules get a Python that has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

COUNT = int(os.environ.get("NAVARCH_BENCHMARK_SERVERS", "10"))
OURS: Mapping[str, Any] = {
    "cloud": "lab",
    "cluster": "bench",
    "network": {"cidr": "10.69.0.0/24"},
    "sets": [{"name": "worker", "count": COUNT, "flavor": "m1.tiny", "image": "nothing"}],
}


def main() -> int:
    """Measure both, print both."""
    os.environ["OS_CLIENT_CONFIG_FILE"] = os.environ["NAVARCH_TEST_CLOUDS"]
    import openstack

    cloud = openstack.connect(cloud="lab")
    place = tempfile.TemporaryDirectory()
    environment = shim(place.name)
    try:
        # Nova's first servers after its start are slow: neither of the two shall pay for that.
        play([ours({**OURS, "sets": [{**OURS["sets"][0], "count": 1}]})])
        play([ours({**OURS, "state": "absent"})])
        seconds = play([ours(OURS)])
        slowest = max(building(server) for server in cloud.compute.servers(name="^bench-worker-"))
        again = play([ours(OURS)])
        network = cloud.network.create_network(name="bench-loop")
        cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.70.0.0/24")
        looped = play([loop("present", environment)])
    finally:
        play([ours({**OURS, "state": "absent"})])
        play([loop("absent", environment)])
        for network in cloud.network.networks(name="bench-loop"):
            cloud.network.delete_network(network.id)
        place.cleanup()
    idle = play([])
    print(f"{COUNT} servers with all they need, one call: {seconds - idle:.1f} s (Nova's slowest took {slowest:.1f} s)")
    print(f"the same call once more, nothing to do: {again - idle:.1f} s")
    print(
        f"{COUNT} servers, openstack.cloud.server in a loop: {looped - idle:.1f} s, {(looped - idle) / (seconds - idle):.1f} times as long"
    )
    return 0


def shim(folder: str) -> dict[str, str]:
    """The environment of a Python that has imported openstacksdk's version; modules of openstack.cloud import the rest anyhow."""
    Path(folder, "sitecustomize.py").write_text("import openstack.version\n", encoding="utf-8")
    return {"PYTHONPATH": folder}


def ours(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "Ours", "navarch.fleet.openstack_machines": dict(options)}


def loop(state: str, environment: Mapping[str, str]) -> dict[str, Any]:
    server = {"cloud": "lab", "name": "bench-loop-{{ item }}", "state": state}
    more = {"image": "nothing", "flavor": "m1.tiny", "network": "bench-loop", "auto_ip": False}
    options = server | more if state == "present" else server
    many = {"loop": list(range(COUNT)), "environment": dict(environment)}
    return {"name": "Theirs", "openstack.cloud.server": options, **many}


def play(tasks: list[dict[str, Any]]) -> float:
    """Run these tasks in a play of their own; seconds."""
    python = {"ansible_python_interpreter": sys.executable}
    document = [{"name": "Benchmark", "hosts": "localhost", "gather_facts": False, "vars": python, "tasks": tasks}]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "play.yml")
        file.write_text(json.dumps(document), encoding="utf-8")
        begin = time.monotonic()
        done = subprocess.run(["ansible-playbook", str(file)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout[-3000:])
        return time.monotonic() - begin


def building(server: Any) -> float:
    """Seconds between Nova's acceptance of a server and its launch."""
    begin = datetime.fromisoformat(server.created_at.removesuffix("Z"))
    return (datetime.fromisoformat(server.launched_at.removesuffix("Z")) - begin).total_seconds()


if __name__ == "__main__":
    sys.exit(main())
