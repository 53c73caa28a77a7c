# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance windows of clusters: when a cluster takes no new work.

A window is a span of time (`start`, `end`), or something that comes again (`cron`, `duration`, `timezone`). What time it
is, the caller says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .cron import Cron
from .errors import RequestError
from .forms import JSON

WINDOW_FIELDS = ("start", "end", "cron", "duration", "timezone", "leadTime")
LONGEST = timedelta(days=366)

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


@dataclass(frozen=True, slots=True)
class Window:
    """One maintenance window."""

    start: datetime | None
    """None where it comes again."""
    end: datetime | None
    cron: Cron | None
    duration: timedelta
    timezone: str
    lead: timedelta
    """So long before it begins new work keeps away already."""
    source: tuple[tuple[str, str], ...]
    """As it was written."""

    @classmethod
    def from_dict(cls, data: JSON, *, path: str = "maintenanceWindows") -> Window:
        """Read a window; RequestError names what is wrong with it."""
        for field in data:
            if field not in WINDOW_FIELDS:
                raise RequestError(f"{path}.{field}", f"unknown field; known are {', '.join(WINDOW_FIELDS)}")
        given = {name for name in WINDOW_FIELDS if data.get(name) is not None} - {"leadTime"}
        source = tuple((name, str(data[name])) for name in WINDOW_FIELDS if data.get(name) is not None)
        lead = _duration(data, "leadTime", path) if data.get("leadTime") is not None else timedelta(0)
        if given == {"start", "end"}:
            start, end = _moment(data, "start", path), _moment(data, "end", path)
            if end <= start:
                raise RequestError(f"{path}.end", f"{data['end']} is not after start {data['start']}")
            return cls(start, end, None, end - start, "UTC", lead, source)
        if not {"cron", "duration"} <= given or given & {"start", "end"}:
            raise RequestError(path, "a window needs start and end, or cron and duration (and timezone)")
        try:
            cron = Cron.parse(str(data["cron"]))
        except ValueError as error:
            raise RequestError(f"{path}.cron", str(error)) from error
        timezone = str(data.get("timezone") or "UTC")
        _zone(timezone, path)
        return cls(None, None, cron, _duration(data, "duration", path), timezone, lead, source)

    def to_dict(self) -> dict[str, str]:
        return dict(self.source)

    def open_until(self, now: datetime) -> datetime | None:
        """When it ends, if it is open at that time or begins within its lead time."""
        if self.start is not None and self.end is not None:
            return self.end if self.start - self.lead <= now < self.end else None
        if self.cron is None:
            return None
        begun = self.cron.last_start(now + self.lead, ZoneInfo(self.timezone), self.duration + self.lead)
        return None if begun is None else begun + self.duration


def parse_windows(windows: Iterable[JSON], *, path: str = "maintenanceWindows") -> tuple[Window, ...]:
    """The windows of a cluster; RequestError names what is wrong."""
    return tuple(Window.from_dict(window, path=f"{path}[{index}]") for index, window in enumerate(windows))


@lru_cache(maxsize=4096)
def window_in_force(windows: tuple[Window, ...], now: str) -> str | None:
    """The end of the window that is open, of several the latest; None when none is."""
    moment = parse_moment(now)
    ends = [end for window in windows if (end := window.open_until(moment)) is not None]
    return max(ends).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ends else None


def parse_moment(text: str) -> datetime:
    """A time in RFC 3339; without a zone it is UTC. ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(data: JSON, name: str, path: str) -> datetime:
    try:
        return parse_moment(str(data[name]))
    except ValueError:
        raise RequestError(f"{path}.{name}", f"{data[name]!r} is no time such as 2026-11-28T22:00:00Z") from None


def _duration(data: JSON, name: str, path: str) -> timedelta:
    text = str(data[name])
    match = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    found = timedelta(
        days=min(days, 10**4), hours=min(hours, 10**6), minutes=min(minutes, 10**7), seconds=min(seconds, 10**8)
    )
    if not timedelta(0) < found <= LONGEST:
        raise RequestError(
            f"{path}.{name}", f"{text!r} is no duration such as 90m, 4h or 1d12h, of at most {LONGEST.days}d"
        )
    return found


def _zone(name: str, path: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(f"{path}.timezone", f"{name!r} is no time zone known here, such as Europe/Berlin") from None
