# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Node as its cluster sees it: labels and taints, drained or not, there or not. Asked and changed on a control plane."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import etcd, kubectl
from .errors import NodeError
from .kubelet import DRAINED_FOR, OWN_LABELS, OWN_TAINTS
from .steps import Step

TOPIC = "node"
# kubectl's own deadline comes first, so that its last words are heard.
_GRACE = 30.0


class State(Enum):
    """What is wanted of a Node."""

    PRESENT = "present"
    DRAINED = "drained"
    SCHEDULABLE = "schedulable"
    """It is Ready, and takes pods unless somebody else keeps it from them."""
    ABSENT = "absent"


@dataclass(frozen=True)
class Wanted:
    """What a Node is to be."""

    name: str
    state: State
    labels: Mapping[str, str] | None
    """Those that we look after; None: left as they are."""
    taints: Sequence[Mapping[str, str]] | None
    """Those that we look after: key, value, effect. None: left as they are."""
    purpose: str
    """For what it is drained; only who drained it for this takes the cordon away."""
    version: str
    """Of its kubelet, once it is schedulable; empty: any."""
    delete_unmanaged: bool
    """Whether pods that no controller brings back may be deleted."""
    deadline: float


@dataclass(frozen=True)
class Found:
    """A Node, the pods that run on it, and the budgets that protect them."""

    node: Mapping[str, Any] | None
    pods: tuple[Mapping[str, Any], ...]
    """Those that draining moves."""
    member: str = ""
    """Identity of the member of etcd that has the Node's name; asked for only if the Node is to go."""

    @property
    def annotations(self) -> Mapping[str, str]:
        return ((self.node or {}).get("metadata") or {}).get("annotations") or {}

    @property
    def cordoned(self) -> bool:
        return bool(((self.node or {}).get("spec") or {}).get("unschedulable"))


@dataclass(frozen=True)
class Blocked:
    """A pod that could not be evicted, and the budget that forbids it."""

    pod: str
    budget: str

    def __str__(self) -> str:
        return f"{self.pod} ({self.budget})" if self.budget else self.pod


def observe(wanted: Wanted) -> Found:
    """Look at the Node, and at its pods where they matter."""
    node = kubectl.get("node", wanted.name)
    moves = node is not None and wanted.state in (State.DRAINED, State.ABSENT)
    pods = tuple(movable(_pods_on(wanted.name))) if moves else ()
    return Found(node, pods, _member(wanted.name) if wanted.state is State.ABSENT else "")


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """What has to be done to the Node."""
    if wanted.state is State.ABSENT:
        return _leave(wanted, found)
    if found.node is None:
        raise NodeError(f"The cluster has no Node {wanted.name}.", "See whether its host has joined.")
    steps = [step for step in (_labels(wanted, found), _taints(wanted, found)) if step is not None]
    if wanted.state is State.DRAINED and (not found.cordoned or found.pods):
        steps.append(_drain(wanted, found))
    if wanted.state is State.SCHEDULABLE and found.annotations.get(DRAINED_FOR) == wanted.purpose:
        steps.append(Step(TOPIC, "uncordon", wanted.name, f"{wanted.purpose} is over", "cordoned", "takes pods"))
    return steps


def act(step: Step, wanted: Wanted, found: Found) -> None:
    """Carry out one step."""
    if step.action == "drain":
        _carry_out_drain(wanted, found)
    elif step.action == "uncordon":
        verify(wanted)
        kubectl.kubectl(["uncordon", wanted.name])
        kubectl.kubectl(["annotate", "node", wanted.name, f"{DRAINED_FOR}-"])
    elif step.action == "remove etcd member":
        etcd.remove_member(found.member)
    elif step.action == "delete":
        kubectl.kubectl(["delete", "node", wanted.name, "--wait=true"], deadline=wanted.deadline)
        _forget_pods(wanted)
    else:
        kubectl.kubectl(["patch", "node", wanted.name, "--type", "merge", "--patch", step.after])


def verify(wanted: Wanted) -> None:
    """Wait until a Node that is to take pods is Ready, with the version that is wanted."""
    if wanted.state is not State.SCHEDULABLE:
        return
    end = time.monotonic() + wanted.deadline
    while True:
        node = kubectl.get("node", wanted.name) or {}
        version = ((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")
        if is_ready(node) and wanted.version in ("", version):
            return
        if time.monotonic() >= end:
            state = "Ready" if is_ready(node) else "not Ready"
            raise NodeError(
                f"The Node {wanted.name} is {state} with {version or 'no version'} after {wanted.deadline:.0f} s"
                + (f"; {wanted.version} is wanted." if wanted.version else "."),
                "See `journalctl --unit kubelet` on its host.",
            )
        time.sleep(1)


def movable(pods: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The pods that draining moves: not those of DaemonSets, not static ones, not those that have ended."""
    return [pod for pod in pods if not _stays(pod)]


def blocked(pods: Iterable[Mapping[str, Any]], budgets: Iterable[Mapping[str, Any]]) -> list[Blocked]:
    """These pods, each with the budget that allows no disruption at present."""
    exhausted = [each for each in budgets if not (each.get("status") or {}).get("disruptionsAllowed")]
    return [Blocked(_title(pod), ", ".join(_title(each) for each in exhausted if _selects(each, pod))) for pod in pods]


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether a Node is Ready."""
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _leave(wanted: Wanted, found: Found) -> list[Step]:
    steps = []
    if found.node is not None:
        if found.pods and is_ready(found.node):
            steps.append(_drain(wanted, found))
        steps.append(Step(TOPIC, "delete", wanted.name, "it leaves the cluster", "Node", "(absent)"))
    if found.member:
        steps.append(Step(TOPIC, "remove etcd member", wanted.name, "it would count for the majority", found.member))
    return steps


def _carry_out_drain(wanted: Wanted, found: Found) -> None:
    if not found.cordoned:
        kubectl.kubectl(["annotate", "node", wanted.name, "--overwrite", f"{DRAINED_FOR}={wanted.purpose}"])
    force = ["--force"] if wanted.delete_unmanaged else []
    said = kubectl.try_kubectl(
        [
            "drain",
            wanted.name,
            "--ignore-daemonsets",
            "--delete-emptydir-data",
            *force,
            "--timeout",
            f"{wanted.deadline:.0f}s",
        ],
        deadline=wanted.deadline + _GRACE,
    )
    if said.code == 0:
        return
    left = blocked(movable(_pods_on(wanted.name)), _items(["poddisruptionbudgets", "--all-namespaces"]))
    if not left:
        raise NodeError(f"The Node {wanted.name} can't be drained: {said.errors.strip()}")
    raise NodeError(
        f"The Node {wanted.name} is not drained after {wanted.deadline:.0f} s. Left are {', '.join(map(str, left))}. "
        f"kubectl says: {_last_line(said.errors)}",
        "It stays cordoned; give the named budgets room, or more time, and run again.",
    )


def _forget_pods(wanted: Wanted) -> None:
    """Take away the pods that nobody moves. The garbage collector does so after a minute, and until then services send requests to them."""
    left = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {name: pod["metadata"][name] for name in ("namespace", "name")}}
        for pod in _pods_on(wanted.name)
    ]
    if left:
        listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": left})
        kubectl.kubectl(["delete", *kubectl.AT_ONCE, "--filename", "-"], text=listing, deadline=wanted.deadline)


def _labels(wanted: Wanted, found: Found) -> Step | None:
    if wanted.labels is None:
        return None
    there = ((found.node or {}).get("metadata") or {}).get("labels") or {}
    own = _listed(found.annotations.get(OWN_LABELS, ""))
    stale = {key: None for key in own if key not in wanted.labels and key in there}
    differing = {key: value for key, value in wanted.labels.items() if there.get(key) != value}
    if not stale and not differing:
        return None
    note = ",".join(sorted(wanted.labels)) or None
    patch = {"metadata": {"labels": {**stale, **differing}, "annotations": {OWN_LABELS: note}}}
    before = {key: there.get(key) for key in (*stale, *differing)}
    return Step(TOPIC, "label", wanted.name, _changes(stale, differing), json.dumps(before), json.dumps(patch))


def _taints(wanted: Wanted, found: Found) -> Step | None:
    if wanted.taints is None:
        return None
    there = ((found.node or {}).get("spec") or {}).get("taints") or []
    own = _listed(found.annotations.get(OWN_TAINTS, ""))
    targets = {_taint_key(each): _taint(each) for each in wanted.taints}
    kept = [each for each in there if _taint_key(each) not in targets and _taint_key(each) not in own]
    current = {_taint_key(each): _taint(each) for each in there}
    stale = {key: None for key in own if key not in targets and key in current}
    differing = {key: "set" for key, taint in targets.items() if current.get(key) != taint}
    if not stale and not differing:
        return None
    note = ",".join(sorted(targets)) or None
    patch = {"metadata": {"annotations": {OWN_TAINTS: note}}, "spec": {"taints": [*kept, *targets.values()]}}
    return Step(TOPIC, "taint", wanted.name, _changes(stale, differing), json.dumps(there), json.dumps(patch))


def _drain(wanted: Wanted, found: Found) -> Step:
    pods = "".join(f"{_title(pod)}\n" for pod in found.pods)
    return Step(TOPIC, "drain", wanted.name, wanted.purpose, f"takes pods\n{pods}", "cordoned, its pods elsewhere")


def _member(name: str) -> str:
    """The identity of the member of etcd with this name. Where the tool is missing, kubeadm alone looks after members."""
    if not os.path.exists(etcd.ETCDCTL):
        return ""
    return next((each.identity for each in etcd.members() if each.name == name), "")


def _pods_on(name: str) -> list[dict[str, Any]]:
    return _items(["pods", "--all-namespaces", "--field-selector", f"spec.nodeName={name}"])


def _items(query: Sequence[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl.kubectl(["get", *query, "--output", "json"]))["items"]
    return found


def _stays(pod: Mapping[str, Any]) -> bool:
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences") or []
    static = "kubernetes.io/config.mirror" in (metadata.get("annotations") or {})
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return static or ended or any(owner.get("controller") and owner.get("kind") == "DaemonSet" for owner in owners)


def _selects(budget: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    if budget["metadata"].get("namespace") != pod["metadata"].get("namespace"):
        return False
    selector = (budget.get("spec") or {}).get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()) and all(
        _matches(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def _title(thing: Mapping[str, Any]) -> str:
    return f"{thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}"


def _taint(given: Mapping[str, str]) -> dict[str, str]:
    fields = {"key": given["key"], "value": given.get("value") or "", "effect": given["effect"]}
    return {name: value for name, value in fields.items() if value}


def _taint_key(given: Mapping[str, str]) -> str:
    return f"{given['key']}:{given['effect']}"


def _changes(stale: Mapping[str, None], differing: Mapping[str, str]) -> str:
    return ", ".join([*(f"{key} goes" for key in stale), *(f"{key} differs" for key in differing)])


def _listed(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "nothing"
