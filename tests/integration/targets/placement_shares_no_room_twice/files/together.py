# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deliver several applications at the same instant: all have planned before any of them writes.

Usage: together.py HUB_KUBECONFIG, with the collection on PYTHONPATH and on the standard input a JSON object of
`placement`, `manifest` and `names`. Prints what came of each as a JSON object: an error's message, or nothing.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._delivery import deliver
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Settings, Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import read_sources
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError


def main() -> None:
    asked = json.load(sys.stdin)
    names, barrier = asked["names"], Barrier(len(asked["names"]), timeout=120)
    with ThreadPoolExecutor(len(names)) as pool:
        told = pool.map(lambda name: _deliver(sys.argv[1], name, asked, barrier), names)
        print(json.dumps(dict(zip(names, told, strict=True))))


def _deliver(kubeconfig: str, name: str, asked: dict[str, Any], barrier: Barrier) -> str:
    met: list[int] = []

    def wait_for_all(*_plan: object) -> None:
        if not met:
            met.append(barrier.wait())

    sources = read_sources([{"inline": asked["manifest"]}])
    spec = Spec("default", name, name, asked["placement"], source_digest=sources.digest)
    request = deliver.ApplyRequest(spec, sources.objects, Settings(timeout=120), inspect=wait_for_all)
    try:
        deliver.apply(open_hub({"hub_kubeconfig": kubeconfig}), request, Actor(name, "a test", "here"), check=False)
    except FleetError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
