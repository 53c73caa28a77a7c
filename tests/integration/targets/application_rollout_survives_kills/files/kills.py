# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roll out, die as by SIGKILL right after the Nth write that a server answered, and roll out again: what is there then?

Usage: kills.py KIND HUB_KUBECONFIG CUTS, with the collection on PYTHONPATH. KIND is `good` (it goes through) or `bad`
(a cluster of the second wave takes no more pods, and it is rolled back); CUTS are numbers of writes, or `all`.
Prints one line per cut, and fails when any play that was killed and run again left something else than one that was not.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._delivery import deliver
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Settings, Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.prepare import open_fleet
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.remove import remove
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.result import Result
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import read_sources
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.status import statuses
from ansible_collections.navarch.fleet.plugins.module_utils._kube.transport import Answer, Request, Transport
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub

NAME = "kills"
ACTOR = Actor("kills", "a test", "here")
MORE_THAN_THERE_ARE = 500
KINDS = ("ConfigMap", "Deployment", "Namespace")
CHANGING = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


def config(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


def web(image: str) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


BEFORE = [web("nginx:1"), config("changes", "1"), config("leaves", "1")]
AFTER = [web("nginx:2"), config("changes", "2"), config("comes", "1")]


def main() -> None:
    kind, kubeconfig, cuts = sys.argv[1:4]
    hub = open_hub({"hub_kubeconfig": kubeconfig})
    if len(sys.argv) > 4:
        die_after_write(int(sys.argv[4]))
        roll_out(hub, AFTER, rolling(kind))
        return
    begin_anew(hub, kind)
    roll_out(hub, AFTER, rolling(kind))
    wanted = what_is_there(hub)
    wrong = 0
    for number in range(1, MORE_THAN_THERE_ARE) if cuts == "all" else [int(cut) for cut in cuts.split(",")]:
        begin_anew(hub, kind)
        killed = subprocess.run([sys.executable, __file__, kind, kubeconfig, cuts, str(number)], check=False)
        if killed.returncode == 0:
            print(f"{kind}: there is no write {number}")
            break
        died_in = where_it_stands(hub)
        roll_out(hub, AFTER, rolling(kind))
        found = what_is_there(hub)
        wrong += found != wanted
        print(
            f"{kind}: killed after write {number}, {died_in}: {'the same' if found == wanted else difference(wanted, found)}"
        )
    sys.exit(1 if wrong else 0)


def rolling(kind: str) -> dict[str, Any]:
    waves = [{"name": "first", "clusters": 1, "canary": "50%"}, {"name": "rest"}]
    return {"waves": waves, "progressDeadline": "6s" if kind == "bad" else "60s"}


def roll_out(hub: Hub, objects: list[dict[str, Any]], rollout: dict[str, Any]) -> Result:
    sources = read_sources([{"inline": item} for item in objects])
    spec = Spec("default", NAME, NAME, {}, source_digest=sources.digest, rollout=rollout)
    return deliver.apply(hub, deliver.ApplyRequest(spec, sources.objects, Settings(timeout=90)), ACTOR, check=False)


def begin_anew(hub: Hub, kind: str) -> None:
    remove(hub, "default", NAME, Settings(timeout=60, prune_allow=("Namespace",)), ACTOR, check=False)
    roll_out(hub, BEFORE, {})
    if kind == "bad":
        sessions = open_fleet(hub).sessions
        session = sessions[sorted(sessions)[-1]]
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full", "namespace": NAME}}
        session.create(session.resource("v1", "ResourceQuota"), {**quota, "spec": {"hard": {"pods": "2"}}})


def what_is_there(hub: Hub) -> dict[str, Any]:
    """The objects in the members, and what the hub says of the application."""
    found: dict[str, Any] = {}
    for cluster, session in open_fleet(hub).sessions.items():
        for resource in session.discovery().storable():
            if resource.kind not in KINDS:
                continue
            for item in session.list(resource, NAME if resource.namespaced else None):
                if item["metadata"].get("namespace") == NAME or item["metadata"]["name"] == NAME:
                    metadata = {key: value for key, value in item["metadata"].items() if key not in CHANGING}
                    metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
                    lasting = {key: value for key, value in item.items() if key not in ("metadata", "status")}
                    found[f"{cluster} {resource.kind} {item['metadata']['name']}"] = {**lasting, "metadata": metadata}
    status = statuses(hub, tenant="default", name=NAME, look=True)[0].to_dict()
    clusters = {name: [entry["revision"], entry["drifted"]] for name, entry in status["clusters"].items()}
    rollout = status.get("rollout") or {}
    return {
        **found,
        "hub": [status["phase"], status["revision"], clusters, rollout.get("phase"), rollout.get("touched")],
    }


def where_it_stands(hub: Hub) -> str:
    found = statuses(hub, tenant="default", name=NAME, look=False)
    rollout = found[0].to_dict().get("rollout") if found else None
    return f"{rollout['phase']} at step {rollout['step'] + 1}" if rollout else "before it was begun"


def difference(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    names = [name for name in sorted({*wanted, *found}) if wanted.get(name) != found.get(name)]
    return "; ".join(f"{name}: {json.dumps(wanted.get(name))} became {json.dumps(found.get(name))}" for name in names)


def die_after_write(number: int) -> None:
    send = Transport.send
    writes = itertools.count(1)

    def counted(self: Transport, request: Request, *, timeout: float | None = None) -> Answer:
        answer = send(self, request, timeout=timeout)
        kept = request.method != "GET" and ("dryRun", "All") not in request.query
        # Renewing the lease and refreshing facts are no steps of the work.
        if kept and "/leases" not in request.path and "/clusters/" not in request.path and next(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Transport.send = counted


if __name__ == "__main__":
    main()
