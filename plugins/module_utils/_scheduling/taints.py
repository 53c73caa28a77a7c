# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taints, which keep workloads away from clusters and nodes, and the tolerations that let them come all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .forms import JSON
from .maintenance import Window, parse_moment, window_in_force

OBEYED_EFFECTS = ("NoSchedule", "NoExecute")
MAINTENANCE = "fleet.navarch.dev/maintenance"
"""Key of the taint that a cluster carries while one of its maintenance windows is open."""


@dataclass(frozen=True, slots=True)
class Taint:
    """A mark on a cluster that keeps away workloads which do not tolerate it."""

    key: str
    value: str
    effect: str
    time_added: str | None = None
    hours: tuple[Window, ...] = ()
    """When it holds; always, when there are none. Nobody writes such a taint: it stands for the windows."""

    @classmethod
    def from_dict(cls, data: JSON) -> Taint:
        return cls(data.get("key") or "", data.get("value") or "", data.get("effect") or "", data.get("timeAdded"))

    @classmethod
    def of_maintenance(cls, windows: tuple[Window, ...]) -> Taint:
        """What maintenance windows come to: no new work while one of them is open."""
        return cls(MAINTENANCE, "", "NoSchedule", hours=windows)

    def to_dict(self) -> dict[str, Any]:
        return {"key": self.key, "value": self.value, "effect": self.effect, "timeAdded": self.time_added}

    def open_until(self, now: str | None) -> str | None:
        """With hours: the end of the window that is open, None when none is, or nobody says what time it is."""
        return window_in_force(self.hours, now) if now else None

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that does not keep the workload away."""

    key: str
    operator: str
    value: str
    effect: str
    seconds: int | None = None
    """For how long, counted from the time the taint was added; None is for ever."""

    @classmethod
    def from_dict(cls, data: JSON) -> Toleration:
        return cls(
            data.get("key") or "",
            data.get("operator") or "Equal",
            data.get("value") or "",
            data.get("effect") or "",
            data.get("tolerationSeconds"),
        )

    def tolerates(self, key: str, value: str, effect: str) -> bool:
        if (self.effect and self.effect != effect) or (self.key and self.key != key):
            return False
        return self.operator == "Exists" or (self.operator == "Equal" and self.value == value)

    def has_run_out(self, taint: Taint, now: str | None) -> bool:
        """Whether its time is over: what would come now would be sent away at once."""
        if self.seconds is None or taint.effect != "NoExecute" or taint.time_added is None or now is None:
            return False
        return parse_moment(taint.time_added) + timedelta(seconds=self.seconds) <= parse_moment(now)
