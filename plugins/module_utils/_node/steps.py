# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is a list of steps: pure data that check mode prints and the executor carries out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing that will be done to this host."""

    topic: str
    """Who carries it out: packages, files, units and so on."""
    action: str
    """A verb: install, write, restart ..."""
    subject: str
    """To what: the name of a package, a path, the name of a unit."""
    reason: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.subject}" + (f" ({self.reason})" if self.reason else "")


def report(steps: Sequence[Step]) -> dict[str, Any]:
    """What a module says of its plan, carried out or not."""
    return {"changed": bool(steps), "steps": [str(step) for step in steps], "diff": difference(steps)}


def difference(steps: Iterable[Step]) -> dict[str, str]:
    """Before and after, as Ansible shows a difference."""
    before, after = [], []
    for step in steps:
        title = f"{step.topic}: {step.subject}\n"
        before.append(title + _lines(step.before or "-"))
        after.append(title + _lines(step.after or step.action))
    return {"before": "".join(before), "after": "".join(after)}


def _lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
