# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One play at a time works on the machines of a cluster: a lease in the description of the cluster's anchor.

Neutron changes an object only while its revision is the one that was read (If-Match), so taking the lease is atomic.
The anchor itself is no unique name; two plays may make one each. Whoever takes a lease looks around afterwards, and
gives way when another anchor was taken too: of two takers at least the later one sees the other, and nothing has been
built on an anchor before that look.

A lease counts as abandoned when it has not changed for its whole duration, judged by our own clock, or when its holder
was a process of this machine that is dead.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..processes import is_dead
from .cloud import Cloud, Found, Kind
from .errors import CloudError, LockTakenError, RefusedError
from .ownership import ANCHOR, key_of, mark, tag

DURATION = 45.0
"""Seconds after which a lease that nobody renews is abandoned."""
RENEWAL = 12.0
"""Seconds between renewals."""
LOOK = 1.0
SETTLING = 3.0
"""Seconds in which a play that is not at work yet gives way."""


@dataclass(slots=True)
class Lease:
    """The anchor of a cluster, held by us."""

    cloud: Cloud
    cluster: str
    anchor: Found
    holder: str
    made: bool = False
    """Whether the anchor was not there before."""
    lost: str = ""
    """Why we hold it no more; empty while we do."""

    def guard(self) -> None:
        """Raises :class:`LockTakenError` when writing has to stop."""
        if self.lost:
            raise LockTakenError(
                f"the lock on its machines is lost: {self.lost}.", cluster=self.cluster, next_step="Run again."
            )


@contextmanager
def leased(cloud: Cloud, cluster: str, timeout: float) -> Iterator[Lease]:
    """Hold the lease of a cluster; waits up to `timeout` seconds for another play to end."""
    lease = _acquire(cloud, cluster, timeout)
    ended = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lease, ended), daemon=True)
    renewal.start()
    try:
        yield lease
    finally:
        ended.set()
        renewal.join()
        if not lease.lost:
            _release(lease)


def anchors(cloud: Cloud, cluster: str) -> list[Found]:
    """The anchors of a cluster: one, and for moments more."""
    groups = cloud.listing(Kind.SECURITY_GROUP)
    found = [group for group in groups if key_of(group["description"], cluster) == ANCHOR]
    return sorted(found, key=lambda group: (not _was_taken(group), str(group["created_at"]), str(group["id"])))


def _acquire(cloud: Cloud, cluster: str, timeout: float) -> Lease:
    holder = _identity()
    deadline = time.monotonic() + timeout
    seen: dict[str, tuple[str, float]] = {}
    made = ""
    while True:
        found = anchors(cloud, cluster)
        if not found:
            found = [_make_anchor(cloud, cluster)]
            made = found[0]["id"]
        anchor = found[0]
        other = _holder(anchor)
        since = seen.setdefault(anchor["id"], (anchor["description"], time.monotonic()))
        if since[0] != anchor["description"]:
            since = seen[anchor["id"]] = (anchor["description"], time.monotonic())
        abandoned = not other or _is_dead_here(other) or time.monotonic() - since[1] >= DURATION
        if abandoned and (taken := _take(cloud, cluster, anchor, holder)) is not None:
            if _is_alone(cloud, cluster, taken):
                return Lease(cloud, cluster, taken, holder, made=taken["id"] == made)
            time.sleep(random.uniform(0.2, 1.5))
            continue
        if time.monotonic() >= deadline:
            raise LockTakenError(
                f"another play works on its machines ({other or 'just now'}), and did so for {timeout:.0f} s.",
                cluster=cluster,
                next_step="Run again when it has ended.",
            )
        time.sleep(LOOK)


def _make_anchor(cloud: Cloud, cluster: str) -> Found:
    description = mark(cluster, ANCHOR)

    def find() -> Found | None:
        return next(iter(anchors(cloud, cluster)), None)

    made = cloud.create(Kind.SECURITY_GROUP, find, name=cluster, description=description)
    try:
        cloud.send("network", "PUT", f"/security-groups/{made['id']}/tags", json={"tags": [tag(cluster)]})
    except RefusedError as refusal:
        if refusal.status != 404:  # cleared away by a play that took another one, which is found next
            raise
    return cloud.get(Kind.SECURITY_GROUP, made["id"]) or made


def _take(cloud: Cloud, cluster: str, anchor: Found, holder: str) -> Found | None:
    """Write our name into the anchor; None when somebody else was faster."""
    return _write(cloud, anchor, f"{mark(cluster, ANCHOR)} taken {holder} {random.getrandbits(24):06x}")


def _write(cloud: Cloud, anchor: Found, description: str) -> Found | None:
    headers = {"If-Match": f"revision_number={anchor['revision_number']}"}
    body = {"security_group": {"description": description}}
    try:
        cloud.send("network", "PUT", f"/security-groups/{anchor['id']}", json=body, headers=headers)
    except RefusedError as refusal:
        if refusal.status not in (404, 412):
            raise
    # An answer may have been lost after it took effect: what is there now is what counts.
    now = cloud.get(Kind.SECURITY_GROUP, anchor["id"])
    return now if now is not None and now["description"] == description else None


def _is_alone(cloud: Cloud, cluster: str, taken: Found) -> bool:
    """Look around after taking. Where another anchor is taken too, the lower id stays, unless the other is at work already."""
    deadline = time.monotonic() + SETTLING
    while True:
        others = [group for group in anchors(cloud, cluster) if group["id"] != taken["id"]]
        rivals = [group["id"] for group in others if _was_taken(group)]
        if not rivals:
            for group in others:
                _drop(cloud, group)
            return True
        if min(rivals) < taken["id"] or time.monotonic() > deadline:
            _drop(cloud, taken)
            return False
        time.sleep(LOOK / 4)


def _drop(cloud: Cloud, anchor: Found) -> None:
    try:
        cloud.delete(Kind.SECURITY_GROUP, anchor["id"])
    except RefusedError as refusal:
        if refusal.status != 409:  # in use: then it is the older one, and its play goes on
            raise


def _renew(lease: Lease, ended: threading.Event) -> None:
    last = time.monotonic()
    while not ended.wait(RENEWAL):
        try:
            current = lease.cloud.get(Kind.SECURITY_GROUP, lease.anchor["id"])
            if current is None or _holder(current) != lease.holder:
                lease.lost = f"{_holder(current) or 'nobody'} holds it" if current else "its anchor was removed"
                return
            renewed = _take(lease.cloud, lease.cluster, current, lease.holder)
        except CloudError as error:
            if time.monotonic() - last > DURATION - RENEWAL:
                lease.lost = f"it could not be renewed ({error})"
                return
            continue
        if renewed is not None:
            lease.anchor, last = renewed, time.monotonic()


def _release(lease: Lease) -> None:
    for _attempt in range(5):
        current = lease.cloud.get(Kind.SECURITY_GROUP, lease.anchor["id"])
        if current is None or _holder(current) != lease.holder:
            return
        if _write(lease.cloud, current, f"{mark(lease.cluster, ANCHOR)} taken"):
            return


def _was_taken(anchor: Found) -> bool:
    """Whether somebody ever worked with this anchor."""
    return " taken" in str(anchor["description"])


def _holder(anchor: Found | None) -> str:
    words = str(anchor["description"]).split() if anchor else []
    return words[4] if len(words) > 4 else ""


def _identity() -> str:
    """This process among all processes of all machines."""
    return f"{_boot()}/{os.getpid()}/{random.getrandbits(32):08x}"


def _is_dead_here(holder: str) -> bool:
    boot, pid, _rest = [*holder.split("/"), "", ""][:3]
    return boot == _boot() and pid.isdigit() and is_dead(int(pid))


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:13]
        # Process numbers mean nothing to another container of the same machine.
        return boot + os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return "elsewhere"
