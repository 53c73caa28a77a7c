# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other numbers of replicas than the sources say: set by hand, by a schedule or when load comes, and kept by applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .._kube.errors import InputError, NotFoundError
from .._registry.hub import Hub
from .application import Actor, Settings, Spec
from .deliver import deliver_planned
from .identity import Identity, Manifest
from .prepare import Fleet, History, Prepared, prepare
from .progress import refuse_under_way, standing_spec
from .publish import timestamp
from .record import existing_record
from .result import Result
from .scaling import key_of
from .workloads import workloads_of

Counts = Mapping[str, "int | None"]
"""Replicas by workload; None gives the number back to the sources."""


def rescale(
    hub: Hub, tenant: str, name: str, wanted: Counts, *, actor: Actor, settings: Settings, check: bool, note: str = ""
) -> Result:
    """Give workloads of an application other numbers of replicas in all clusters together, and place it again.

    :param wanted: by ``name``, ``Kind/name`` or ``Kind/namespace/name``.
    :raises InputError: there is no such workload, or more than one.
    """
    record = existing_record(hub, tenant, name)

    def plan(fleet: Fleet, past: History) -> Prepared:
        if past.force is None or past.record is None:
            raise NotFoundError(
                "it has no revision in force",
                code=404,
                object=f"Application {tenant}/{name}",
                next_step="Apply it first",
            )
        refuse_under_way(past.record)
        spec = standing_spec(past.record)
        spec = replace(spec, scale=scale_after(spec.scale, wanted, past.force.objects, spec))
        return prepare(
            hub, fleet, spec, past.force.objects, past, settings,
            variants=past.force.variants, fetched=past.force.fetched, author=actor.who, created=timestamp(),
            note=note or note_of(wanted),
        )  # fmt: skip

    return deliver_planned(hub, record.spec, plan, settings, actor, check=check, lock=None)


def read_counts(given: Mapping[str, object]) -> dict[str, int | None]:
    """Numbers of replicas as users write them.

    :raises InputError: one is none.
    """
    found: dict[str, int | None] = {}
    for name, count in given.items():
        text = str(count).strip()
        if count is None or text in ("", "null", "None"):
            found[name] = None
        elif text.isascii() and text.isdigit():
            found[name] = int(text)
        else:
            raise InputError(
                f"replicas of {name or 'the workload'} are {text[:40]}", next_step="Give a whole number from 0"
            )
    return found


def scale_after(before: Mapping[str, int], wanted: Counts, objects: Sequence[Manifest], spec: Spec) -> dict[str, int]:
    """The numbers that are kept. Pure."""
    found = dict(before)
    for text, replicas in wanted.items():
        key = key_of(_workload(text, objects, spec))
        found.pop(key, None)
        if replicas is not None:
            found[key] = replicas
    return found


def note_of(wanted: Counts) -> str:
    """What the revision says of itself."""
    words = [
        f"{name or 'its workload'} {'as its manifest says' if count is None else count}"
        for name, count in sorted(wanted.items())
    ]
    return f"scale: {', '.join(words)}"[:500]


def _workload(text: str, objects: Sequence[Manifest], spec: Spec) -> Identity:
    known = list(workloads_of(objects))
    names = {identity: {identity.name, f"{identity.kind}/{identity.name}", key_of(identity)} for identity in known}
    found = [identity for identity in known if text in names[identity]] if text else known
    subject = f"Application {spec.tenant}/{spec.name}"
    if not found:
        has = ", ".join(f"{identity.kind}/{identity.name}" for identity in known) or "none"
        raise InputError(f"it has no workload {text}", object=subject, next_step=f"Its workloads are: {has}")
    if len(found) > 1:
        has = ", ".join(key_of(identity) for identity in found)
        raise InputError("more than one workload is meant", object=subject, next_step=f"Name one of: {has}")
    return found[0]
