# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What in the members is not as the revision in force says, and who changed it. One list per kind and member."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .._kube.errors import FleetError
from .._kube.fanout import fan_out
from .._registry.hub import Hub
from .adoption import mark_of
from .application import Owner
from .applyset import Parent
from .autoscale import targets_of
from .fielddrift import FieldDrift, Writer, field_drifts, is_ignored, last_writer
from .identity import Identity, Manifest, identify
from .ignoring import Ignore, parse_rules
from .manifests import owner_of
from .observe import Observation, observe, unlabelled
from .prepare import Fleet, open_fleet
from .record import ApplicationRecord, get_record, list_records
from .recorded import implied_in
from .report import NO_APPLICATION, aligned, differing
from .revision import Revision, load

LOOKED_UP = 20
"""Objects per member that the lists did not show and that are looked for by name: somebody may have taken our label off."""

OBJECTS_SHOWN = 200
FIELDS_SHOWN = 20
LINES_SHOWN = 200
COLUMNS = ("APPLICATION", "CLUSTER", "OBJECT", "WHAT", "BY", "WHEN")


class Difference(StrEnum):
    """How an object differs."""

    CHANGED = "changed"
    MISSING = "missing"
    FOREIGN = "foreign"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as it should be."""

    identity: Identity
    what: Difference
    reason: str = ""
    fields: tuple[FieldDrift, ...] = ()
    writer: Writer | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        found: dict[str, Any] = {
            "object": self.identity.label,
            "what": self.what.value,
            "reason": self.reason,
            "by": self.writer.to_dict() if self.writer else None,
        }
        if self.fields:
            found["fields"] = [entry.to_dict() for entry in self.fields[:FIELDS_SHOWN]]
        return found


@dataclass(frozen=True, slots=True)
class ClusterDrift:
    """One application in one cluster."""

    drifts: tuple[Drift, ...] = ()
    error: FleetError | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        found: dict[str, Any] = {
            "drifted": len(self.drifts),
            "objects": [drift.to_dict() for drift in self.drifts[:OBJECTS_SHOWN]],
        }
        return {**found, "error": self.error.to_dict()} if self.error else found


@dataclass(frozen=True, slots=True)
class ApplicationDrift:
    """One application, in all its clusters."""

    tenant: str
    name: str
    revision: int | None
    clusters: Mapping[str, ClusterDrift] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The form in results."""
        return {
            "name": self.name,
            "tenant": self.tenant,
            "revision": self.revision,
            "drifted": sum(len(entry.drifts) for entry in self.clusters.values()),
            "clusters": {name: entry.to_dict() for name, entry in sorted(self.clusters.items())},
        }


def drifts(hub: Hub, *, tenant: str | None, name: str | None) -> tuple[ApplicationDrift, ...]:
    """Compare all applications, those of a tenant, or one, with their revisions in force."""
    records = [get_record(hub, tenant, name)] if tenant and name else list_records(hub, tenant)
    known = [record for record in records if record is not None and name in (None, record.name)]
    if not known:
        return ()
    fleet = open_fleet(hub)
    revisions = fan_out({_key(record): record for record in known}, lambda _key, record: _in_force(hub, record))
    targets: dict[str, tuple[ApplicationRecord, Revision, str]] = {}
    for record in known:
        revision = revisions[_key(record)].get()
        for cluster in _clusters(record) if revision is not None else ():
            if revision is not None:
                targets[f"{_key(record)}/{cluster}"] = (record, revision, cluster)
    outcomes = fan_out(targets, lambda _key, target: _look(hub, fleet, *target))
    return tuple(
        ApplicationDrift(
            record.tenant,
            record.name,
            record.revision,
            {
                cluster: ClusterDrift(outcome.get()) if outcome.ok else ClusterDrift(error=outcome.error)
                for cluster in _clusters(record)
                if (outcome := outcomes.get(f"{_key(record)}/{cluster}")) is not None
            },
        )
        for record in known
    )


def compare(
    wanted: Mapping[Identity, Manifest],
    live: Mapping[Identity, Manifest],
    parent: Parent | None,
    owner: Owner,
    *,
    implied: Collection[Identity] = (),
    rules: Collection[Ignore] = (),
) -> tuple[Drift, ...]:
    """What differs in one member. Pure.

    :param implied: namespaces that only have to be there.
    """
    found = []
    rules = (*rules, *(_left_to_autoscaler(identity) for identity in targets_of(wanted.values())))
    for identity, manifest in sorted(wanted.items()):
        drift = _difference(identity, manifest, live.get(identity), parent, owner, identity in implied, rules)
        if drift is not None:
            found.append(drift)
    for identity, item in sorted(live.items()):
        if identity not in wanted and owner_of(item) == owner.text:
            reason = "it carries our mark and is not in the revision"
            found.append(Drift(identity, Difference.EXTRA, reason, writer=last_writer(item)))
    return tuple(found)


def table(found: Sequence[ApplicationDrift]) -> list[str]:
    """Lines for a terminal: an object each, and its fields below. Pure."""
    if not found:
        return [NO_APPLICATION]
    rows: list[tuple[str, ...]] = [COLUMNS]
    for application in found:
        title = application.name if application.tenant == "default" else f"{application.tenant}/{application.name}"
        for cluster, entry in sorted(application.clusters.items()):
            rows += [_row(title, cluster, drift) for drift in entry.drifts]
            if entry.error is not None:
                rows.append((title, cluster, "-", "unknown", "-", str(entry.error)[:120]))
    if len(rows) == 1:
        return ["Everything is as the revisions in force say."]
    lines = aligned(rows[: LINES_SHOWN + 1])
    if len(rows) > len(lines):
        lines.append(f"and {len(rows) - len(lines)} more")
    return lines


def field_lines(found: Sequence[ApplicationDrift]) -> list[str]:
    """What the fields are and should be, for people. Pure."""
    lines = [
        f"{cluster}: {drift.identity.label}: {entry.field} is {entry.found}, should be {entry.wanted}"
        for application in found
        for cluster, part in sorted(application.clusters.items())
        for drift in part.drifts
        for entry in drift.fields
    ]
    return [*lines[:LINES_SHOWN], *([f"and {len(lines) - LINES_SHOWN} more"] if len(lines) > LINES_SHOWN else [])]


def _difference(
    identity: Identity,
    manifest: Manifest,
    live: Manifest | None,
    parent: Parent | None,
    owner: Owner,
    is_implied: bool,
    rules: Collection[Ignore],
) -> Drift | None:
    if live is None:
        return Drift(identity, Difference.MISSING, "it is not there")
    if owner_of(live) != owner.text:
        if is_implied:
            return None
        holder = mark_of(live, owner.applyset)
        reason = f"it belongs to {holder}" if holder else "our mark was taken off"
        return Drift(identity, Difference.FOREIGN, reason, writer=last_writer(live))
    trace = parent.objects.get(identity) if parent is not None else None
    if trace is not None and trace.fits(live):
        return None
    fields = tuple(entry for entry in field_drifts(manifest, live) if not is_ignored(identity, entry, rules))
    if not fields:
        return None
    newest = max((entry.writer for entry in fields if entry.writer), key=lambda writer: writer.time, default=None)
    return Drift(identity, Difference.CHANGED, differing(len(fields), "field"), fields, newest)


def _left_to_autoscaler(identity: Identity) -> Ignore:
    return Ignore(identity.kind, identity.group, identity.name, identity.namespace, (("spec", "replicas"),))


def _look(hub: Hub, fleet: Fleet, record: ApplicationRecord, revision: Revision, cluster: str) -> tuple[Drift, ...]:
    session = fleet.session(cluster)
    owner = Owner(hub.id, record.tenant, record.name)
    observation = observe(session, owner, ())
    wanted = {identify(item): item for item in revision.previous(cluster)}
    implied = implied_in(revision)
    if observation.parent is None:
        if cluster in (record.status.get("released") or {}):
            return ()
        return tuple(Drift(identity, Difference.MISSING, "nothing of it is ours there") for identity in sorted(wanted))
    live = {
        **observation.live,
        **_by_name(observation, fleet, cluster, [key for key in wanted if key not in observation.live]),
    }
    return compare(wanted, live, observation.parent, owner, implied=implied, rules=parse_rules(record.spec.ignore))


def _by_name(
    observation: Observation, fleet: Fleet, cluster: str, missing: Iterable[Identity]
) -> dict[Identity, Manifest]:
    session = fleet.session(cluster)
    found = {}
    for identity in list(missing)[:LOOKED_UP]:
        live = unlabelled(session, observation, identity)
        if live is not None:
            found[identity] = live
    return found


def _in_force(hub: Hub, record: ApplicationRecord) -> Revision | None:
    return load(hub, record.tenant, record.name, record.revision) if record.revision is not None else None


def _clusters(record: ApplicationRecord) -> list[str]:
    return sorted(record.clusters)


def _key(record: ApplicationRecord) -> str:
    return f"{record.tenant}/{record.name}"


def _row(title: str, cluster: str, drift: Drift) -> tuple[str, ...]:
    writer = drift.writer
    what = drift.what.value if drift.what is not Difference.FOREIGN else f"foreign: {drift.reason}"
    by = f"{writer.manager} ({writer.operation})" if writer else "-"
    return (title, cluster, drift.identity.label, what, by, writer.time if writer else "-")
