# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which steps a rollout goes over its clusters. Pure: from what the user said and the chosen clusters to steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .._kube.errors import InputError
from .._scheduling.request import Cluster
from .._scheduling.selector import ClusterAffinity
from .._scheduling.unmatched import unmatched_affinity
from .rollout_schema import UNLIMITED, percent_of, seconds_of, validate_rollout

EVERYTHING = "all"
"""The name of the only wave of strategy `all`."""

FINISH = "finish"


class OnFailure(StrEnum):
    """What becomes of a rollout that may not go on."""

    PAUSE = "pause"
    ROLLBACK = "rollback"


class StepKind(StrEnum):
    """What is done in a step."""

    CANARY = "canary"
    """A share of the replicas gets the new version."""
    DEPLOY = "deploy"
    """All of them; nothing is taken away yet."""
    FINISH = "finish"
    """What is not wanted any more goes, in all clusters."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, or a share of a total."""

    value: int
    percent: bool = False

    @classmethod
    def of(cls, value: object) -> Amount:
        """From ``3`` or ``"25%"``."""
        percent = percent_of(value)
        return cls(percent, percent=True) if percent is not None else cls(int(str(value)))

    def at_least(self, total: int) -> int:
        """Rounded up, and at least one: how many go together."""
        return max(1, -(-self.value * total // 100) if self.percent else self.value)

    def at_most(self, total: int) -> int:
        """Rounded down: how many may fail."""
        return self.value * total // 100 if self.percent else self.value

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


@dataclass(frozen=True, slots=True)
class WaveRule:
    """One wave as the user described it."""

    name: str
    affinity: Mapping[str, Any] | None = None
    amount: Amount | None = None
    mandatory: bool = False
    canary: Amount | None = None
    min_success_time: float | None = None
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One check between waves."""

    name: str
    kind: str
    options: Mapping[str, Any] | str
    count: int = 1
    """How often it is measured."""
    interval: float = 10.0
    failure_limit: int = 0
    """How many measurements may fail."""
    timeout: float = 300.0
    """Of tasks and playbooks: as long is the application kept for this play."""

    @property
    def by_play(self) -> bool:
        """Whether only a play can carry it out."""
        return self.kind in ("tasks", "playbook")

    def to_dict(self) -> dict[str, Any]:
        """The form in results, for the role to carry out."""
        return {"name": self.name, "kind": self.kind, "file": self.options, "timeout": int(self.timeout)}


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How the user wants a change to go over the clusters."""

    waves: tuple[WaveRule, ...] = ()
    by_field: str | None = None
    by_label: str | None = None
    order: tuple[str, ...] = ()
    canary: Amount | None = None
    max_concurrency: Amount | None = None
    min_success_time: float = 0.0
    progress_deadline: float | None = None
    """Seconds until a cluster has to be healthy; None takes the general time to wait."""
    max_failures: Amount = field(default_factory=lambda: Amount(0))
    checks: tuple[Check, ...] = ()
    on_failure: OnFailure = OnFailure.ROLLBACK

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RolloutPolicy:
        """From what :func:`check_rollout` found to be fine."""
        waves = data.get("waves") or ()
        grouping = waves if isinstance(waves, Mapping) else {}
        deadline = data.get("progressDeadline")
        return cls(
            waves=() if grouping else tuple(_rule(entry) for entry in waves),
            by_field=grouping.get("byField"),
            by_label=grouping.get("byLabel"),
            order=tuple(grouping.get("order") or ()),
            canary=_amount(data.get("canary")),
            max_concurrency=_amount(data.get("maxConcurrency")),
            min_success_time=seconds_of(data.get("minSuccessTime") or 0),
            progress_deadline=None
            if deadline is None
            else float("inf")
            if deadline == UNLIMITED
            else seconds_of(deadline),
            max_failures=_amount(data.get("maxFailures")) or Amount(0),
            checks=tuple(_check(index, entry) for index, entry in enumerate(data.get("checks") or ())),
            on_failure=OnFailure(data.get("onFailure") or OnFailure.ROLLBACK),
        )

    @property
    def checks_by_play(self) -> tuple[Check, ...]:
        """Those that the role carries out."""
        return tuple(check for check in self.checks if check.by_play)


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """One step: what is done in which clusters before anything else goes on."""

    wave: str
    kind: StepKind
    clusters: tuple[str, ...]
    mandatory: bool = False
    canary: str = ""
    min_success_time: float = 0.0
    pause: bool = False

    @property
    def title(self) -> str:
        """For people: ``canary of wave eu``."""
        if self.kind is StepKind.FINISH:
            return "the end"
        return f"canary of wave {self.wave}" if self.kind is StepKind.CANARY else f"wave {self.wave}"

    def to_dict(self) -> dict[str, Any]:
        """The form in the hub and in results."""
        found: dict[str, Any] = {"wave": self.wave, "kind": self.kind.value, "clusters": list(self.clusters)}
        if self.mandatory:
            found["mandatory"] = True
        if self.canary:
            found["canary"] = self.canary
        if self.min_success_time:
            found["minSuccessTime"] = self.min_success_time
        if self.pause:
            found["pause"] = True
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RolloutStep:
        """The reverse of :meth:`to_dict`."""
        return cls(
            wave=str(data["wave"]),
            kind=StepKind(data["kind"]),
            clusters=tuple(data.get("clusters") or ()),
            mandatory=bool(data.get("mandatory")),
            canary=str(data.get("canary") or ""),
            min_success_time=float(data.get("minSuccessTime") or 0),
            pause=bool(data.get("pause")),
        )


@dataclass(frozen=True, slots=True)
class Itinerary:
    """The steps, and what should be known about them."""

    steps: tuple[RolloutStep, ...]
    notes: tuple[str, ...] = ()


def check_rollout(rollout: Mapping[str, Any]) -> None:
    """Refuse what we would not understand, all of it at once.

    :raises InputError: naming each field, with the nearest right one.
    """
    problems = validate_rollout(rollout)
    if problems:
        shown = "; ".join(str(problem) for problem in problems[:10])
        more = f" (and {len(problems) - 10} more)" if len(problems) > 10 else ""
        raise InputError(f"{shown}{more}", next_step="Correct the rollout")


def itinerary(policy: RolloutPolicy, clusters: Iterable[Cluster], known: Sequence[Cluster] = ()) -> Itinerary:
    """The steps for the clusters that were chosen.

    :param known: all members, by which it is told what a wave names and nobody is.
    """
    chosen = sorted(clusters, key=lambda cluster: cluster.name)
    waves, notes = _waves(policy, chosen)
    steps: list[RolloutStep] = []
    for rule, names in waves:
        soak = policy.min_success_time if rule.min_success_time is None else rule.min_success_time
        canary = rule.canary or policy.canary
        if canary is not None:
            steps.append(
                RolloutStep(rule.name, StepKind.CANARY, names, rule.mandatory, str(canary), min_success_time=soak)
            )
        steps.append(
            RolloutStep(rule.name, StepKind.DEPLOY, names, rule.mandatory, min_success_time=soak, pause=rule.pause)
        )
    steps.append(RolloutStep(FINISH, StepKind.FINISH, tuple(cluster.name for cluster in chosen)))
    return Itinerary(tuple(steps), (*notes, *_strays(policy, known)))


def _strays(policy: RolloutPolicy, known: Sequence[Cluster]) -> list[str]:
    """What matches no member at all: mostly mistyped, and its clusters go with another wave then."""
    return [
        str(problem)
        for number, rule in enumerate(policy.waves)
        if rule.affinity is not None
        for problem in unmatched_affinity(rule.affinity, known, path=f"rollout.waves[{number}].clusters")
    ]


def batches(names: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """The clusters of a step in groups that go together."""
    return [tuple(names[start : start + size]) for start in range(0, len(names), size)]


def _waves(
    policy: RolloutPolicy, chosen: Sequence[Cluster]
) -> tuple[list[tuple[WaveRule, tuple[str, ...]]], list[str]]:
    if policy.by_field or policy.by_label:
        return _grouped(policy, chosen)
    left = list(chosen)
    found: list[tuple[WaveRule, tuple[str, ...]]] = []
    notes = []
    for rule in policy.waves:
        taken = _taken(rule, left, len(chosen))
        left = [cluster for cluster in left if cluster not in taken]
        if taken:
            found.append((rule, tuple(cluster.name for cluster in taken)))
        else:
            notes.append(f"wave {rule.name} has no cluster that an earlier one does not have")
    if left:
        names = {rule.name for rule, _names in found}
        rest = next(
            name for name in (EVERYTHING if not policy.waves else "rest", "others", "last") if name not in names
        )
        found.append((WaveRule(rest), tuple(cluster.name for cluster in left)))
    return found, notes


def _taken(rule: WaveRule, left: Sequence[Cluster], total: int) -> list[Cluster]:
    if rule.affinity is not None:
        affinity = ClusterAffinity.from_dict(rule.affinity)
        return [cluster for cluster in left if affinity.mismatch(cluster) is None]
    return list(left[: rule.amount.at_least(total)] if rule.amount is not None else left)


def _grouped(
    policy: RolloutPolicy, chosen: Sequence[Cluster]
) -> tuple[list[tuple[WaveRule, tuple[str, ...]]], list[str]]:
    groups: dict[str, list[str]] = {}
    for cluster in chosen:
        groups.setdefault(_group(policy, cluster), []).append(cluster.name)
    known = [name for name in policy.order if name in groups]
    others = sorted(name for name in groups if name not in policy.order and name)
    without = [name for name in groups if not name]
    key = policy.by_field or policy.by_label
    notes = [f"wave {name}: no chosen cluster has that {key}" for name in policy.order if name not in groups]
    waves = [(WaveRule(name or f"without {key}"), tuple(groups[name])) for name in (*known, *others, *without)]
    return waves, notes


def _group(policy: RolloutPolicy, cluster: Cluster) -> str:
    if policy.by_label:
        return cluster.labels.get(policy.by_label, "")
    if policy.by_field == "zone":
        return cluster.zones[0] if cluster.zones else ""
    return cluster.provider if policy.by_field == "provider" else cluster.region


def _rule(data: Mapping[str, Any]) -> WaveRule:
    clusters = data.get("clusters")
    soak = data.get("minSuccessTime")
    return WaveRule(
        name=str(data["name"]),
        affinity=clusters if isinstance(clusters, Mapping) else None,
        amount=None if isinstance(clusters, Mapping) else _amount(clusters),
        mandatory=bool(data.get("mandatory")),
        canary=_amount(data.get("canary")),
        min_success_time=None if soak is None else seconds_of(soak),
        pause=bool(data.get("pause")),
    )


def _check(index: int, data: Mapping[str, Any]) -> Check:
    kind = next(kind for kind in ("http", "prometheus", "tasks", "playbook") if data.get(kind) is not None)
    interval = data.get("interval")
    timeout = data.get("timeout")
    return Check(
        name=str(data.get("name") or f"{kind} {index + 1}"),
        kind=kind,
        options=data[kind],
        count=int(data.get("count") or 1),
        interval=10.0 if interval is None else seconds_of(interval),
        failure_limit=int(data.get("failureLimit") or 0),
        timeout=300.0 if timeout is None else seconds_of(timeout),
    )


def _amount(value: object) -> Amount | None:
    return None if value is None else Amount.of(value)
