# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How applications are: what the hub's records say, and what the members show when they are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._kube.health import Health
from .._registry.hub import Hub
from .._registry.lease import holder_of
from .._registry.names import application_lease
from .application import Owner
from .applyset import Parent
from .canary import canary_health
from .health_rules import judge_by
from .identity import Identity, Manifest
from .observe import Observation, observe
from .prepare import Fleet, open_fleet
from .progress import Phase, active_rollout, progress_of
from .record import ApplicationRecord, get_record, list_records
from .report import NO_APPLICATION, aligned, differing, shortened
from .revision import history
from .verify import ClusterHealth, Expectation, judge, with_reasons
from .workloads import has_replicas

COLUMNS = ("APPLICATION", "CLUSTER", "REVISION", "REPLICAS", "HEALTH", "NOTE")
HISTORY_COLUMNS = ("APPLICATION", "REVISION", "STATE", "CREATED", "BY", "REPLICAS", "IMAGES", "NOTE")
DRIFT_SHOWN = 10
NOTE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """One application in one cluster."""

    workloads: Mapping[str, int]
    """Replicas as decided."""
    revision: int | None = None
    ready_replicas: int | None = None
    """As the member shows; ``None`` when it was not looked at."""
    health: Mapping[str, Any] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()
    """Objects of which somebody changed a field of ours, or that are missing."""
    error: FleetError | None = None
    stale: str = ""
    """Why it holds something although the application left it."""

    @property
    def replicas(self) -> int:
        """All that was decided."""
        return sum(self.workloads.values())

    @property
    def note(self) -> str:
        """The one thing to know."""
        if self.error is not None:
            return str(self.error)
        if self.stale:
            return f"stale: {self.stale}"
        if self.drifted:
            return f"{differing(len(self.drifted), 'object')} from the revision, such as {self.drifted[0]}"
        return next(iter([*(self.health.get("reasons") or []), *(self.health.get("pending") or [])]), "")

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        found: dict[str, Any] = {
            "workloads": {Identity.parse(text).label: count for text, count in self.workloads.items()},
            "replicas": self.replicas,
            "ready_replicas": self.ready_replicas,
            "revision": self.revision,
            "health": dict(self.health),
            "drifted": list(self.drifted[:DRIFT_SHOWN]),
        }
        if self.error is not None:
            found["error"] = self.error.to_dict()
        if self.stale:
            found["stale"] = self.stale
        return found


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """One application."""

    record: ApplicationRecord
    clusters: Mapping[str, ClusterStatus]
    revisions: tuple[Mapping[str, Any], ...] = ()
    hands: str = ""
    """Who works on its rollout, and where."""

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        status = self.record.status
        return {
            "name": self.record.name,
            "tenant": self.record.tenant,
            "namespace": self.record.spec.namespace,
            "placement": dict(self.record.spec.placement),
            "failover": dict(self.record.spec.failover),
            "phase": status.get("phase") or "Pending",
            "revision": self.record.revision,
            "deployed_revision": status.get("deployedRevision"),
            "epoch": self.record.epoch,
            "conditions": list(status.get("conditions") or []),
            "clusters": {name: found.to_dict() for name, found in sorted(self.clusters.items())},
            "revisions": list(self.revisions),
            **({"rollout": _rollout(self.record)} if status.get("rollout") else {}),
        }


def statuses(hub: Hub, *, tenant: str | None, name: str | None, look: bool) -> tuple[ApplicationStatus, ...]:
    """All applications, those of a tenant, or one.

    :param look: also look at the members, all side by side.
    """
    records = _records(hub, tenant, name)
    recorded = [
        ApplicationStatus(record, recorded_clusters(record), _revisions(hub, record), _hands(hub, record))
        for record in records
    ]
    if not look or not recorded:
        return tuple(recorded)
    fleet = open_fleet(hub)
    targets = {
        f"{number}/{cluster}": (status.record, cluster, entry)
        for number, status in enumerate(recorded)
        for cluster, entry in status.clusters.items()
    }
    outcomes = fan_out(targets, lambda _key, target: _looked_at(hub, fleet, *target))
    seen = []
    for number, status in enumerate(recorded):
        clusters = {}
        for cluster, entry in status.clusters.items():
            outcome = outcomes[f"{number}/{cluster}"]
            clusters[cluster] = (
                outcome.get() if outcome.ok else replace(entry, error=outcome.error, health={"state": "Unknown"})
            )
        seen.append(replace(status, clusters=clusters))
    return tuple(seen)


def recorded_clusters(record: ApplicationRecord) -> dict[str, ClusterStatus]:
    """What the hub's record says of each cluster. Pure."""
    entries: Mapping[str, Mapping[str, Any]] = record.status.get("clusters") or {}
    found = {
        name: ClusterStatus(entry.get("workloads") or {}, entry.get("revision"), health=entry.get("health") or {})
        for name, entry in entries.items()
    }
    for name, reason in record.stale.items():
        found[name] = ClusterStatus({}, stale=reason)
    return found


def table(found: Sequence[ApplicationStatus]) -> list[str]:
    """Lines for a terminal: one per application and cluster. Pure."""
    if not found:
        return [NO_APPLICATION]
    rows = [
        COLUMNS,
        *(_row(status, name, entry) for status in found for name, entry in sorted(status.clusters.items())),
    ]
    rows += [
        (
            _title(status),
            "-",
            str(status.record.revision or "-"),
            "-",
            str(status.record.status.get("phase") or "Pending"),
            "",
        )
        for status in found
        if not status.clusters
    ]
    return aligned(rows)


def rollout_lines(found: Sequence[ApplicationStatus]) -> list[str]:
    """Where rollouts stand that are not over, or failed, and how they go on. Pure."""
    lines = []
    for status in found:
        progress = progress_of(status.record)
        if progress is None or progress.phase in (Phase.SUCCEEDED, Phase.SUPERSEDED):
            continue
        if not progress.active and (status.record.revision or 0) > progress.revision:
            # Something newer has been delivered since it was rolled back.
            continue
        line = f"{_title(status)}: {progress.line}"
        if progress.phase is Phase.PAUSED:
            line += ". Resume, promote or abort it"
        elif progress.active and status.hands:
            line += f". It is in the hands of {status.hands}"
        elif progress.active:
            line += ". Nobody works on it: apply it again, resume or abort it"
        lines.append(line)
    return lines


def history_table(found: Sequence[ApplicationStatus]) -> list[str]:
    """Lines for a terminal: one per application and revision, newest first. Pure."""
    rows = [
        (
            _title(status),
            *(str(head[key]) for key in ("revision", "state", "created", "author", "clusters")),
            _cut(", ".join(head["images"])),
            _cut(head["note"]),
        )
        for status in found
        for head in status.revisions
    ]
    return aligned([HISTORY_COLUMNS, *rows])


def _hands(hub: Hub, record: ApplicationRecord) -> str:
    if active_rollout(record) is None:
        return ""
    return holder_of(hub.session, application_lease(record.name), record.tenant)


def _records(hub: Hub, tenant: str | None, name: str | None) -> Iterable[ApplicationRecord]:
    if name is not None and tenant is not None:
        record = get_record(hub, tenant, name)
        return [record] if record is not None else []
    return [record for record in list_records(hub, tenant) if name in (None, record.name)]


def _revisions(hub: Hub, record: ApplicationRecord) -> tuple[Mapping[str, Any], ...]:
    return tuple(head.to_dict() for head in history(hub, record.tenant, record.name))


def _looked_at(hub: Hub, fleet: Fleet, record: ApplicationRecord, cluster: str, entry: ClusterStatus) -> ClusterStatus:
    session = fleet.session(cluster)
    owner = Owner(hub.id, record.tenant, record.name)
    observation = observe(session, owner, ())
    rules = judge_by(record.spec.health)

    def by(obj: Manifest) -> Health:
        return canary_health(obj, rules)

    health = judge(observation.live, by)
    health = with_reasons(Expectation(session, owner.applyset, observation.live, observation.resource_of, by), health)
    return seen_in_member(entry, observation, health)


def seen_in_member(entry: ClusterStatus, observation: Observation, health: ClusterHealth) -> ClusterStatus:
    """What a look at a member adds to what the hub says. Pure."""
    parent = observation.parent
    if parent is None:
        missing = ("the whole application",) if entry.replicas and not entry.stale else ()
        return replace(
            entry, ready_replicas=0, drifted=missing, health={"state": "Unknown"} if missing else health.to_dict()
        )
    workloads = [live for live in observation.live.values() if has_replicas(live)]
    return replace(
        entry,
        revision=parent.revision,
        ready_replicas=sum(_ready(live) for live in workloads),
        drifted=tuple(_drifted(parent, observation.live)),
        health=health.to_dict(),
    )


def _drifted(parent: Parent, live: Mapping[Identity, Manifest]) -> Iterable[str]:
    for identity, trace in sorted(parent.objects.items()):
        found = live.get(identity)
        if found is None:
            yield f"{identity.label} (missing)"
        elif trace is not None and not trace.fits(found):
            yield identity.label


def _rollout(record: ApplicationRecord) -> dict[str, Any]:
    """Where the last rollout stands, without what only a play needs."""
    progress = progress_of(record)
    if progress is None:
        return {}
    hidden = ("previousSpec", "specDigest")
    return {**{key: value for key, value in progress.to_dict().items() if key not in hidden}, "line": progress.line}


def _ready(live: Manifest) -> int:
    status = live.get("status") or {}
    ready = status.get("readyReplicas")
    if ready is None:
        # A Job counts what runs and what is done.
        ready = (status.get("ready") or 0) + (status.get("succeeded") or 0)
    return int(ready)


def _row(status: ApplicationStatus, cluster: str, entry: ClusterStatus) -> tuple[str, ...]:
    shown = "?" if entry.ready_replicas is None else str(entry.ready_replicas)
    return (
        _title(status),
        cluster,
        str(entry.revision or "-"),
        f"{shown}/{entry.replicas}",
        str(entry.health.get("state") or "Unknown"),
        _cut(entry.note),
    )


def _cut(text: str) -> str:
    return shortened(text.replace("\n", " "), NOTE_LENGTH)


def _title(status: ApplicationStatus) -> str:
    record = status.record
    return record.name if record.tenant == "default" else f"{record.tenant}/{record.name}"
