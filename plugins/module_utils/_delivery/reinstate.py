# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back to an old revision by hand: a new one with the old content, in the same clusters if they can be had."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._kube.errors import FleetError, InputError
from .._registry.hub import Hub
from .application import Actor, Settings, Spec
from .deliver import deliver_planned
from .prepare import Fleet, History, Prepared, prepare
from .publish import timestamp
from .record import ApplicationRecord, existing_record
from .recorded import Recorded, prepare_recorded, unfit
from .result import Result
from .revision import Head, Revision, RevisionState, history, load

_BACK = "rollback to "


def reinstate(
    hub: Hub, tenant: str, name: str, number: int | None, settings: Settings, actor: Actor, *, check: bool
) -> Result:
    """Deliver the content of an old revision again, as the next one.

    Where one of its clusters is gone or lost, it is placed anew by the placement that it had.

    :param number: the revision; the last one that was in force before the present one when it is not given.
    :raises NotFoundError: there is no such application.
    :raises InputError: there is no such revision.
    """
    record = existing_record(hub, tenant, name)
    heads = history(hub, tenant, name)
    old = load(hub, tenant, name, _before(record, heads) if number is None else _among(record, heads, number))
    spec = replace(
        record.spec, namespace=old.namespace, placement=old.placement, overrides=tuple(old.overrides),
        source_digest=old.source_digest,
    )  # fmt: skip
    note = f"{_BACK}{old.number}"

    def plan(fleet: Fleet, past: History) -> Prepared:
        if past.force is not None and past.force.digest == old.digest:
            return _again(hub, fleet, spec, past.force, past, settings)
        gone = unfit(fleet, old)
        if gone:
            why = f"{note}, placed anew: " + "; ".join(
                f"{cluster} {reason}" for cluster, reason in sorted(gone.items())
            )
            return prepare(
                hub, fleet, spec, old.objects, past, settings, variants=old.variants, fetched=old.fetched,
                author=actor.who, created=timestamp(), note=why,
            )  # fmt: skip
        newest = past.heads[0]
        begun = newest.digest == old.digest and newest.state is RevisionState.PENDING
        draft = replace(
            old, number=newest.number if begun else newest.number + 1, author=actor.who, created=timestamp(), note=note,
            state=RevisionState.PENDING,
        )  # fmt: skip
        known = Recorded(spec, draft, past.force, (*past.stale, *past.touched))
        return prepare_recorded(hub, fleet, known, settings, is_new=not begun)

    return deliver_planned(hub, spec, plan, settings, actor, check=check, lock=None)


def _again(hub: Hub, fleet: Fleet, spec: Spec, force: Revision, past: History, settings: Settings) -> Prepared:
    """It is in force already: what differs from it is repaired."""
    prepared = prepare_recorded(
        hub, fleet, Recorded(spec, force, force, (*past.stale, *past.touched)), settings, is_new=False
    )
    return replace(prepared, resumes=force.state is not RevisionState.DEPLOYED, concluded=past.concluded)


def _before(record: ApplicationRecord, heads: Iterable[Head]) -> int:
    """The revision that was in force before the present one; the present one, if it is a way back that was interrupted."""
    present = record.revision
    for head in heads:
        interrupted = head.number == present and head.note.startswith(_BACK) and not record.concluded
        older = present is None or head.number < present
        if interrupted or (older and head.state is RevisionState.SUPERSEDED and head.complete):
            return head.number
    raise FleetError(
        "there is no older revision that was in force",
        object=f"Application {record.tenant}/{record.name}",
        next_step="Name one that was not: status and application_info show them",
    )


def _among(record: ApplicationRecord, heads: Iterable[Head], number: int) -> int:
    """The number, if there is such a revision."""
    there = sorted(head.number for head in heads if head.complete)
    if number not in there:
        raise InputError(
            f"there is no revision {number}",
            object=f"Application {record.tenant}/{record.name}",
            next_step=f"Name one of {', '.join(map(str, there))}: status and application_info show what they are",
        )
    return number
