# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do something, die as by SIGKILL right after the Nth write that a server answered, and do it again: what is there then?

Usage: kills.py KIND HUB_KUBECONFIG CUTS, with the collection and `dying.py` on PYTHONPATH. KIND is one of the acts below; CUTS are
numbers of writes (`RollingBack+2` counts from the write on that begins this phase: how many come before it is a matter of
the machine's speed), or `all`. Prints one line per cut, and fails when what was killed and run again left something else
than what was not, or, where nothing may be disturbed, when a pod or a generation is not the same as before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dying import die_after_write

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._delivery import deliver
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import (
    Actor,
    Adoption,
    Settings,
    Spec,
)
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.prepare import open_fleet
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.reinstate import reinstate
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.release import release
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.remove import remove
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import read_sources
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.status import statuses
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.verify import PODS
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub

NAME = "kills"
ACTOR = Actor("kills", "a test", "here")
MORE_THAN_THERE_ARE = 500
KINDS = ("ConfigMap", "Deployment", "Namespace")
CHANGING = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
NOBODY = "kubectl-client-side-apply"


def config(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}}


def web(image: str) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


BEFORE = [web("nginx:1"), config("changes", "1"), config("leaves", "1")]
AFTER = [web("nginx:2"), config("changes", "2"), config("comes", "1")]


@dataclass(frozen=True)
class Act:
    """What is killed: how the world is made for it, what is done, and whether what runs must not notice."""

    prepare: Callable[[Hub], None]
    do: Callable[[Hub], object]
    quiet: bool = False


def main() -> None:
    kind, kubeconfig, cuts = sys.argv[1:4]
    hub, act = open_hub({"hub_kubeconfig": kubeconfig}), ACTS[kind]
    if len(sys.argv) > 4:
        phase, _plus, number = sys.argv[4].rpartition("+")
        die_after_write(int(number), phase)
        act.do(hub)
        return
    begin_anew(hub, act)
    act.do(hub)
    wanted = what_is_there(hub)
    wrong = 0
    for cut in map(str, range(1, MORE_THAN_THERE_ARE)) if cuts == "all" else cuts.split(","):
        begin_anew(hub, act)
        before = what_runs(hub)
        killed = subprocess.run([sys.executable, __file__, kind, kubeconfig, cuts, cut], check=False)
        if killed.returncode == 0:
            print(f"{kind}: there is no write {cut}")
            break
        died_in = where_it_stands(hub)
        act.do(hub)
        found = what_is_there(hub)
        said = "the same" if found == wanted else difference(wanted, found)
        if act.quiet and what_runs(hub) != before:
            said += f"; disturbed: {difference(before, what_runs(hub))}"
        wrong += said != "the same"
        print(f"{kind}: killed after write {cut}, {died_in}: {said}")
    sys.exit(1 if wrong else 0)


def begin_anew(hub: Hub, act: Act) -> None:
    """Nothing is left of the last time, neither ours nor what was given back."""
    remove(hub, "default", NAME, Settings(timeout=60, prune_allow=("Namespace",)), ACTOR, check=False)
    for session in open_fleet(hub).sessions.values():
        namespaces = session.resource("v1", "Namespace")
        session.delete(namespaces, NAME)
        while session.get(namespaces, NAME) is not None:
            time.sleep(0.2)
    act.prepare(hub)


def rolling(deadline: str) -> dict[str, Any]:
    waves = [{"name": "first", "clusters": 1, "canary": "50%"}, {"name": "rest"}]
    return {"waves": waves, "progressDeadline": deadline}


def roll_out(hub: Hub, objects: list[dict[str, Any]], rollout: dict[str, Any], adopt: tuple[str, ...] = ()) -> None:
    sources = read_sources([{"inline": item} for item in objects])
    spec = Spec("default", NAME, NAME, {}, source_digest=sources.digest, rollout=rollout)
    settings = Settings(timeout=90, adoption=Adoption(clusters=adopt))
    deliver.apply(hub, deliver.ApplyRequest(spec, sources.objects, settings), ACTOR, check=False)


def deliver_first(hub: Hub) -> None:
    roll_out(hub, BEFORE, {})


def deliver_first_with_a_full_cluster(hub: Hub) -> None:
    deliver_first(hub)
    session = members(hub)[-1]
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full", "namespace": NAME}}
    session.create(session.resource("v1", "ResourceQuota"), {**quota, "spec": {"hard": {"pods": "2"}}})


def let_it_run_without_us(hub: Hub) -> None:
    """What kubectl would have made, in all members, with its pods."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}}
    for session in members(hub):
        nobody = session.acting_as(NOBODY)
        nobody.create(session.resource("v1", "Namespace"), namespace)
        for item in BEFORE:
            body = {**item, "metadata": {**item["metadata"], "namespace": NAME}}
            nobody.create(session.resource(item["apiVersion"], item["kind"]), body)
    for session in members(hub):
        deployments = session.resource("apps/v1", "Deployment")
        while (session.get(deployments, "web", NAME) or {}).get("status", {}).get("readyReplicas") != 2:
            time.sleep(0.2)


def adopted(hub: Hub) -> None:
    let_it_run_without_us(hub)
    adopt(hub)


def adopt(hub: Hub) -> None:
    roll_out(hub, BEFORE, {}, adopt=("*",))


def deliver_twice(hub: Hub) -> None:
    deliver_first(hub)
    roll_out(hub, AFTER, {})


def go_back(hub: Hub) -> None:
    reinstate(hub, "default", NAME, None, Settings(timeout=90), ACTOR, check=False)


def give_back(hub: Hub) -> None:
    release(hub, "default", NAME, (), ACTOR, check=False)


def give_one_back(hub: Hub) -> None:
    release(hub, "default", NAME, (members(hub)[0].cluster,), ACTOR, check=False)


ACTS = {
    "good": Act(deliver_first, lambda hub: roll_out(hub, AFTER, rolling("60s"))),
    "bad": Act(deliver_first_with_a_full_cluster, lambda hub: roll_out(hub, AFTER, rolling("6s"))),
    "back": Act(deliver_twice, go_back),
    "adopt": Act(let_it_run_without_us, adopt, quiet=True),
    "release": Act(adopted, give_back, quiet=True),
    "release-one": Act(adopted, give_one_back, quiet=True),
}


def members(hub: Hub) -> list[Session]:
    return [session for _name, session in sorted(open_fleet(hub).sessions.items())]


def what_is_there(hub: Hub) -> dict[str, Any]:
    """The objects in the members, our lists of them, and what the hub says of the application."""
    found: dict[str, Any] = {}
    for session in members(hub):
        for resource in session.discovery().storable():
            if resource.kind not in KINDS:
                continue
            for item in session.list(resource, NAME if resource.namespaced else None):
                if item["metadata"].get("namespace") == NAME or item["metadata"]["name"] == NAME:
                    metadata = {key: value for key, value in item["metadata"].items() if key not in CHANGING}
                    metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
                    lasting = {key: value for key, value in item.items() if key not in ("metadata", "status")}
                    found[f"{session.cluster} {resource.kind} {item['metadata']['name']}"] = {
                        **lasting,
                        "metadata": metadata,
                        "managers": sorted(entry["manager"] for entry in item["metadata"].get("managedFields") or []),
                    }
        selector = f"fleet.navarch.dev/application={NAME}"
        sets = session.list(session.resource("v1", "Secret"), "navarch-system", label_selector=selector)
        found[f"{session.cluster} sets"] = [
            entry["metadata"]["annotations"]["fleet.navarch.dev/settled"] for entry in sets
        ]
    return {**found, "hub": what_the_hub_says(hub)}


def what_the_hub_says(hub: Hub) -> list[Any]:
    known = statuses(hub, tenant="default", name=NAME, look=True)
    if not known:
        return []
    status = known[0].to_dict()
    clusters = {name: [entry["revision"], entry["drifted"]] for name, entry in status["clusters"].items()}
    rollout = status.get("rollout") or {}
    return [status["phase"], status["revision"], clusters, rollout.get("phase"), rollout.get("touched")]


def what_runs(hub: Hub) -> dict[str, Any]:
    """What shows a restart: the pods, and how often the Deployment was changed."""
    found: dict[str, Any] = {}
    for session in members(hub):
        pods = session.list(PODS, NAME)
        found[f"{session.cluster} pods"] = sorted(pod["metadata"]["uid"] for pod in pods)
        for item in session.list(session.resource("apps/v1", "Deployment"), NAME):
            found[f"{session.cluster} {item['metadata']['uid']}"] = item["metadata"]["generation"]
    return found


def where_it_stands(hub: Hub) -> str:
    found = statuses(hub, tenant="default", name=NAME, look=False)
    if not found:
        return "the hub does not know it"
    rollout = found[0].to_dict().get("rollout")
    return f"{rollout['phase']} at step {rollout['step'] + 1}" if rollout else f"phase {found[0].to_dict()['phase']}"


def difference(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    names = [name for name in sorted({*wanted, *found}) if wanted.get(name) != found.get(name)]
    return "; ".join(f"{name}: {json.dumps(wanted.get(name))} became {json.dumps(found.get(name))}" for name in names)


if __name__ == "__main__":
    main()
