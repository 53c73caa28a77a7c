# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leave: what join made is taken away again, and nothing else; a member that is gone is let go.

Our own account can't take its rights away one by one and still finish. So everything that join made is first hung
below our ClusterRoleBinding (as its owner), and deleting that one object is the end of all: Kubernetes' garbage
collector removes what hangs below it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._kube.discovery import Resource
from .._kube.errors import ApiError, CredentialError, FleetError, ForbiddenError, NotFoundError, UnreachableError
from .._kube.fanout import fan_out
from .._kube.session import Session, describe
from .access import JoinProfile, binding_name
from .errors import InUseError
from .hub import Hub
from .lease import Lock
from .members import change_member, open_sessions
from .names import (
    ACCOUNT,
    ACCOUNTS,
    APPLICATIONS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTERS,
    CONFIGMAPS,
    CREDENTIAL_LABEL,
    HUB_LABEL,
    JOIN_ANNOTATION,
    KINDS,
    MANAGED_BY_LABEL,
    MANAGER,
    MEMBER_CONFIGMAP,
    NAMESPACES,
    PREFIX,
    PROFILES,
    ROLE_BINDINGS,
    SECRETS,
    SYSTEM_NAMESPACE,
)
from .objects import Step, plan_removal
from .record import recorded_namespaces
from .residue import residue

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]

LEFT_ANNOTATION = f"{PREFIX}left"
"""On a Cluster whose member part is done, so that a killed leave does not ask a member that forgot us."""

DEADLINE = 60.0
"""Seconds for one member."""


@dataclass(frozen=True, slots=True)
class LeavePlan:
    """What has to be done for one member to leave."""

    name: str
    hub_steps: tuple[Step, ...]
    member_steps: tuple[Step, ...] = ()
    """Deletions in the member; carried out as one."""
    left_behind: tuple[str, ...] = ()
    """What stays there, and why."""
    session: Session | None = field(default=None, repr=False)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.hub_steps or self.member_steps)

    @property
    def steps(self) -> list[dict[str, str]]:
        """As modules return them."""
        return [step.to_dict() for step in (*self.member_steps, *self.hub_steps)]


def plan_leave(
    hub: Hub,
    names: Sequence[str],
    *,
    abandon: Collection[str] = (),
    sessions: Mapping[str, Session] | None = None,
    deadline: float = DEADLINE,
) -> tuple[dict[str, LeavePlan], dict[str, FleetError]]:
    """Plans and failures, by member. Reads only. A name that is no member, and left nothing, has an empty plan.

    :param abandon: members that may leave although applications have copies there; the copies stay as they are.
    :param sessions: with the user's own credential, where given; else the hub's one is used.
    """
    records = _records(hub)
    copies = _copies(hub)
    ours = open_sessions(hub, [name for name in names if f"Cluster {name}" in records], timeout=deadline)
    opened = {**ours.ready, **(sessions or {})}
    targets = {name: name for name in names}

    def look(name: str, _target: str) -> LeavePlan:
        if copies.get(name) and name not in abandon:
            raise InUseError(
                f"applications have copies there: {', '.join(copies[name][:5])}",
                cluster=name,
                next_step="Move or remove them first, or say that they may be abandoned (applications: abandon)",
            )
        return _plan(hub, name, records, opened.get(name), ours.failed.get(name))

    outcomes = fan_out(targets, look)
    plans = {name: outcome.get() for name, outcome in outcomes.items() if outcome.error is None}
    failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.error is not None}
    return plans, failed


def leave(hub: Hub, plans: Mapping[str, LeavePlan], lock: Lock, *, deadline: float = DEADLINE) -> dict[str, FleetError]:
    """Carry out the plans side by side; returns those that failed."""
    outcomes = fan_out(plans, lambda name, plan: _carry_out(hub, plan, lock), deadline=deadline)
    return {name: outcome.error for name, outcome in outcomes.items() if outcome.error is not None}


def _records(hub: Hub) -> dict[str, Manifest]:
    """What the hub holds of members, by ``Kind name``: three requests for any number of them."""
    found: dict[str, Manifest] = {}
    for item in hub.session.list(CLUSTERS):
        found[f"Cluster {item['metadata']['name']}"] = item
    for item in hub.session.list(SECRETS, hub.namespace, label_selector=CREDENTIAL_LABEL):
        found[f"Secret {item['metadata']['labels'][CREDENTIAL_LABEL]}"] = item
    for item in hub.session.list(PROFILES, hub.namespace, label_selector=f"{MANAGED_BY_LABEL}={MANAGER}"):
        found[f"ClusterProfile {item['metadata']['name']}"] = item
    return found


def _copies(hub: Hub) -> dict[str, list[str]]:
    """Applications by the members that hold copies of them, stale ones too."""
    found: dict[str, list[str]] = {}
    for item in hub.session.list(APPLICATIONS):
        metadata, status = item["metadata"], item.get("status") or {}
        for name in {*(status.get("clusters") or {}), *_names(status.get("stale") or ())}:
            found.setdefault(name, []).append(f"{metadata['namespace']}/{metadata['name']}")
    return {name: sorted(applications) for name, applications in found.items()}


def _names(entries: Iterable[Any]) -> list[str]:
    return [str(entry.get("name")) if isinstance(entry, Mapping) else str(entry) for entry in entries]


def _plan(
    hub: Hub, name: str, records: Mapping[str, Manifest], session: Session | None, failed: FleetError | None
) -> LeavePlan:
    kinds = ("ClusterProfile", "Secret", "Cluster")
    hub_steps = tuple(plan_removal(records.get(f"{kind} {name}") for kind in kinds))
    cluster = records.get(f"Cluster {name}")
    if cluster is None and session is None:
        return LeavePlan(name, hub_steps)
    if LEFT_ANNOTATION in ((cluster or {}).get("metadata", {}).get("annotations") or {}):
        return LeavePlan(name, hub_steps)
    if session is None:
        return LeavePlan(name, hub_steps, left_behind=(_everything(failed),))
    try:
        _check_identity(session, cluster)
        steps, kept = _in_member(hub, session, recorded_namespaces(cluster))
    except (ApiError, CredentialError, UnreachableError) as error:
        return LeavePlan(name, hub_steps, left_behind=(_everything(error),))
    return LeavePlan(name, hub_steps, tuple(steps), tuple(kept), session)


def _check_identity(session: Session, cluster: Manifest | None) -> None:
    """Another cluster at the old address is left alone."""
    uid = ((cluster or {}).get("status") or {}).get("systemUID")
    system = session.get(NAMESPACES, "kube-system") or {}
    if uid and (system.get("metadata") or {}).get("uid") != uid:
        raise NotFoundError("another cluster answers at its address", code=404, cluster=session.cluster)


def _in_member(hub: Hub, session: Session, namespaces: Collection[str]) -> tuple[list[Step], list[str]]:
    """What join made there, the binding last, and what stays."""
    mark = session.get(CONFIGMAPS, MEMBER_CONFIGMAP, SYSTEM_NAMESPACE)
    if mark is not None and (mark.get("data") or {}).get("hub") not in (None, hub.id):
        return [], ["everything of ours: it belongs to another hub now"]
    found: list[Manifest | None] = [mark]
    account = session.get(ACCOUNTS, ACCOUNT, SYSTEM_NAMESPACE)
    if account is not None and (account["metadata"].get("labels") or {}).get(HUB_LABEL) == hub.id:
        found.append(account)
    for resource in (ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS):
        found += _mine(session, resource, hub, namespaces)
    kept: list[str] = []
    namespace = session.get(NAMESPACES, SYSTEM_NAMESPACE)
    if namespace is not None and JOIN_ANNOTATION in (namespace["metadata"].get("annotations") or {}):
        foreign = residue(session, SYSTEM_NAMESPACE, label=(HUB_LABEL, hub.id), ours={MEMBER_CONFIGMAP})
        if foreign:
            kept.append(f"Namespace {SYSTEM_NAMESPACE}: it holds {', '.join(foreign[:5])}")
        else:
            found.insert(0, namespace)
    return plan_removal(found), kept


def _mine(session: Session, resource: Resource, hub: Hub, namespaces: Collection[str]) -> list[Manifest]:
    """Objects with our label; under a profile that can't list them, the known names one by one."""
    try:
        return session.list(resource, label_selector=f"{HUB_LABEL}={hub.id}")
    except ForbiddenError:
        binding = binding_name(JoinProfile.NAMESPACED)
        places: list[tuple[str, str | None]] = [(name, None) for name in (binding, f"{binding}-inside")]
        if resource is ROLE_BINDINGS:
            places = [(ACCOUNT, namespace) for namespace in sorted({*namespaces, SYSTEM_NAMESPACE})]
        found = (_seen(session, resource, name, namespace) for name, namespace in places)
        return [obj for obj in found if obj and (obj["metadata"].get("labels") or {}).get(HUB_LABEL) == hub.id]


def _seen(session: Session, resource: Resource, name: str, namespace: str | None) -> Manifest | None:
    try:
        return session.get(resource, name, namespace)
    except ForbiddenError:
        # What this profile may not even read is not of this profile.
        return None


def _carry_out(hub: Hub, plan: LeavePlan, lock: Lock) -> None:
    lock.check()
    if plan.session is not None and plan.member_steps:
        _remove_from_member(plan.session, [step.object for step in plan.member_steps])
    lock.check()
    if any(step.object["kind"] == "Cluster" for step in plan.hub_steps):
        change_member(hub, plan.name, _mark_left)
    for step in plan.hub_steps:
        lock.check()
        metadata = step.object["metadata"]
        resource = KINDS[step.object["apiVersion"], step.object["kind"]]
        hub.session.delete(resource, metadata["name"], metadata.get("namespace"))


def _remove_from_member(session: Session, objects: Sequence[Manifest]) -> None:
    bindings = [obj for obj in objects if obj["kind"] == "ClusterRoleBinding"]
    rest = [obj for obj in objects if obj["kind"] != "ClusterRoleBinding"]
    if not bindings:
        for obj in rest:
            _delete(session, obj)
        return
    owner = bindings[0]
    for obj in rest:
        metadata = obj["metadata"]
        reference = {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
        }
        session.patch(
            KINDS[obj["apiVersion"], obj["kind"]],
            metadata["name"],
            {"metadata": {"ownerReferences": [reference]}},
            metadata.get("namespace"),
        )
    for binding in reversed(bindings):
        _delete(session, binding)


def _delete(session: Session, obj: Manifest) -> None:
    metadata = obj["metadata"]
    session.delete(KINDS[obj["apiVersion"], obj["kind"]], metadata["name"], metadata.get("namespace"))


def _mark_left(obj: Manifest) -> Manifest:
    annotations = {**(obj["metadata"].get("annotations") or {}), LEFT_ANNOTATION: "true"}
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def _everything(error: FleetError | None) -> str:
    """What stays in a member that can't be asked."""
    names = ", ".join(
        describe(kind, namespace, name)
        for kind, namespace, name in (
            ("Namespace", None, SYSTEM_NAMESPACE),
            ("ServiceAccount", SYSTEM_NAMESPACE, ACCOUNT),
            ("ClusterRoles and ClusterRoleBindings", None, f"{ACCOUNT}-join-*"),
        )
    )
    return f"{names}: {error or 'the hub has no credential for it'}"
