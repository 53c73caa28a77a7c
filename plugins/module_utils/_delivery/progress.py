# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a rollout stands, in the hub: Application.status.rollout. Written before each step, and after.

While a rollout is under way the revision in force is still the one before it; so whoever moves the application
meanwhile moves what is known to be good, and a play that died left behind all that the next one has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from .._kube.errors import FleetError
from .._registry.hub import Hub
from .._registry.member import format_time
from .application import Spec
from .digest import digest
from .promises import written
from .record import ApplicationRecord, write_status
from .waves import RolloutStep, StepKind

TEXT_KEPT = 1000


class Phase(StrEnum):
    """What a rollout is doing."""

    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    ROLLING_BACK = "RollingBack"
    SUCCEEDED = "Succeeded"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"


ACTIVE = frozenset({Phase.PROGRESSING, Phase.PAUSED, Phase.ROLLING_BACK})


class Wish(StrEnum):
    """What somebody wants of the play that carries the rollout out."""

    PAUSE = "pause"
    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Progress:
    """One rollout."""

    revision: int
    """The one that is rolled out."""
    base: int | None
    """The one in force before; what a rollback returns to."""
    phase: Phase
    steps: tuple[RolloutStep, ...]
    step: int = 0
    """The one that is under way, or comes next."""
    awaiting: bool = False
    """The step is done but for the checks that a play carries out."""
    touched: tuple[str, ...] = ()
    """Clusters in which something may have been written."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Clusters in which it failed, and why."""
    accepted: tuple[str, ...] = ()
    """Of these, the ones whose failure somebody accepted by hand."""
    message: str = ""
    broken: bool = False
    """It was stopped by a failure, not by somebody's wish."""
    request: str = ""
    """What somebody wants of the play, and it has not done yet."""
    spec_digest: str = ""
    previous_spec: Mapping[str, Any] | None = None
    by: str = ""
    started: str = ""

    @property
    def active(self) -> bool:
        """Whether it is not over."""
        return self.phase in ACTIVE

    @property
    def now(self) -> RolloutStep:
        """The step that is under way."""
        return self.steps[min(self.step, len(self.steps) - 1)]

    @property
    def line(self) -> str:
        """For people: where it stands."""
        if self.phase is Phase.SUCCEEDED:
            return f"revision {self.revision} went over all its clusters"
        if self.phase is Phase.ROLLED_BACK:
            return f"revision {self.revision} was rolled back: {self.message}"
        if self.phase is Phase.SUPERSEDED:
            return f"revision {self.revision} was given up: {self.message}"
        where = f"revision {self.revision}, step {self.step + 1} of {len(self.steps)} ({self.now.title})"
        doing = {Phase.PAUSED: "paused at", Phase.ROLLING_BACK: "rolling back from"}.get(self.phase, "working on")
        return f"{doing} {where}" + (f": {self.message}" if self.message else "")

    def to_dict(self) -> dict[str, Any]:
        """``Application.status.rollout``."""
        found: dict[str, Any] = {
            "revision": self.revision,
            "from": self.base,
            "phase": self.phase.value,
            "step": self.step,
            "steps": [step.to_dict() for step in self.steps],
            "wave": "" if self.now.kind is StepKind.FINISH else self.now.wave,
            "awaiting": self.awaiting,
            "touched": list(self.touched),
            "failed": dict(self.failed),
            "accepted": list(self.accepted),
            "message": self.message[:TEXT_KEPT],
            "broken": self.broken,
            "request": self.request,
            "specDigest": self.spec_digest,
            "by": self.by,
            "started": self.started,
        }
        if self.previous_spec is not None:
            found["previousSpec"] = dict(self.previous_spec)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Progress:
        """The reverse of :meth:`to_dict`."""
        base = data.get("from")
        return cls(
            revision=int(data["revision"]),
            base=None if base is None else int(base),
            phase=Phase(data["phase"]),
            steps=tuple(RolloutStep.from_dict(entry) for entry in data.get("steps") or ()),
            step=int(data.get("step") or 0),
            awaiting=bool(data.get("awaiting")),
            touched=tuple(data.get("touched") or ()),
            failed=dict(data.get("failed") or {}),
            accepted=tuple(data.get("accepted") or ()),
            message=str(data.get("message") or ""),
            broken=bool(data.get("broken")),
            request=str(data.get("request") or ""),
            spec_digest=str(data.get("specDigest") or ""),
            previous_spec=data.get("previousSpec"),
            by=str(data.get("by") or ""),
            started=str(data.get("started") or ""),
        )


def progress_of(record: ApplicationRecord | None) -> Progress | None:
    """The last rollout of an application, whether it is over or not."""
    data = record.status.get("rollout") if record is not None else None
    return Progress.from_dict(data) if data else None


def active_rollout(record: ApplicationRecord | None) -> Progress | None:
    """The rollout that is not over, if there is one."""
    found = progress_of(record)
    return found if found is not None and found.active else None


def standing_spec(record: ApplicationRecord) -> Spec:
    """What was asked for when the revision in force was delivered; a rollout that is not over has changed the spec."""
    progress = active_rollout(record)
    if progress is None or progress.previous_spec is None:
        return record.spec
    return Spec.from_dict(record.tenant, record.name, progress.previous_spec)


def refuse_under_way(record: ApplicationRecord | None) -> None:
    """Stop what is not urgent while a rollout is not over.

    :raises FleetError: saying where it stands.
    """
    progress = active_rollout(record)
    if record is not None and progress is not None:
        raise FleetError(
            f"a rollout is not over: {progress.line}",
            object=f"Application {record.tenant}/{record.name}",
            next_step="Bring it to its end, or abort it, then run this again",
        )


def spec_digest(spec: Spec) -> str:
    """Tells whether a rollout was begun by the same request."""
    return digest(spec.to_dict())[:16]


def save(
    hub: Hub,
    tenant: str,
    name: str,
    progress: Progress,
    change: Callable[[Mapping[str, Any]], dict[str, Any]] = dict,
) -> ApplicationRecord:
    """Write where the rollout stands, and what else changed with it, in one write.

    What others ask of the play stays, unless it is asked for no more.
    """

    def changed(before: Mapping[str, Any]) -> dict[str, Any]:
        known = (before.get("rollout") or {}).get("request") or ""
        rollout = progress.to_dict()
        if progress.active and known and not progress.request:
            rollout["request"] = known
        after = {**change(before), "rollout": rollout}
        promises = written(after, format_time(datetime.now(UTC)), progress.touched)
        return {**after, "promises": promises} if promises else after

    return write_status(hub, tenant, name, changed)
