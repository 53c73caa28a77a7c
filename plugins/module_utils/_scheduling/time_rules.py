# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time rules: which of them is in force for what, and what is due. Pure: what time it is, the caller says.

A rule acts once for each of its starts. Of several rules for one target, the one that started last is in force. A start
that was missed is made up for by the next run, unless a later one has come meanwhile; what somebody changed by hand
after a start stays until the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .cron import Cron
from .errors import RequestError

RULE_FIELDS = (
    "name", "cron", "timezone", "suspend", "application", "tenant", "workload", "replicas", "machine_set",
    "min_replicas", "max_replicas",
)  # fmt: skip
LOOKED_BACK = timedelta(days=366)
"""A rule that has not started for longer is not in force."""
LOOKED_AHEAD = timedelta(days=366 * 4)


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule sets: the replicas of a workload, or the bounds of a machine set."""

    machine_set: str = ""
    tenant: str = ""
    application: str = ""
    workload: str = ""
    """Empty for the only one."""

    @property
    def key(self) -> str:
        if self.machine_set:
            return f"machine_set/{self.machine_set}"
        return "/".join(part for part in ("application", self.tenant, self.application, self.workload) if part)


@dataclass(frozen=True, slots=True)
class Rule:
    """One time rule."""

    name: str
    cron: Cron
    timezone: str
    target: Target
    replicas: int | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    suspend: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, path: str = "rules") -> Rule:
        """Read a rule; RequestError names what is wrong with it."""
        for field in data:
            if field not in RULE_FIELDS:
                raise RequestError(f"{path}.{field}", f"unknown field; known are {', '.join(RULE_FIELDS)}")
        name = str(data.get("name") or "")
        if not name:
            raise RequestError(f"{path}.name", "a rule needs a name")
        try:
            cron = Cron.parse(str(data.get("cron") or ""))
        except ValueError as error:
            raise RequestError(f"{path}.cron", str(error)) from error
        timezone = str(data.get("timezone") or "UTC")
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RequestError(
                f"{path}.timezone", f"{timezone!r} is no time zone known here, such as Europe/Berlin"
            ) from None
        counts = {field: _count(data, field, path) for field in ("replicas", "min_replicas", "max_replicas")}
        return cls(name, cron, timezone, _target(data, counts, path), suspend=data.get("suspend") is True, **counts)

    def last_start(self, now: datetime) -> datetime | None:
        """When it started last."""
        return self.cron.last_start(now, ZoneInfo(self.timezone), LOOKED_BACK)

    def next_start(self, now: datetime) -> datetime | None:
        """When it starts next."""
        return self.cron.next_start(now, ZoneInfo(self.timezone), LOOKED_AHEAD)

    @property
    def sets(self) -> str:
        """What it sets, in words."""
        named = {"replicas": self.replicas, "min_replicas": self.min_replicas, "max_replicas": self.max_replicas}
        return ", ".join(f"{field} {count}" for field, count in named.items() if count is not None)


@dataclass(frozen=True, slots=True)
class Due:
    """A rule in force whose start nobody has acted on yet."""

    rule: Rule
    start: datetime


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules come to at one time."""

    due: tuple[Due, ...]
    in_force: Mapping[str, Due]
    """By target."""
    next_starts: Mapping[str, datetime]
    """By rule."""


def parse_rules(rules: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Read rules; RequestError names what is wrong with the first that is."""
    found = tuple(Rule.from_dict(rule, path=f"rules[{index}]") for index, rule in enumerate(rules))
    seen: set[str] = set()
    for index, rule in enumerate(found):
        if rule.name in seen:
            raise RequestError(f"rules[{index}].name", f"{rule.name} is given twice")
        seen.add(rule.name)
    return found


def evaluate(rules: Iterable[Rule], now: datetime, acted: Mapping[str, datetime]) -> Evaluation:
    """What is in force, and what of it is due.

    :param acted: by target, the start that was acted on last.
    """
    in_force: dict[str, Due] = {}
    next_starts: dict[str, datetime] = {}
    for rule in rules:
        if rule.suspend:
            continue
        following = rule.next_start(now)
        if following is not None:
            next_starts[rule.name] = following
        start = rule.last_start(now)
        known = in_force.get(rule.target.key)
        # Of two that start together the one that is written last counts.
        if start is not None and (known is None or start >= known.start):
            in_force[rule.target.key] = Due(rule, start)
    long_ago = datetime.fromtimestamp(0, UTC)
    due = tuple(found for key, found in in_force.items() if found.start > acted.get(key, long_ago))
    return Evaluation(due, in_force, next_starts)


def _target(data: Mapping[str, Any], counts: Mapping[str, int | None], path: str) -> Target:
    application, machine_set = data.get("application"), data.get("machine_set")
    if bool(application) == bool(machine_set):
        raise RequestError(path, "a rule needs application or machine_set, one of them")
    bounds = [field for field in ("min_replicas", "max_replicas") if counts[field] is not None]
    if application:
        if counts["replicas"] is None or bounds:
            raise RequestError(path, "a rule for an application sets replicas, and nothing else")
        return Target(
            tenant=str(data.get("tenant") or "default"),
            application=str(application),
            workload=str(data.get("workload") or ""),
        )
    if not bounds or counts["replicas"] is not None:
        raise RequestError(path, "a rule for a machine set sets min_replicas, max_replicas or both")
    return Target(machine_set=str(machine_set))


def _count(data: Mapping[str, Any], field: str, path: str) -> int | None:
    value = data.get(field)
    if value is None or value == "":
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise RequestError(f"{path}.{field}", f"expected a whole number from 0, not {value!r}")
    return int(text)
