# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a failure that does not go away by itself is watched before a wait is given up. Pure: time is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._kube.health import Health
from .identity import Identity

IMAGE = "image"
_CLASSES = {"ErrImagePull": IMAGE, "ImagePullBackOff": IMAGE, "RegistryUnavailable": IMAGE, "ImageInspectError": IMAGE}
"""Reasons that a pod changes between while nothing else does."""

SECONDS = {
    IMAGE: 20.0,
    "InvalidImageName": 0.0,
    "ErrImageNeverPull": 0.0,
    "CreateContainerConfigError": 20.0,
    "CreateContainerError": 20.0,
    "RunContainerError": 20.0,
    "FailedCreate": 20.0,
    "CrashLoopBackOff": 60.0,
}
"""By reason: a registry may be slow for a moment, a quota gets free while old pods go, what crashes may only be early.
A node may come at any time, so a pod that fits nowhere is told and waited for until the deadline."""


@dataclass(slots=True)
class Patience:
    """Since when which object fails for which reason, in one cluster."""

    since: dict[tuple[Identity, str], float] = field(default_factory=dict)

    def saw(self, bad: Mapping[Identity, Health], now: float) -> None:
        """What is bad now; what is not, or for another reason, is forgotten."""
        seen = {(identity, kind_of(found)) for identity, found in bad.items()}
        self.since = {key: self.since.get(key, now) for key in seen}

    def is_over(self, now: float) -> bool:
        """Whether something fails for longer than it should be waited for."""
        return any(kind in SECONDS and now - begin >= SECONDS[kind] for (_identity, kind), begin in self.since.items())


def kind_of(found: Health) -> str:
    """The reason, or the class of reasons, of a health."""
    return _CLASSES.get(found.reason, found.reason)
