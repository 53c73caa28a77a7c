# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every object of a namespace in several clusters, as JSON, to be compared with what was there before.

Left out is what can't stay the same: versions, generations, managedFields and status of objects, and what controllers
make of them (pods, ReplicaSets, Endpoints, Events). Of our own bookkeeping (the set of objects that the member keeps),
the epoch changes with each play, and the digests with the versions of objects; revision and list of kinds are compared.

Usage: everything.py NAMESPACE APPLICATION CLUSTER=KUBECONFIG ..., with the collection on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session

MADE_BY_CONTROLLERS = {"ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease", "Pod", "ReplicaSet"}
CHANGING = ("resourceVersion", "generation", "managedFields")
COUNTED = "deployment.kubernetes.io/revision"
PREFIX = "fleet.navarch.dev/"


def main() -> None:
    namespace, application = sys.argv[1:3]
    found: dict[str, Any] = {}
    for argument in sys.argv[3:]:
        cluster, kubeconfig = argument.split("=", 1)
        session = Session(cluster, read_kubeconfig(kubeconfig, allowed=frozenset({"file"}), cluster=cluster))
        found.update(everything(session, namespace, application))
    print(json.dumps(found, sort_keys=True))


def everything(session: Session, namespace: str, application: str) -> dict[str, Any]:
    found = {}
    for resource in session.discovery().storable():
        if resource.kind in MADE_BY_CONTROLLERS or not (resource.namespaced or resource.kind == "Namespace"):
            continue
        for item in session.list(resource, namespace if resource.namespaced else None):
            if resource.namespaced or item["metadata"]["name"] == namespace:
                found[f"{session.cluster}: {resource.kind} {item['metadata']['name']}"] = lasting(item)
    for secret in session.list(session.resource("v1", "Secret"), "navarch-system"):
        if (secret["metadata"].get("labels") or {}).get(f"{PREFIX}application") == application:
            marks = secret["metadata"]["annotations"]
            known = (
                f"{PREFIX}revision",
                f"{PREFIX}settled",
                f"{PREFIX}owner",
                "applyset.kubernetes.io/contains-group-kinds",
            )
            found[f"{session.cluster}: set of objects"] = {name: marks[name] for name in known}
    return found


def lasting(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key not in CHANGING}
    metadata["annotations"] = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != COUNTED
    }
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


if __name__ == "__main__":
    main()
