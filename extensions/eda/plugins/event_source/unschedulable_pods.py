# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Events about pods that find no node, in members of a fleet that have machine sets
description:
  - Looks at every member that has machine sets, from time to time, and sends one event for all of them when pods have been unschedulable for long enough.
  - Sends another event at longer intervals, so that idle machines are looked after.
  - Events are small and name pods and members; they hold no credential. A member that does not answer is passed over.
options:
  interval:
    description: Seconds between looks.
    type: float
    default: 15
  delay:
    description: Seconds for which a pod is unschedulable before it counts.
    type: float
    default: 30
  idle_interval:
    description: Seconds between events that idle machines are looked after. V(0) sends none.
    type: float
    default: 300
  hub_kubeconfig:
    description: Path of the hub's kubeconfig. The environment variable E(NAVARCH_HUB_KUBECONFIG) says the same.
    type: str
  hub_context:
    description: Its context.
    type: str
  hub_namespace:
    description: Namespace of the registry.
    type: str
"""

EXAMPLES = r"""
- navarch.fleet.unschedulable_pods:
    interval: 15
    delay: 30
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

# A source is loaded as a bare file, without Ansible's collection loader: it finds the collection by its own place. Links are not
# followed, since a checkout that is linked into a collections folder has the right name there only.
_PACKAGES = Path(__file__).absolute().parents[7]


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Look and send, until it is cancelled."""
    interval, idle = float(args.get("interval", 15)), float(args.get("idle_interval", 300))
    next_idle = time.monotonic() + idle
    while True:
        found = await asyncio.to_thread(_look, args)
        if found:
            await queue.put({"navarch": {"type": "pods_unschedulable", **found}})
        if idle and time.monotonic() >= next_idle:
            next_idle = time.monotonic() + idle
            await queue.put({"navarch": {"type": "machines_idle"}})
        await asyncio.sleep(interval)


def _look(args: dict[str, Any]) -> dict[str, Any]:
    """What there is to tell: counts by member and a few names; empty when there is nothing."""
    if str(_PACKAGES) not in sys.path:
        sys.path.insert(0, str(_PACKAGES))
    from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
    from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError
    from ansible_collections.navarch.fleet.plugins.module_utils._machines.waiting import pods_waiting

    try:
        waiting = pods_waiting(open_hub(args), float(args.get("delay", 30)))
    except FleetError as error:
        # The next look may find the hub again; a source that ends would end the rulebook.
        sys.stderr.write(f"navarch.fleet.unschedulable_pods: {error}\n")
        return {}
    if not waiting:
        return {}
    return {
        "clusters": {name: len(pods) for name, pods in waiting.items()},
        "pods": [f"{name}: {pod}" for name, pods in waiting.items() for pod in pods[:5]][:20],
    }
