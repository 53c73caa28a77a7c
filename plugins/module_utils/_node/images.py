# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container images from archives, imported into containerd where the host has none of that name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import binaries
from .commands import attempt, run
from .steps import Step

TOPIC = "images"
_CTR = ("ctr", "--namespace", "k8s.io")


@dataclass(frozen=True)
class Archive:
    """An archive (OCI layout or `docker save`) and the images that it holds."""

    references: tuple[str, ...]
    sha256: str
    url: str
    """Empty: the controller brings it."""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Archive:
        return cls(tuple(given["references"]), given["sha256"], given.get("url") or "")


def observe() -> frozenset[str]:
    """The references that containerd knows; none while it does not run."""
    completed = attempt([*_CTR, "images", "list", "--quiet"])
    return frozenset(completed.output.split()) if completed.code == 0 else frozenset()


def plan(archives: Sequence[Archive], found: frozenset[str]) -> list[Step]:
    """Which archives have to be imported."""
    steps = []
    for archive in archives:
        missing = [reference for reference in archive.references if reference not in found]
        if missing:
            after = "".join(f"{reference}\n" for reference in archive.references)
            steps.append(Step(TOPIC, "import", archive.sha256, f"{', '.join(missing)} missing", after=after))
    return steps


def act(step: Step, archives: Mapping[str, Archive], access: binaries.Access) -> None:
    """Import one archive."""
    archive = archives[step.subject]
    with binaries.fetched(archive.sha256, archive.url, access) as path:
        # Over the transfer service, which is the default, the same takes twice as long.
        run([*_CTR, "images", "import", "--local", path], deadline=600)
