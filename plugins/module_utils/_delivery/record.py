# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Application in the hub: what was asked for, and what stands where. Written before the members are, and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._kube.errors import ConflictError, FleetError, NotFoundError
from .._registry.hub import Hub
from .._registry.names import API_VERSION, APPLICATIONS, SCHEMA_ANNOTATION, SCHEMA_VERSION
from .application import Spec

TRIES = 8
"""A conditional write that lost this often in a row is given up."""

WORKLOADS_SHOWN = 100
"""Per cluster: the status is bounded, the revision has them all."""


UNFINISHED = frozenset({"Progressing", "Paused", "RollingBack"})
"""Phases of a rollout that is not over."""


@dataclass(frozen=True, slots=True)
class ApplicationRecord:
    """An Application, read."""

    spec: Spec
    status: Mapping[str, Any]
    uid: str
    resource_version: str

    @property
    def concluded(self) -> bool:
        """Whether the last delivery told how it came out; a rollout by steps keeps account of itself."""
        return (
            self.status.get("phase") != "Progressing" or (self.status.get("rollout") or {}).get("phase") in UNFINISHED
        )

    @property
    def tenant(self) -> str:
        """The namespace in the hub."""
        return self.spec.tenant

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    @property
    def revision(self) -> int | None:
        """The revision in force; ``None`` before the first."""
        found = self.status.get("revision")
        return int(found) if found else None

    @property
    def epoch(self) -> int:
        """Of the last lease that wrote."""
        return int(self.status.get("epoch") or 0)

    @property
    def clusters(self) -> dict[str, dict[str, int]]:
        """Replicas per workload, per chosen cluster."""
        return {name: dict(entry.get("workloads") or {}) for name, entry in (self.status.get("clusters") or {}).items()}

    @property
    def stale(self) -> dict[str, str]:
        """Clusters that are not chosen any more but hold something of ours, and why."""
        return dict(self.status.get("stale") or {})

    @property
    def touched(self) -> tuple[str, ...]:
        """Clusters in which a rollout that is not over may have written."""
        rollout = self.status.get("rollout") or {}
        return tuple(rollout.get("touched") or ()) if rollout.get("phase") in UNFINISHED else ()

    @property
    def failover(self) -> dict[str, Any]:
        """The continuity room's notes."""
        return dict(self.status.get("failover") or {})


def get_record(hub: Hub, tenant: str, name: str) -> ApplicationRecord | None:
    """One application, or ``None``."""
    found = hub.session.get(APPLICATIONS, name, tenant)
    return None if found is None else record_from(found)


def existing_record(hub: Hub, tenant: str, name: str) -> ApplicationRecord:
    """One application.

    :raises NotFoundError: there is none of that name.
    """
    record = get_record(hub, tenant, name)
    if record is None:
        raise NotFoundError(
            "there is no such application",
            code=404,
            cluster=hub.session.cluster,
            object=f"Application {tenant}/{name}",
            next_step="Apply it first, or look at application_info for the names",
        )
    return record


def list_records(hub: Hub, tenant: str | None = None) -> tuple[ApplicationRecord, ...]:
    """All applications, of one tenant or of all."""
    return tuple(record_from(item) for item in hub.session.list(APPLICATIONS, tenant))


def record_from(found: Mapping[str, Any]) -> ApplicationRecord:
    """An Application as a value."""
    metadata = found["metadata"]
    spec = Spec.from_dict(metadata["namespace"], metadata["name"], found.get("spec") or {})
    return ApplicationRecord(spec, found.get("status") or {}, metadata["uid"], metadata["resourceVersion"])


def write_spec(hub: Hub, spec: Spec) -> ApplicationRecord:
    """Create the application, or bring its spec up to date; no write when it says so already."""
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": {
            "name": spec.name,
            "namespace": spec.tenant,
            "annotations": {SCHEMA_ANNOTATION: str(SCHEMA_VERSION)},
        },
        "spec": spec.to_dict(),
    }
    found = hub.session.get(APPLICATIONS, spec.name, spec.tenant)
    if found is None:
        try:
            return record_from(hub.session.create(APPLICATIONS, manifest))
        except NotFoundError as error:
            raise NotFoundError(
                f"the hub has no namespace {spec.tenant}, and a tenant is a namespace",
                code=404,
                cluster=hub.session.cluster,
                object=f"Application {spec.tenant}/{spec.name}",
                next_step=f"Create the namespace {spec.tenant} in the hub, or correct tenant",
            ) from error
    if found.get("spec") == spec.to_dict():
        return record_from(found)
    return record_from(hub.session.replace(APPLICATIONS, {**found, "spec": spec.to_dict()}))


def write_status(
    hub: Hub, tenant: str, name: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> ApplicationRecord:
    """Read, change and write the status; nothing is written when nothing changes.

    :raises FleetError: the record vanished, or others keep writing it.
    """
    for _attempt in range(TRIES):
        found = hub.session.get(APPLICATIONS, name, tenant)
        if found is None:
            break
        before = found.get("status") or {}
        after = change(before)
        if after == before:
            return record_from(found)
        try:
            return record_from(hub.session.replace(APPLICATIONS, {**found, "status": after}, subresource="status"))
        except ConflictError:
            continue
    raise FleetError(
        "its record could not be written: it was removed, or others keep writing it",
        cluster=hub.session.cluster,
        object=f"Application {tenant}/{name}",
        next_step="Look who works on it, then run the play again",
    )


def write_failover_note(hub: Hub, tenant: str, name: str, note: Mapping[str, Any]) -> ApplicationRecord:
    """Keep the continuity room's notes; its caller holds the application's lease."""
    return write_status(hub, tenant, name, lambda before: {**before, "failover": dict(note)})


def delete_record(hub: Hub, record: ApplicationRecord) -> None:
    """Remove the application from the hub."""
    hub.session.delete(APPLICATIONS, record.name, record.tenant, uid=record.uid)
