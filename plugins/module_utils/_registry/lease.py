# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks in the hub: Leases that one play holds while it changes something.

Clocks of two machines are never compared. A holder is gone when its lease did not change for the lease's duration *as
this process watched it*; and we ourselves stop writing when our own renewals fail for most of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from .._kube.errors import ConflictError, FleetError, LeaseHeldError, LeaseLostError, NotFoundError
from .._kube.session import Session
from .names import LEASES, PREFIX

if TYPE_CHECKING:
    from typing import Any

EPOCH_ANNOTATION = f"{PREFIX}epoch"
WHO_ANNOTATION = f"{PREFIX}who"
WHERE_ANNOTATION = f"{PREFIX}where"

DURATION = 20.0
"""Seconds without a sign of life after which a lease may be taken over."""

SURE = 0.75
"""Share of a lease's duration since its last sign of life in which it is surely ours."""

SILENCES = 3
"""Durations that a writer waits for a hub that does not answer, before it gives up."""

WAIT = 30.0
"""Seconds to wait for a lease: longer than :data:`DURATION`, so that a killed play's lease is outwaited."""


class Afterwards(Enum):
    """What becomes of the lease when the block ends well or badly."""

    RELEASE = "release"
    KEEP = "keep"
    """For the next task of the same play, which passes the same holder."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds or wants a lease."""

    id: str
    who: str = ""
    where: str = ""


class Lock:
    """A lease that we hold. Ask :meth:`check` before each write."""

    def __init__(self, session: Session, lease: Mapping[str, Any], holder: Holder, duration: float) -> None:
        self.epoch = _epoch(lease)
        """Raised by each acquisition: a writer with a lower one is out of date."""
        self._session = session
        self._lease = dict(lease)
        self._holder = holder
        self._duration = duration
        self._renewed = time.monotonic()
        self._lost: LeaseLostError | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Return once the lease is surely ours; wait for that while the hub does not answer, which is no loss yet.

        :raises LeaseLostError: somebody else has it, or the hub was silent for too long.
        """
        while self._lost is None and self._silent() > self._duration * SURE:
            if self._silent() > self._duration * SILENCES:
                self._lost = self._error("it could not be renewed in time")
            self._stopped.wait(0.1)
        if self._lost is not None:
            raise self._lost

    def _silent(self) -> float:
        """Seconds since the hub last said that it is ours."""
        return time.monotonic() - self._renewed

    def stop(self, afterwards: Afterwards) -> None:
        """End renewing; with RELEASE, let others in at once."""
        self._stopped.set()
        self._thread.join()
        ours = self._lost is None
        # Work that was abandoned in other threads must not write under it any more.
        self._lost = self._error("its work has ended")
        if afterwards is Afterwards.RELEASE and ours:
            released = _written(self._lease, {"holderIdentity": None, "renewTime": _now()})
            try:
                self._session.replace(LEASES, released)
            except FleetError:
                # It runs out by itself; the work that it protected is done.
                return

    def _renew_until_stopped(self) -> None:
        while not self._stopped.wait(self._duration / 5):
            try:
                if not self._renew():
                    self._lost = self._error("somebody else took it")
                    return
            except FleetError:
                # The next try may come through; check() stops the writing when none does.
                continue

    def _renew(self) -> bool:
        """Whether it is still ours; a write whose answer got lost shows as a conflict with ourselves."""
        begin = time.monotonic()
        try:
            self._lease = self._session.replace(LEASES, _written(self._lease, {"renewTime": _now()}))
        except (ConflictError, NotFoundError):
            metadata = self._lease["metadata"]
            found = self._session.get(LEASES, metadata["name"], metadata["namespace"])
            if found is None or _epoch(found) != self.epoch:
                return False
            if (found.get("spec") or {}).get("holderIdentity") != self._holder.id:
                return False
            self._lease = found
        self._renewed = begin
        return True

    def _error(self, reason: str) -> LeaseLostError:
        metadata = self._lease["metadata"]
        return LeaseLostError(
            f"the lock was lost: {reason}",
            cluster=self._session.cluster,
            object=f"Lease {metadata['namespace']}/{metadata['name']}",
            next_step="Nothing more was written; run it again when the hub answers and nobody else works on it",
        )


@contextmanager
def hold(
    session: Session,
    name: str,
    *,
    namespace: str,
    holder: str,
    who: str = "",
    where: str = "",
    duration: float = DURATION,
    wait: float = WAIT,
    floor: int = 0,
    afterwards: Afterwards = Afterwards.RELEASE,
) -> Iterator[Lock]:
    """Hold a lease while the block runs.

    :param holder: the play's id: the same holder continues its lease and keeps the epoch.
    :param wait: seconds to wait while another holds it.
    :param floor: the epoch will be above this, which the caller knows from what the lease protects; so a lease that
        was lost with its hub can't start over.
    :param afterwards: what becomes of it, unless the play itself is interrupted: then no task of it follows.
    :raises LeaseHeldError: another holder is alive.
    """
    wanted = Holder(holder, who, where)
    lock = Lock(session, _acquire(session, name, namespace, wanted, duration, wait, floor), wanted, duration)
    try:
        yield lock
    except Exception:
        lock.stop(afterwards)
        raise
    except BaseException:
        lock.stop(Afterwards.RELEASE)
        raise
    lock.stop(afterwards)


def holder_of(session: Session, name: str, namespace: str) -> str:
    """Who has a lease and where, in words for people; empty when nobody has it. One who died has it until it runs out."""
    lease = session.get(LEASES, name, namespace)
    return _whom(lease) if lease is not None and (lease.get("spec") or {}).get("holderIdentity") else ""


def keep_for(session: Session, name: str, namespace: str, holder: str, seconds: float) -> None:
    """Say how long a lease that was kept stays with its holder although nobody renews it; 0 lets others in at once.

    For a play whose next task does not come within :data:`DURATION`, because it carries out a task of the user's.
    """
    lease = session.get(LEASES, name, namespace)
    if lease is None or (lease.get("spec") or {}).get("holderIdentity") != holder:
        return
    changes: dict[str, Any] = {"renewTime": _now(), "leaseDurationSeconds": max(1, int(max(seconds, DURATION)))}
    if seconds <= 0:
        changes["holderIdentity"] = None
    try:
        session.replace(LEASES, _written(lease, changes))
    except ConflictError:
        # Somebody else has it by now.
        return


def _acquire(
    session: Session, name: str, namespace: str, holder: Holder, duration: float, wait: float, floor: int
) -> dict[str, Any]:
    give_up = time.monotonic() + wait
    watched: tuple[str, float] | None = None
    while True:
        lease = session.get(LEASES, name, namespace)
        now = time.monotonic()
        try:
            if lease is None:
                return session.create(LEASES, _first(name, namespace, holder, duration, floor))
            spec = lease.get("spec") or {}
            current = spec.get("holderIdentity")
            version = lease["metadata"]["resourceVersion"]
            if watched is None or watched[0] != version:
                watched = (version, now)
            silent = now - watched[1]
            if not current or current == holder.id or silent >= float(spec.get("leaseDurationSeconds") or duration):
                return session.replace(LEASES, _taken(lease, holder, duration, floor))
        except ConflictError:
            watched = None
            continue
        if now >= give_up:
            raise _held(session, lease)
        time.sleep(min(1.0, max(0.05, give_up - now)))


def _first(name: str, namespace: str, holder: Holder, duration: float, floor: int) -> dict[str, Any]:
    blank = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"leaseTransitions": 0},
    }
    return _taken(blank, holder, duration, floor)


def _taken(lease: Mapping[str, Any], holder: Holder, duration: float, floor: int) -> dict[str, Any]:
    spec = lease.get("spec") or {}
    continued = spec.get("holderIdentity") == holder.id and _epoch(lease) > floor
    epoch = _epoch(lease) if continued else max(_epoch(lease), floor) + 1
    changes: dict[str, Any] = {
        "holderIdentity": holder.id,
        "leaseDurationSeconds": max(1, int(duration)),
        "renewTime": _now(),
    }
    if not continued:
        changes.update(acquireTime=_now(), leaseTransitions=int(spec.get("leaseTransitions") or 0) + 1)
    found = _written(lease, changes)
    annotations = dict((lease.get("metadata") or {}).get("annotations") or {})
    annotations.update({EPOCH_ANNOTATION: str(epoch), WHO_ANNOTATION: holder.who, WHERE_ANNOTATION: holder.where})
    found["metadata"] = {**found["metadata"], "annotations": annotations}
    return found


def _written(lease: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The lease with these fields of its spec; conditional on the resourceVersion that it was read with."""
    spec = {**(lease.get("spec") or {}), **changes}
    return {**lease, "spec": {key: value for key, value in spec.items() if value is not None}}


def _epoch(lease: Mapping[str, Any]) -> int:
    text = ((lease.get("metadata") or {}).get("annotations") or {}).get(EPOCH_ANNOTATION) or "0"
    return int(text) if text.isdigit() else 0


def _held(session: Session, lease: Mapping[str, Any]) -> LeaseHeldError:
    metadata = lease["metadata"]
    return LeaseHeldError(
        f"{_whom(lease)} is working on it",
        cluster=session.cluster,
        object=f"Lease {metadata['namespace']}/{metadata['name']}",
        next_step="Wait until that play has ended, then run this again"
        f" (one that was killed has it for {(lease.get('spec') or {}).get('leaseDurationSeconds')} s at most)",
    )


def _whom(lease: Mapping[str, Any]) -> str:
    annotations = lease["metadata"].get("annotations") or {}
    who = annotations.get(WHO_ANNOTATION) or (lease.get("spec") or {}).get("holderIdentity")
    where = annotations.get(WHERE_ANNOTATION)
    return f"{who}{f' on {where}' if where else ''}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
