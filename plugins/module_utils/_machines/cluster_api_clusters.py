# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters that Cluster API makes: their objects written to a management cluster, waited for, and removed again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._kube.discovery import Resource
from .._kube.errors import ConflictError, DeadlineError, FleetError
from .._kube.session import Session, describe
from .cluster_api_objects import CONTROL_PLANE, CORE, ClusterSpec, conditions_that_fail, is_available, objects_of

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

_VERBS = frozenset({"get", "list", "patch", "delete"})
CLUSTERS = Resource(*CORE, "Cluster", "clusters", True, _VERBS)
_PAUSE = 2.0
_NOT_OURS = ("resourceVersion", "generation", "managedFields", "uid", "creationTimestamp")
_OWNER = "app.kubernetes.io/managed-by"
_MANAGER = "navarch"


@dataclass(frozen=True, slots=True)
class Step:
    """An object that is written."""

    wanted: Manifest
    before: Manifest | None
    """As it is; None when it is new."""
    after: Manifest
    """As the server says that it will be."""

    @property
    def subject(self) -> str:
        metadata = self.wanted["metadata"]
        return describe(self.wanted["kind"], metadata["namespace"], metadata["name"])

    @property
    def diff(self) -> dict[str, str]:
        texts = [_text(each) for each in (self.before, self.after)]
        return {"before": texts[0], "after": texts[1], "before_header": self.subject, "after_header": self.subject}


def plan_cluster(session: Session, spec: ClusterSpec) -> list[Step]:
    """What has to be written; the server checks each object, nothing is kept.

    :raises FleetError: an object of that name is somebody else's, or the server refuses one.
    """
    steps = []
    for wanted in _marked(spec):
        resource = session.resource(wanted["apiVersion"], wanted["kind"])
        metadata = wanted["metadata"]
        before = session.get(resource, metadata["name"], metadata["namespace"])
        if before is not None and (before["metadata"].get("labels") or {}).get(_OWNER) != _MANAGER:
            raise ConflictError(
                "it is there and was not made by us",
                code=409,
                cluster=session.cluster,
                object=describe(wanted["kind"], metadata["namespace"], metadata["name"]),
                next_step="Choose another name, or remove it",
            )
        after = session.dry_run().apply(resource, wanted).object
        if before is None or _meaning(before) != _meaning(after):
            steps.append(Step(wanted, before, after))
    return steps


def write_cluster(session: Session, steps: Iterable[Step]) -> None:
    """Write what was planned, in its order."""
    for step in steps:
        session.apply(session.resource(step.wanted["apiVersion"], step.wanted["kind"]), step.wanted)


def wait_for_cluster(session: Session, spec: ClusterSpec, timeout: float) -> dict[str, Any]:
    """Wait until the cluster, its control plane and its workers are available; how they stand.

    :raises DeadlineError: they are not in time; it says what their conditions say.
    """

    def waiting() -> str:
        return "; ".join(f"{subject}: {reason}" for subject, reason in _not_available(session, spec).items())

    _wait(session, f"Cluster {spec.namespace}/{spec.name}", "it is not available", timeout, waiting)
    return standing(session, spec)


def standing(session: Session, spec: ClusterSpec) -> dict[str, Any]:
    """How the objects of the cluster stand."""
    found: dict[str, Any] = {}
    for wanted in _watched(spec):
        obj = _live(session, wanted)
        status = (obj or {}).get("status") or {}
        metadata = wanted["metadata"]
        found[describe(wanted["kind"], metadata["namespace"], metadata["name"])] = {
            "phase": status.get("phase"),
            "replicas": status.get("replicas"),
            "ready": status.get("readyReplicas"),
            "problems": conditions_that_fail(obj) if obj else ["it is not there"],
        }
    return found


def remove_cluster(session: Session, namespace: str, name: str, timeout: float, *, check: bool) -> bool:
    """Delete the cluster with all that belongs to it, and wait until it is gone; whether there was one.

    :raises FleetError: it was not made by us, or does not go.
    """
    found = session.get(CLUSTERS, name, namespace)
    if found is None:
        return False
    subject = f"Cluster {namespace}/{name}"
    if (found["metadata"].get("labels") or {}).get(_OWNER) != _MANAGER:
        raise FleetError(
            "it was not made by us", cluster=session.cluster, object=subject, next_step="Remove it where it was made"
        )
    if check:
        return True
    _wait(session, subject, "it is still there", timeout, lambda: _going(session, namespace, name))
    _remove_templates(session, namespace, name)
    return True


def _going(session: Session, namespace: str, name: str) -> str:
    """Ask for its end, once; what is in the way of it, empty when it is gone."""
    found = session.get(CLUSTERS, name, namespace)
    if found is None:
        return ""
    if "deletionTimestamp" not in found["metadata"]:
        # Not in the foreground: the garbage collector would take all that belongs to it at once, what machines stand on too.
        session.delete(CLUSTERS, name, namespace)
    return "; ".join(conditions_that_fail(found)) or "no condition says why"


def _wait(session: Session, subject: str, what: str, timeout: float, waiting: Callable[[], str]) -> None:
    """Wait while there is something to wait for; that the management cluster doesn't answer for a moment is such a thing."""
    until = time.monotonic() + timeout
    while True:
        try:
            reason = waiting()
        except FleetError as error:
            if not error.temporary:
                raise
            reason = error.message
        if not reason:
            return
        if time.monotonic() >= until:
            raise DeadlineError(
                f"{what} after {timeout:.0f} s: {reason}",
                cluster=session.cluster,
                object=subject,
                next_step="Look at its conditions; run this again to go on waiting",
            )
        time.sleep(_PAUSE)


def _remove_templates(session: Session, namespace: str, name: str) -> None:
    """Templates belong to nobody by owner references where no controller has adopted them."""
    label = f"cluster.x-k8s.io/cluster-name={name},{_OWNER}={_MANAGER}"
    for resource in session.discovery():
        if resource.kind.endswith("Template") and resource.group.endswith("cluster.x-k8s.io") and resource.namespaced:
            for obj in session.list(resource, namespace, label_selector=label):
                session.delete(resource, obj["metadata"]["name"], namespace)


def _marked(spec: ClusterSpec) -> list[Manifest]:
    found = objects_of(spec)
    for each in found:
        each["metadata"]["labels"] = {**each["metadata"]["labels"], _OWNER: _MANAGER}
    return found


def _watched(spec: ClusterSpec) -> list[Manifest]:
    kinds = ("KubeadmControlPlane", "Cluster", "MachineDeployment")
    return [each for each in objects_of(spec) if each["kind"] in kinds]


def _not_available(session: Session, spec: ClusterSpec) -> dict[str, str]:
    waiting = {}
    for wanted in _watched(spec):
        obj = _live(session, wanted)
        metadata = wanted["metadata"]
        if obj is None or not is_available(obj, _replicas(obj)):
            reasons: Sequence[str] = conditions_that_fail(obj) if obj else ()
            subject = describe(wanted["kind"], metadata["namespace"], metadata["name"])
            waiting[subject] = "; ".join(reasons[:3]) or "no controller has looked at it yet"
    return waiting


def _replicas(obj: Manifest) -> int | None:
    """What its spec asks for now, which may be somebody else's number."""
    return (obj.get("spec") or {}).get("replicas")


def _live(session: Session, wanted: Manifest) -> Manifest | None:
    group = CONTROL_PLANE if wanted["kind"] == "KubeadmControlPlane" else CORE
    resource = Resource(*group, wanted["kind"], f"{wanted['kind'].lower()}s", True, _VERBS)
    return session.get(resource, wanted["metadata"]["name"], wanted["metadata"]["namespace"])


def _meaning(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _NOT_OURS}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": metadata}


def _text(obj: Mapping[str, Any] | None) -> str:
    return json.dumps(_meaning(obj), indent=2, sort_keys=True) + "\n" if obj else ""
