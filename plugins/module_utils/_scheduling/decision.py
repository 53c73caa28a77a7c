# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answer of the scheduler: where the workload goes, and for every cluster why or why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from .errors import Kind
from .request import JSON, Target

FILTER = "filter"
SCORE = "score"
GROUP = "group"
DIVISION = "division"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the workload could not be placed."""

    kind: Kind
    message: str

    @classmethod
    def from_dict(cls, data: JSON) -> Failure:
        return cls(Kind(data["kind"]), data["message"])

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "message": self.message}


@dataclass(frozen=True, slots=True)
class Scores:
    """Points of a cluster, per scorer as given, per scorer brought to one scale, and their sum."""

    raw: Mapping[str, float] = field(default_factory=dict)
    normalised: Mapping[str, float] = field(default_factory=dict)
    total: float = 0

    @classmethod
    def from_dict(cls, data: JSON) -> Scores:
        return cls(data["raw"], data["normalised"], data["total"])

    def to_dict(self) -> dict[str, Any]:
        return {"raw": dict(self.raw), "normalised": dict(self.normalised), "total": self.total}


NO_SCORES = Scores()


@dataclass(frozen=True, slots=True)
class Partial:
    """What did not fit where the placement allows to place only a part."""

    placed: int
    wanted: int
    reason: str
    """Why not everything was placed, or which minimum is not met."""

    @classmethod
    def from_dict(cls, data: JSON) -> Partial:
        return cls(data["placed"], data["wanted"], data["reason"])

    def to_dict(self) -> dict[str, Any]:
        return {"placed": self.placed, "wanted": self.wanted, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one cluster."""

    taken: bool
    by: str
    """The step that decided: filter, score, group or division."""
    reason: str
    change: str | None = None
    """What would have to change for the opposite answer; None when nothing stands in the way."""
    scores: Scores = NO_SCORES

    @classmethod
    def from_dict(cls, data: JSON) -> Verdict:
        return cls(data["taken"], data["by"], data["reason"], data.get("change"), Scores.from_dict(data["scores"]))

    def to_dict(self) -> dict[str, Any]:
        return {
            "taken": self.taken,
            "by": self.by,
            "reason": self.reason,
            "change": self.change,
            "scores": self.scores.to_dict(),
        }


class Verdicts(Mapping[str, Verdict]):
    """A verdict for every cluster, put into words when the first one is read.

    A fleet of a thousand clusters and ten thousand applications has ten million verdicts; few of them are ever read.
    """

    def __init__(self, write: Callable[[], dict[str, Verdict]]) -> None:
        self._write: Callable[[], dict[str, Verdict]] | None = write
        self._written: dict[str, Verdict] = {}

    def __getitem__(self, name: str) -> Verdict:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> dict[str, Verdict]:
        if self._write is not None:
            self._written, self._write = self._write(), None
        return self._written


class Steps(Sequence[JSON]):
    """The steps of a decision, written down when the first one is read: they name every cluster, and few are read."""

    def __init__(self, write: Callable[[], Sequence[JSON]]) -> None:
        self._write: Callable[[], Sequence[JSON]] | None = write
        self._written: Sequence[JSON] = ()

    @overload
    def __getitem__(self, index: int) -> JSON: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[JSON]: ...

    def __getitem__(self, index: int | slice) -> JSON | Sequence[JSON]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> Sequence[JSON]:
        if self._write is not None:
            self._written, self._write = self._write(), None
        return self._written


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the workload goes."""

    targets: tuple[Target, ...] = ()
    """Sorted by name; empty when there is an error."""
    persisted: tuple[Target, ...] = ()
    """What stays recorded: the targets, or with an error what the error leaves of the current ones."""
    error: Failure | None = None
    observed_affinity: str | None = None
    clusters: Mapping[str, Verdict] = field(default_factory=dict)
    groups: Sequence[JSON] = ()
    """How groups of clusters were chosen, step by step."""
    divisions: Sequence[JSON] = ()
    """How replicas were divided, step by step."""
    partial: Partial | None = None
    """None when everything was placed, or nothing."""

    @property
    def unplaced(self) -> int:
        """Replicas that did not fit, though the others were placed."""
        return self.partial.wanted - self.partial.placed if self.partial else 0

    @property
    def replicas(self) -> dict[str, int]:
        return {target.name: target.replicas for target in self.targets}

    @classmethod
    def from_dict(cls, data: JSON) -> Decision:
        error, partial = data.get("error"), data.get("partial")
        return cls(
            targets=tuple(map(Target.from_dict, data["targets"])),
            persisted=tuple(map(Target.from_dict, data["persisted"])),
            error=None if error is None else Failure.from_dict(error),
            observed_affinity=data.get("observedAffinity"),
            clusters={name: Verdict.from_dict(verdict) for name, verdict in data["clusters"].items()},
            groups=tuple(data.get("groups") or ()),
            divisions=tuple(data.get("divisions") or ()),
            partial=None if partial is None else Partial.from_dict(partial),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "targets": [target.to_dict() for target in self.targets],
            "persisted": [target.to_dict() for target in self.persisted],
            "error": None if self.error is None else self.error.to_dict(),
            "observedAffinity": self.observed_affinity,
            "clusters": {name: verdict.to_dict() for name, verdict in self.clusters.items()},
            "groups": [dict(group) for group in self.groups],
            "divisions": [dict(division) for division in self.divisions],
            "unplaced": self.unplaced,
            "partial": None if self.partial is None else self.partial.to_dict(),
        }
