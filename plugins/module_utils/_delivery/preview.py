# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask the servers what an apply would do, before anything is written: defaults, admission and quota speak first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._kube.discovery import Resource
from .._kube.errors import ApiError, BusyError, ConflictError, InvalidError, NotFoundError
from .._kube.session import FieldConflicts, Session
from .application import MEMBER_NAMESPACE, Conflict
from .fields import has_path
from .identity import Manifest
from .plan import FieldConflict, Preview, predicted

ABSENT_VERSION = "1"
"""A resourceVersion that no object has: with it an apply creates, and fails when somebody was faster."""


@dataclass(frozen=True, slots=True)
class Question:
    """One object to be asked about."""

    manifest: Manifest
    live: Manifest | None
    previous: Manifest | None
    """The manifest that was last applied to this cluster: a field in it was ours."""
    conflict: Conflict
    gives_way: Callable[[str], bool] = lambda _manager: False
    """Whether a field manager's fields may be taken without asking: the object is being adopted from it."""


def preview(session: Session, resource: Resource, question: Question) -> Preview:
    """Dry-run one apply.

    :param session: whose writes are kept; the dry run is made from it.
    """
    manifest, live = question.manifest, question.live
    force = FieldConflicts.ABORT if question.conflict is Conflict.ABORT else FieldConflicts.OVERWRITE
    drift: tuple[FieldConflict, ...] = ()
    try:
        try:
            return Preview(manifest, after=_ask(session, resource, manifest, live, force), force=force)
        except ConflictError as error:
            conflicts = field_conflicts(error)
            if not conflicts:
                raise
        foreign = [
            conflict
            for conflict in conflicts
            if not has_path(question.previous, conflict.field) and not question.gives_way(conflict.manager)
        ]
        if foreign:
            return Preview(manifest, conflicts=conflicts)
        if conflicts:
            drift, force = conflicts, FieldConflicts.OVERWRITE
        return Preview(manifest, after=_ask(session, resource, manifest, live, force), drift=drift, force=force)
    except ApiError as error:
        return _without_answer(manifest, live, error)


def unasked(manifest: Manifest, live: Manifest | None, reason: str) -> Preview:
    """The preview of an object that no server can be asked about yet."""
    return Preview(manifest, after=predicted(live, manifest) if live else None, unverified=reason)


def rehearse(session: Session, resource: Resource, manifest: Manifest, reason: str) -> Preview:
    """The preview of an object whose namespace comes with the same plan.

    Its form is checked in our own namespace, where nothing is kept either: an object that no server takes is refused
    before anything is written. Whatever else the server says there is about the wrong namespace, and not listened to.
    """
    body = at_version({**manifest, "metadata": {**manifest["metadata"], "namespace": MEMBER_NAMESPACE}}, None)
    try:
        session.dry_run().apply(resource, body)
    except InvalidError as error:
        if error.code in (400, 422, 500) and not _refuses_dry_runs(error):
            place = f"({manifest['metadata'].get('namespace')}/"
            return Preview(manifest, refused=error.message.replace(f"({MEMBER_NAMESPACE}/", place))
    except ApiError:
        return unasked(manifest, None, reason)
    return unasked(manifest, None, reason)


def field_conflicts(error: ConflictError) -> tuple[FieldConflict, ...]:
    """The fields and managers that an apply stumbled over; empty when it was something else."""
    return tuple(
        FieldConflict(str(cause.get("field") or ""), _manager(str(cause.get("message") or "")))
        for cause in error.causes
        if cause.get("reason") == "FieldManagerConflict"
    )


def at_version(manifest: Manifest, live: Manifest | None) -> Manifest:
    """The manifest, to be applied only if the object is still as it was seen."""
    version = live["metadata"]["resourceVersion"] if live is not None else ABSENT_VERSION
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}


def _ask(
    session: Session, resource: Resource, manifest: Manifest, live: Manifest | None, force: FieldConflicts
) -> Manifest:
    # Without the version: a status written meanwhile by a controller is no reason to fail a question.
    body = manifest if live is not None else at_version(manifest, None)
    return session.dry_run().apply(resource, body, conflicts=force).object


def _without_answer(manifest: Manifest, live: Manifest | None, error: ApiError) -> Preview:
    if isinstance(error, NotFoundError):
        return unasked(manifest, live, "its namespace does not exist yet")
    if isinstance(error, BusyError):
        return unasked(manifest, live, f"the server could not answer a dry run: {error.message}")
    if isinstance(error, InvalidError) and _refuses_dry_runs(error):
        return unasked(manifest, live, "an admission webhook does not support dry runs")
    return Preview(manifest, refused=error.message)


def _refuses_dry_runs(error: InvalidError) -> bool:
    """A webhook with side effects: the server says so in words only, as a BadRequest without a cause."""
    return error.code == 400 and not error.causes and "does not support dry run" in error.message


def _manager(message: str) -> str:
    """The manager in ``conflict with "kubectl-edit" using apps/v1``: the API gives it nowhere else."""
    _before, quote, rest = message.partition('"')
    return rest.partition('"')[0] if quote else message
