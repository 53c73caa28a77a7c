# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at members side by side, and record in the hub what was seen.

Observing and recording are two steps: check mode and the failover drills look without writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._kube.errors import ApiError, CredentialError, FleetError, ForbiddenError, UnauthorizedError, UnreachableError
from .._kube.fanout import Outcome, fan_out
from .._kube.session import Session
from .._kube.transport import ONE_TRY
from .facts import PodFacts, node_facts, status_facts
from .hub import Hub
from .member import Condition, Member, Observer, format_time, parse_time, with_conditions
from .members import change_member_status, credential_secrets, sessions_of
from .names import CREDENTIAL_EXPIRING, FACTS_INCOMPLETE, NAMESPACES, NODES, PODS, READY
from .profile import profile_status, publish
from .token import expiry_condition, past_half, renew

if TYPE_CHECKING:
    from typing import Any

DEADLINE = 10.0
"""Seconds for one member."""

WORKERS = 256
"""Members asked at once whether they work: they cost nothing while they don't answer."""

FACT_WORKERS = 16
"""Members whose facts are taken at once."""

QUIET = 45.0
"""Seconds for which a member that looks as before is not written again; less than facts may be old for a decision."""

_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at one member gave."""

    cluster: str
    at: str
    observer: str
    ready: Condition
    """Always there: why it is ready or not."""
    conditions: tuple[Condition, ...] = ()
    """What else is known."""
    facts: Mapping[str, Any] | None = field(default=None, repr=False)
    """Fields of ``Cluster.status``; ``None`` when they couldn't be taken."""
    error: FleetError | None = None
    seconds: float = 0.0
    token_due: bool = False
    """Whether the token is past half of its life, and the member could give us another."""

    @property
    def is_ready(self) -> bool:
        """Whether it works."""
        return self.ready.status == "True"


def probe(
    hub: Hub,
    members: Mapping[str, Member],
    *,
    observer: str,
    deadline: float = DEADLINE,
    workers: int = WORKERS,
) -> dict[str, Observation]:
    """Look at members side by side, each with its own deadline; never raises for one of them, writes nothing."""
    secrets = credential_secrets(hub, list(members))
    sessions = sessions_of(secrets, list(members), timeout=deadline, retries=ONE_TRY)
    found = probe_sessions(
        sessions.ready, sessions.failed, members, observer=observer, deadline=deadline, workers=workers
    )
    now = datetime.now(UTC)
    return {name: with_expiry(seen, secrets[name], now) if name in secrets else seen for name, seen in found.items()}


def probe_sessions(
    sessions: Mapping[str, Session],
    failed: Mapping[str, FleetError],
    members: Mapping[str, Member],
    *,
    observer: str,
    deadline: float = DEADLINE,
    workers: int = WORKERS,
) -> dict[str, Observation]:
    """The same over sessions that are open already."""
    healths = fan_out(
        sessions,
        lambda name, session: check(session, members[name].system_uid if name in members else ""),
        workers=workers,
        deadline=deadline,
    )
    healthy = {name: sessions[name] for name, outcome in healths.items() if outcome.error is None}
    # Facts cost time of our own processor: more threads would only be in each other's way.
    facts = fan_out(healthy, lambda name, session: take_facts(session), workers=FACT_WORKERS, deadline=deadline)
    now = format_time(datetime.now(UTC))
    found = {}
    for name in members:
        if name in failed:
            found[name] = _failure(name, now, observer, failed[name], 0.0)
        elif name in facts:
            known = {"systemUID": healths[name].get()}
            seconds = healths[name].seconds + facts[name].seconds
            found[name] = _success(name, now, observer, known, facts[name], seconds)
        elif name in healths:
            error = healths[name].error or FleetError("not looked at", cluster=name)
            found[name] = _failure(name, now, observer, error, healths[name].seconds)
    return found


def check(session: Session, known_uid: str) -> str:
    """Whether a member works, and is the one that joined; its identity.

    :param known_uid: the identity it has to have; empty when it is not known yet.
    :raises FleetError: it is not ready, or it is another cluster.
    """
    _check_ready(session)
    system = session.get(NAMESPACES, "kube-system")
    uid = str(((system or {}).get("metadata") or {}).get("uid") or "")
    if known_uid and uid and uid != known_uid:
        raise WrongClusterError(
            f"another cluster answers at its address: kube-system has UID {uid}, {known_uid} had joined",
            cluster=session.cluster,
            next_step="Let the old one leave, then join this one",
        )
    return uid


def take_facts(session: Session) -> dict[str, Any]:
    """What a member is made of: fields of ``Cluster.status``."""
    version = session.request("GET", "/version", subject="/version")
    facts: dict[str, Any] = {"kubernetesVersion": str(version.get("gitVersion") or "")[:64]}
    facts["apiEnablements"] = session.discovery().enablements()
    nodes = node_facts(session.list(NODES))
    pods = PodFacts.on(nodes)
    for page in session.pages(PODS, field_selector=_RUNNING):
        pods.count(page)
    facts.update(status_facts(nodes, pods))
    return facts


def record(hub: Hub, members: Mapping[str, Member], observations: Mapping[str, Observation]) -> dict[str, Member]:
    """Write what was seen, side by side, and return the members as they are now.

    A member that looks as before, and was recorded less than :data:`QUIET` seconds ago, is not written.
    """
    renewed = _renew_due_tokens(hub, observations)
    due = {
        name: observation
        for name, observation in {**observations, **renewed}.items()
        if name in members and _worth_writing(members[name], observation)
    }

    def write(name: str, observation: Observation) -> Member:
        return change_member_status(hub, name, lambda obj: {**obj, "status": status_after(obj, observation)})

    written = fan_out(due, write, workers=32)
    found = dict(members)
    for name, outcome in written.items():
        if isinstance(outcome.error, ForbiddenError):
            # Who may not write the record still decides by what was just seen.
            found[name] = observed_member(members[name], due[name])
        else:
            # A hub that refuses a write otherwise is not one member's trouble.
            found[name] = outcome.get()
    _publish_changed(hub, members, found)
    return found


def refresh(
    hub: Hub,
    members: Mapping[str, Member],
    *,
    observer: str,
    older_than: float = 60.0,
    deadline: float = DEADLINE,
) -> dict[str, Member]:
    """The members with facts no older than ``older_than`` seconds: probes and records those that are."""
    now = datetime.now(UTC)
    old = {name: member for name, member in members.items() if member.observed_seconds_ago(now) > older_than}
    if not old:
        return dict(members)
    return {**members, **record(hub, old, probe(hub, old, observer=observer, deadline=deadline))}


def observed_member(member: Member, observation: Observation) -> Member:
    """The member as it would be recorded. Pure: for check mode."""
    obj = {
        "metadata": {
            "name": member.name, "labels": member.labels, "annotations": member.annotations,
            "resourceVersion": member.resource_version,
            **({"deletionTimestamp": observation.at} if member.deleting else {}),
        },
        "spec": member.spec,
        "status": member.status,
    }  # fmt: skip
    return Member.from_object({**obj, "status": status_after(obj, observation)})


def status_after(obj: Mapping[str, Any], observation: Observation) -> dict[str, Any]:
    """``Cluster.status`` after a look. Pure. Facts of a member that can't be read stay as they were last seen."""
    before = obj.get("status") or {}
    after = {**before, **(observation.facts or {})}
    news = (observation.ready, *observation.conditions)
    after["conditions"] = with_conditions(before.get("conditions") or (), news, observation.at)
    after["observers"] = _observers(before.get("observers") or (), observation)
    after["observedAt"] = observation.at
    return after


def _observers(known: Any, observation: Observation) -> list[dict[str, Any]]:
    found = {str(document.get("name")): Observer.from_dict(document) for document in known}
    before = found.get(observation.observer)
    failures = 0 if observation.is_ready else (before.failures if before else 0) + 1
    since = None if failures == 0 else (before.failing_since if before and before.failing_since else observation.at)
    found[observation.observer] = Observer(
        observation.observer, observation.at, observation.ready.status, observation.ready.reason, failures, since
    )
    # Observers come and go with containers and laptops: only the freshest are worth keeping.
    freshest = sorted(found.values(), key=lambda observer: observer.observed_at, reverse=True)[:8]
    return [observer.to_dict() for observer in sorted(freshest, key=lambda observer: observer.name)]


def _worth_writing(member: Member, observation: Observation) -> bool:
    after = status_after({"status": member.status}, observation)
    if _timeless(after) != _timeless(member.status):
        return True
    seen = parse_time(member.observed_at)
    return (parse_time(observation.at) - seen).total_seconds() >= QUIET


def _timeless(status: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in status.items() if key != "observedAt"}
    found["observers"] = [
        {key: value for key, value in observer.items() if key != "observedAt"}
        for observer in status.get("observers") or ()
    ]
    return found


def with_expiry(observation: Observation, secret: Mapping[str, Any], now: datetime) -> Observation:
    """The observation with what is known of the token. Pure."""
    conditions = (*observation.conditions, expiry_condition(secret, now))
    return replace(observation, conditions=conditions, token_due=observation.is_ready and past_half(secret, now))


def _renew_due_tokens(hub: Hub, observations: Mapping[str, Observation]) -> dict[str, Observation]:
    """Renew tokens in good time; the observations of those that got one, or could not get one, say so."""
    due = {name: seen for name, seen in observations.items() if seen.token_due}
    outcomes = fan_out(due, lambda name, _seen: renew(hub, name), deadline=DEADLINE)
    now = datetime.now(UTC)
    found = {}
    for name, outcome in outcomes.items():
        seen = due[name]
        others = tuple(condition for condition in seen.conditions if condition.type != CREDENTIAL_EXPIRING)
        if outcome.error is None:
            condition = expiry_condition(outcome.get(), now)
        else:
            words = f"the token could not be renewed: {outcome.error}"
            condition = Condition(CREDENTIAL_EXPIRING, "True", "RenewalFailed", words[:_LONGEST_MESSAGE])
        found[name] = replace(seen, conditions=(*others, condition), token_due=False)
    return found


def _publish_changed(hub: Hub, before: Mapping[str, Member], after: Mapping[str, Member]) -> None:
    """Profiles follow what they show; who may not write them is no reason to fail."""
    stale = {
        name: member for name, member in after.items() if profile_status(member, {}) != profile_status(before[name], {})
    }
    fan_out(stale, lambda name, member: publish(hub, member), workers=32)


class WrongClusterError(FleetError):
    """Another cluster answers than the one that joined."""


class NotReadyError(FleetError):
    """The API server answers, and says that it is not ready."""

    temporary = True


def _check_ready(session: Session) -> None:
    try:
        session.text("/readyz")
    except (UnauthorizedError, ForbiddenError):
        raise
    except ApiError as error:
        if error.code == 404:
            return
        raise NotReadyError(
            f"its API server is not ready: {error.message[:_LONGEST_MESSAGE]}",
            cluster=session.cluster,
            next_step="Look at its control plane: kubectl get --raw '/readyz?verbose'",
        ) from error


def _success(
    name: str, at: str, observer: str, known: Mapping[str, Any], facts: Outcome[dict[str, Any]], seconds: float
) -> Observation:
    ready = Condition(READY, "True", "ClusterReady", "its API server is ready")
    if facts.error is None:
        condition = Condition(FACTS_INCOMPLETE, "False", "AllRead", "")
        return Observation(name, at, observer, ready, (condition,), {**known, **facts.get()}, None, seconds)
    # It works, and we don't know all of it: a member that lists slowly or forbids it is not lost.
    condition = Condition(FACTS_INCOMPLETE, "True", facts.error.kind, str(facts.error)[:_LONGEST_MESSAGE])
    return Observation(name, at, observer, ready, (condition,), known, None, seconds)


def _failure(name: str, at: str, observer: str, error: FleetError, seconds: float) -> Observation:
    ready = Condition(READY, "False", _reason(error), str(error)[:_LONGEST_MESSAGE])
    return Observation(name, at, observer, ready, (), None, error, seconds)


def _reason(error: FleetError) -> str:
    if isinstance(error, UnreachableError):
        return "ClusterNotReachable"
    if isinstance(error, UnauthorizedError):
        return "CredentialRejected"
    if isinstance(error, ForbiddenError):
        return "CredentialForbidden"
    if isinstance(error, CredentialError):
        return "CredentialMissing"
    if isinstance(error, WrongClusterError):
        return "WrongCluster"
    return "ClusterNotReady"
