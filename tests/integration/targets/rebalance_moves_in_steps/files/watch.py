# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count the ready replicas of a Deployment over several clusters, again and again, until a file appears; write the least."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from kubernetes.client import AppsV1Api
from kubernetes.config import new_client_from_config

NAMESPACE, NAME = "rebalance-steps", "web"


def ready(api: AppsV1Api) -> int:
    found = api.list_namespaced_deployment(NAMESPACE, field_selector=f"metadata.name={NAME}").items
    return sum(each.status.ready_replicas or 0 for each in found)


def main(folder: str, *kubeconfigs: str) -> None:
    """A move between two looks of one count may be missed in one order of clusters, never in both."""
    apis = [AppsV1Api(new_client_from_config(each)) for each in kubeconfigs]
    looks, least = 0, sys.maxsize
    while not Path(folder, "stop").exists():
        total = max(sum(ready(api) for api in order) for order in (apis, apis[::-1]))
        looks, least = looks + 1, min(least, total)
        Path(folder, "seen.json").write_text(json.dumps({"looks": looks, "least": least}))
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
