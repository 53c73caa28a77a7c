# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The five fields of cron: when something starts.

Minute, hour, day of the month, month, day of the week. A field is `*`, a number, a range `1-5`, any of them with a step
`*/2`, or a list of these; months and days may be named. As in cron since ever, a day matches when either of the two
fields for days does, unless one of them is `*`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """Sunday is 0."""
    either_day: bool
    """Both fields for days are restricted, so that one of them is enough."""

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read the five fields; ValueError says which one is wrong."""
        fields = _ALIASES.get(text.strip().lower(), text).split()
        if len(fields) != 5:
            raise ValueError(f"{text!r} is not five fields: minute, hour, day of the month, month, day of the week")
        minute, hour, day, month, weekday = fields
        return cls(
            minutes=tuple(sorted(_field(minute, 0, 59, "minute"))),
            hours=tuple(sorted(_field(hour, 0, 23, "hour"))),
            days=frozenset(_field(day, 1, 31, "day of the month")),
            months=frozenset(_field(month, 1, 12, "month", _MONTHS, first=1)),
            weekdays=frozenset(each % 7 for each in _field(weekday, 0, 7, "day of the week", _DAYS)),
            either_day=not day.startswith("*") and not weekday.startswith("*"),
        )

    def last_start(self, now: datetime, zone: tzinfo, within: timedelta) -> datetime | None:
        """The last start at or before now that is less than `within` ago.

        Starts are at the zone's own time. One that the clocks skip in spring is an hour later; one that they repeat in
        autumn counts the first time.
        """
        day = now.astimezone(zone).date()
        # A day of slack on both sides: local days and elapsed time differ where clocks change.
        last = (now - within).astimezone(zone).date() - timedelta(days=1)
        found: datetime | None = None
        while day >= last and found is None:
            if self._is_on(day):
                starts = (moment for moment in self._starts(day, zone) if moment <= now)
                found = max(starts, default=None)
            day -= timedelta(days=1)
        return found if found is not None and now - found < within else None

    def next_start(self, now: datetime, zone: tzinfo, within: timedelta) -> datetime | None:
        """The first start after now that is at most `within` away."""
        # A start that the clocks skip is later than its local day says, so the day before is looked at as well.
        day = now.astimezone(zone).date() - timedelta(days=1)
        last = (now + within).astimezone(zone).date()
        found: datetime | None = None
        while day <= last and found is None:
            if self._is_on(day):
                starts = (moment for moment in self._starts(day, zone) if moment > now)
                found = min(starts, default=None)
            day += timedelta(days=1)
        return found if found is not None and found - now <= within else None

    def _starts(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                offset = local.utcoffset() or timedelta(0)
                yield (local.replace(tzinfo=None) - offset).replace(tzinfo=UTC)

    def _is_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday


def _field(
    text: str, least: int, most: int, title: str, names: tuple[str, ...] = (), *, first: int = 0
) -> Iterator[int]:
    known = {name: first + position for position, name in enumerate(names)}

    def number(word: str) -> int:
        found = known.get(word.lower(), int(word) if word.isascii() and word.isdigit() else -1)
        if not least <= found <= most:
            raise ValueError(f"{word!r} is no {title} ({least} to {most})")
        return found

    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if step_text.isascii() and step_text.isdigit() else 0
        if slash and step < 1:
            raise ValueError(f"{part!r} has no whole step of at least 1 in the field for the {title}")
        begin, dash, end = span.partition("-")
        if span == "*":
            low, high = least, most
        else:
            low = number(begin)
            high = number(end) if dash else (most if slash else low)
        if low > high:
            raise ValueError(f"{part!r} runs backwards in the field for the {title}")
        yield from range(low, high + 1, step or 1)
