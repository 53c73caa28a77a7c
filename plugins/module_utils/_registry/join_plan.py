# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a join has to do, member by member: looked at with the user's own credential, which is used for nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._kube.credential import Credential, read_kubeconfig
from .._kube.errors import ApiError, FleetError, InputError, NotFoundError, UnauthorizedError
from .._kube.fanout import fan_out
from .._kube.session import Session
from .access import JoinProfile, member_access
from .errors import IdentityError
from .hub import Hub
from .inputs import MemberInput
from .member import format_time
from .members import credential_secrets, read_secret
from .names import (
    ACCOUNT,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTERS,
    CONFIGMAPS,
    HUB_LABEL,
    JOIN_ANNOTATION,
    MANAGED_BY_LABEL,
    MANAGER,
    MEMBER_CONFIGMAP,
    NAMESPACES,
    ROLE_BINDINGS,
    SYSTEM_NAMESPACE,
)
from .objects import Action, Step, outwait_removal, plan_objects
from .record import cluster_after, namespaces_of, profile_of
from .token import past_half

if TYPE_CHECKING:
    from typing import Any

    Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """What has to be done for one member."""

    wanted: MemberInput
    cluster_steps: tuple[Step, ...]
    """In the hub: the Cluster."""
    member_steps: tuple[Step, ...] = ()
    """In the member, in this order."""
    token_reason: str = ""
    """Why a new token is needed; empty when the hub's one serves."""
    credential: Credential | None = field(default=None, repr=False)
    """The user's, for this join only."""
    session: Session | None = field(default=None, repr=False)
    """With the user's credential."""
    uid: str = ""
    is_hub: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.cluster_steps or self.member_steps or self.token_reason)

    @property
    def steps(self) -> list[dict[str, str]]:
        """As modules return them."""
        found = [step.to_dict() for step in (*self.member_steps, *self.cluster_steps)]
        if self.token_reason:
            found.append({"action": "renew", "object": f"token of {self.wanted.name}: {self.token_reason}"})
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub holds already."""

    hub: Hub
    hub_uid: str
    clusters: Mapping[str, Manifest]
    secrets: Mapping[str, Manifest] = field(repr=False)

    @classmethod
    def read(cls, hub: Hub) -> Known:
        """Three requests, however many members there are."""
        system = hub.session.get(NAMESPACES, "kube-system")
        clusters = {item["metadata"]["name"]: item for item in hub.session.list(CLUSTERS)}
        uid = str(((system or {}).get("metadata") or {}).get("uid") or "")
        return cls(hub, uid, clusters, credential_secrets(hub))

    def holder_of(self, uid: str) -> str | None:
        """The member that this identity is recorded for."""
        for name, obj in self.clusters.items():
            if uid and (obj.get("status") or {}).get("systemUID") == uid:
                return name
        return None


def plan_join(
    known: Known, inputs: Sequence[MemberInput], *, deadline: float
) -> tuple[dict[str, JoinPlan], dict[str, FleetError]]:
    """Plans and failures, by member. Reads only; the members are looked at side by side."""
    targets = {wanted.name: wanted for wanted in inputs}
    outcomes = fan_out(targets, lambda name, wanted: _plan(known, wanted, deadline), deadline=deadline)
    plans = {name: outcome.get() for name, outcome in outcomes.items() if outcome.error is None}
    failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.error is not None}
    for name, twin in _twins(plans).items():
        del plans[name]
        failed[name] = IdentityError(
            f"it is the same cluster as {twin}: both have one kube-system UID",
            cluster=name,
            next_step="Name each cluster once; nothing was done for either",
        )
    return plans, failed


def _plan(known: Known, wanted: MemberInput, deadline: float) -> JoinPlan:
    recorded = known.clusters.get(wanted.name)
    if wanted.kubeconfig is None:
        if recorded is None:
            raise InputError(
                "it is not a member yet, and no kubeconfig is given",
                cluster=wanted.name,
                next_step="Give its kubeconfig",
            )
        return JoinPlan(wanted, _cluster_steps(known.hub, wanted, recorded, None, None))
    credential = read_kubeconfig(wanted.kubeconfig, context=wanted.context, allowed=wanted.allow, cluster=wanted.name)
    session = Session(wanted.name, credential, timeout=deadline)
    uid = _identity(session)
    takes_over = _check_identity(known, wanted, session, uid)
    # A cluster that left a moment ago may still be removing our namespace.
    outwait_removal(session, NAMESPACES, SYSTEM_NAMESPACE)
    profile, namespaces = profile_of(wanted, recorded), namespaces_of(wanted, recorded)
    _check_namespaces(session, profile, namespaces)
    desired = [*_base(known.hub, wanted.name), *_labelled(known.hub, member_access(profile, namespaces))]
    steps = _with_namespace(session, plan_objects(session, desired))
    steps += _obsolete(session, known.hub, desired)
    is_hub = "true" if uid == known.hub_uid else None
    warnings = list(takes_over)
    if is_hub:
        warnings.append(
            f"{wanted.name} is the hub itself: its automatic failover is off, for the hub would die with it"
        )
    return JoinPlan(
        wanted=wanted,
        cluster_steps=_cluster_steps(known.hub, wanted, recorded, credential.server, is_hub),
        member_steps=tuple(steps),
        token_reason=_token_reason(known, wanted.name, credential, steps),
        credential=credential,
        session=session,
        uid=uid,
        is_hub=is_hub,
        warnings=tuple(warnings),
    )


def _identity(session: Session) -> str:
    system = session.get(NAMESPACES, "kube-system")
    if system is None:
        raise NotFoundError(
            "it has no namespace kube-system, so it can't be told from other clusters",
            code=404,
            cluster=session.cluster,
            object="Namespace kube-system",
        )
    return str(system["metadata"]["uid"])


def _check_identity(known: Known, wanted: MemberInput, session: Session, uid: str) -> list[str]:
    """Refuse a cluster that is known under another name or to another hub; what is taken over is returned in words."""
    other = known.holder_of(uid)
    if other is not None and other != wanted.name:
        raise IdentityError(
            f"it is the same cluster as the member {other}",
            cluster=wanted.name,
            next_step=f"Use the name {other}, or let {other} leave first",
        )
    recorded = ((known.clusters.get(wanted.name) or {}).get("status") or {}).get("systemUID")
    if recorded and recorded != uid:
        raise IdentityError(
            f"the member of this name is another cluster (kube-system {recorded}, this one has {uid})",
            cluster=wanted.name,
            next_step=f"Choose another name, or let {wanted.name} leave first",
        )
    mark = (session.get(CONFIGMAPS, MEMBER_CONFIGMAP, SYSTEM_NAMESPACE) or {}).get("data") or {}
    if not mark.get("hub"):
        return []
    if mark["hub"] != known.hub.id:
        if wanted.from_hub == mark["hub"]:
            return [f"{wanted.name} is taken over from the hub {mark['hub'][:80]}"]
        raise IdentityError(
            f"it is a member of another hub, whose id is {mark['hub'][:80]}",
            cluster=wanted.name,
            object=f"ConfigMap {SYSTEM_NAMESPACE}/{MEMBER_CONFIGMAP}",
            next_step="Let it leave there; if that hub is lost, name its id as from_hub",
        )
    named = str(mark.get("name") or "")
    if named != wanted.name and named in known.clusters:
        raise IdentityError(
            f"it is the same cluster as the member {named}",
            cluster=wanted.name,
            next_step=f"Use the name {named}, or let {named} leave first",
        )
    return []


def _check_namespaces(session: Session, profile: JoinProfile, namespaces: tuple[str, ...]) -> None:
    if profile is not JoinProfile.NAMESPACED:
        return
    if not namespaces:
        raise InputError(
            "the join profile namespaced needs namespaces", cluster=session.cluster, next_step="Name them as namespaces"
        )
    for name in namespaces:
        if session.get(NAMESPACES, name) is None:
            raise NotFoundError(
                "the join profile namespaced works only in namespaces that exist",
                code=404,
                cluster=session.cluster,
                object=f"Namespace {name}",
                next_step="Create it, or take it out of namespaces",
            )


def _base(hub: Hub, name: str) -> list[Manifest]:
    """The claim goes before the rest, so that a second hub sees it while we are still at work."""
    labels = {MANAGED_BY_LABEL: MANAGER, HUB_LABEL: hub.id}
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": MEMBER_CONFIGMAP, "namespace": SYSTEM_NAMESPACE, "labels": dict(labels)},
            "data": {"hub": hub.id, "name": name},
        },
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": SYSTEM_NAMESPACE, "labels": dict(labels)},
        },
    ]


def _labelled(hub: Hub, objects: list[Manifest]) -> list[Manifest]:
    for obj in objects:
        obj["metadata"]["labels"][HUB_LABEL] = hub.id
    return objects


def _with_namespace(session: Session, steps: list[Step]) -> list[Step]:
    if session.get(NAMESPACES, SYSTEM_NAMESPACE) is not None:
        return steps
    namespace: Manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": SYSTEM_NAMESPACE,
            "labels": {MANAGED_BY_LABEL: MANAGER},
            "annotations": {JOIN_ANNOTATION: "true"},
        },
    }
    return [Step(Action.CREATE, namespace), *steps]


def _obsolete(session: Session, hub: Hub, desired: list[Manifest]) -> list[Step]:
    """Roles and bindings of a profile that the member had before."""
    wanted = {(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in desired}
    steps = []
    for resource in (CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS, CLUSTER_ROLES):
        for obj in session.list(resource, label_selector=f"{HUB_LABEL}={hub.id}"):
            metadata = obj["metadata"]
            if (obj["kind"], metadata.get("namespace"), metadata["name"]) not in wanted:
                steps.append(Step(Action.DELETE, obj, obj))
    return steps


def _cluster_steps(
    hub: Hub, wanted: MemberInput, recorded: Manifest | None, server: str | None, is_hub: str | None
) -> tuple[Step, ...]:
    now = format_time(datetime.now(UTC))
    after = cluster_after(recorded, wanted, hub, now=now, server=server, is_hub=is_hub)
    if recorded is None:
        return (Step(Action.CREATE, after),)
    return () if after == recorded else (Step(Action.UPDATE, after, recorded),)


def _token_reason(known: Known, name: str, credential: Credential, steps: Sequence[Step]) -> str:
    secret = known.secrets.get(name)
    if secret is None:
        return "the hub has none"
    if any(step.action is Action.CREATE and step.object["kind"] == "ServiceAccount" for step in steps):
        return "its account is new"
    try:
        ours = read_secret(secret, name)
    except FleetError:
        return "the hub's one is damaged"
    where = (ours.server, ours.ca_data, ours.tls_server_name, ours.proxy_url, ours.verification)
    if where != (
        credential.server, credential.ca_data, credential.tls_server_name, credential.proxy_url,
        credential.verification,
    ):  # fmt: skip
        return "the API server's address or authority changed"
    if past_half(secret, datetime.now(UTC)):
        return "past half of its life"
    try:
        Session(name, ours).get(NAMESPACES, "kube-system")
    except UnauthorizedError:
        return "the member refuses the hub's one"
    except ApiError:
        return ""
    return ""


def _twins(plans: Mapping[str, JoinPlan]) -> dict[str, str]:
    """Members of one input that are one cluster, and what the other is called."""
    by_uid: dict[str, list[str]] = {}
    for name, plan in plans.items():
        if plan.uid:
            by_uid.setdefault(plan.uid, []).append(name)
    return {
        name: next(other for other in names if other != name)
        for names in by_uid.values()
        if len(names) > 1
        for name in names
    }
