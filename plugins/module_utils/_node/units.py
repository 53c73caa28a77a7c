# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of systemd: enabled, running, and started again after what they read has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .commands import attempt, run
from .errors import NodeError
from .steps import Step

TOPIC = "units"
_STAMPS = "/run/navarch/units"
_SHOWN = ("Id", "LoadState", "ActiveState", "UnitFileState", "ExecMainStartTimestampMonotonic", "NeedDaemonReload")


@dataclass(frozen=True)
class Unit:
    """A unit that runs and comes back after a restart of the host, or one that does neither."""

    name: str
    running: bool
    needs: str
    """It can run only once this path exists; empty: always."""
    reads: tuple[str, ...]
    """Paths after whose change it is started again."""
    reloads: bool
    """A reload is enough."""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Unit:
        return cls(
            name=given["name"],
            running=given.get("state", "running") == "running",
            needs=given.get("needs") or "",
            reads=tuple(given.get("reads") or ()),
            reloads=given.get("on_change", "restart") == "reload",
        )


@dataclass(frozen=True)
class Found:
    """What systemd says of a unit."""

    known: bool
    active: bool
    enabled: bool
    began: float
    """When it took in what it reads, in seconds since 1970; 0 where it does not run."""
    stale: bool
    """Its file changed since systemd read it."""
    ready: bool
    """What it needs is there."""
    changed: Mapping[str, float]
    """When each path that it reads was written last."""


def observe(units: Sequence[Unit]) -> dict[str, Found]:
    """What systemd says of these units."""
    if not units:
        return {}
    names = [unit.name for unit in units]
    blocks = run(["systemctl", "show", "--property", ",".join(_SHOWN), *names]).strip().split("\n\n")
    said = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return {unit.name: _found(unit, said[index]) for index, unit in enumerate(units)}


def plan(units: Sequence[Unit], found: Mapping[str, Found], changing: frozenset[str]) -> list[Step]:
    """What has to be enabled, started or stopped. `changing` are the paths that this run is going to write."""
    return [step for unit in units for step in _steps(unit, found[unit.name], changing)]


def act(step: Step, units: Mapping[str, Unit]) -> None:
    """Carry out one step."""
    if step.action == "reload systemd":
        run(["systemctl", "daemon-reload"])
        return
    # Its package may have started it meanwhile, with the package's own configuration.
    verb = "restart" if step.action == "start" else step.action
    completed = attempt(["systemctl", *verb.split(), step.subject], deadline=180)
    if completed.code != 0:
        raise NodeError(
            f"`systemctl {step.action} {step.subject}` failed: {completed.errors.strip()}\n{last_words(step.subject)}",
            f"See `journalctl --unit {step.subject}` on the host.",
        )
    if step.action in ("restart", "reload-or-restart", "start"):
        _stamp(step.subject)


def last_words(name: str) -> str:
    """The end of a unit's log."""
    return attempt(["journalctl", "--unit", name, "--lines", "15", "--no-pager", "--output", "cat"]).output.strip()


def _found(unit: Unit, said: Mapping[str, str]) -> Found:
    return Found(
        known=said.get("LoadState") == "loaded",
        active=said.get("ActiveState") in ("active", "reloading", "activating"),
        enabled=said.get("UnitFileState") in ("enabled", "static", "alias", "generated"),
        began=max(_start(said.get("ExecMainStartTimestampMonotonic", "")), _modified(_stamp_path(unit.name))),
        stale=said.get("NeedDaemonReload") == "yes",
        ready=not unit.needs or os.path.exists(unit.needs),
        changed={path: _modified(path) for path in unit.reads},
    )


def _steps(unit: Unit, found: Found, changing: frozenset[str]) -> list[Step]:
    if not unit.running:
        if not found.known or not (found.active or found.enabled):
            return []
        return [Step(TOPIC, "disable --now", unit.name, before="enabled", after="disabled")]
    steps = []
    if not found.enabled:
        steps.append(Step(TOPIC, "enable", unit.name, before="not enabled", after="enabled"))
    if not found.ready:
        return steps
    if not found.active:
        return [*steps, Step(TOPIC, "start", unit.name, "it does not run", "stopped", "running")]
    newer = [path for path in unit.reads if path in changing or found.changed[path] > found.began]
    if newer:
        verb = "reload-or-restart" if unit.reloads else "restart"
        steps.append(
            Step(TOPIC, verb, unit.name, f"{newer[0]} changed", "runs with the old one", "runs with the new one")
        )
    return steps


def _start(monotonic: str) -> float:
    """A time of systemd's (microseconds since the kernel started) as seconds since 1970."""
    since_start = int(monotonic) / 1e6 if monotonic.isdigit() else 0.0
    return time.time() - (time.monotonic() - since_start) if since_start else 0.0


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _stamp_path(name: str) -> str:
    return os.path.join(_STAMPS, name)


def _stamp(name: str) -> None:
    os.makedirs(_STAMPS, exist_ok=True)
    with open(_stamp_path(name), "w", encoding="ascii"):
        os.utime(_stamp_path(name))
