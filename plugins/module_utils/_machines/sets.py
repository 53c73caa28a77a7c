# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machine sets in the hub: read, written, and removed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from .._kube.errors import ConflictError, InputError, NotFoundError
from .._registry.hub import Hub
from .._registry.names import MACHINE_SETS
from .record import Record, Status

if TYPE_CHECKING:
    from typing import Any

_TRIES = 8


def list_sets(
    hub: Hub, *, names: Collection[str] | None = None, clusters: Collection[str] | None = None
) -> dict[str, Record]:
    """Machine sets by name.

    :param names: only these; one that does not exist is an error.
    :param clusters: only those of these members.
    """
    try:
        objects = hub.session.list(MACHINE_SETS)
    except NotFoundError as error:
        raise NotFoundError(
            "the hub knows no machine sets yet",
            code=404,
            cluster=hub.session.cluster,
            next_step="Bring its registry up to date with the playbook navarch.fleet.registry",
        ) from error
    found = {record.name: record for record in map(Record.from_object, objects)}
    unknown = sorted(set(names or ()) - set(found))
    if unknown:
        raise InputError(
            f"there is no machine set {unknown[0]}", next_step=f"Known are: {', '.join(sorted(found)) or 'none'}"
        )
    return {
        name: record
        for name, record in sorted(found.items())
        if (not names or name in names) and (not clusters or record.cluster in clusters)
    }


def write_set(hub: Hub, wanted: Record) -> None:
    """Create or change the description of a set; how it stands is left alone."""
    for attempt in range(_TRIES):
        before = hub.session.get(MACHINE_SETS, wanted.name)
        try:
            if before is None:
                hub.session.create(MACHINE_SETS, wanted.to_object())
            else:
                hub.session.replace(MACHINE_SETS, {**before, "spec": wanted.to_object()["spec"]})
            return
        except ConflictError:
            if attempt == _TRIES - 1:
                raise


def remove_set(hub: Hub, name: str) -> None:
    """Forget a set; its machines are somebody else's from now on."""
    hub.session.delete(MACHINE_SETS, name)


def write_status(hub: Hub, name: str, change: Callable[[Status], Status]) -> Status:
    """Change what is recorded of how a set stands; nothing is written when nothing changes.

    :raises NotFoundError: the set is gone.
    """
    for attempt in range(_TRIES):
        obj = hub.session.get(MACHINE_SETS, name)
        if obj is None:
            raise NotFoundError(
                "it was removed meanwhile", code=404, cluster=hub.session.cluster, object=f"MachineSet {name}"
            )
        before = Status.from_dict(obj.get("status") or {})
        after = change(before)
        document: dict[str, Any] = after.to_dict()
        if document == (obj.get("status") or {}):
            return after
        try:
            hub.session.replace(MACHINE_SETS, {**obj, "status": document}, subresource="status")
            return after
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")
