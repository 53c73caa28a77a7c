# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this host reaches others: a few of them, side by side, each with a deadline."""

from __future__ import annotations

import errno
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 3.0
_AT_ONCE = 16


@dataclass(frozen=True)
class Target:
    """Somebody whom this host has to reach."""

    address: str
    port: int
    purpose: str

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Target:
        return cls(given["address"], given["port"], given.get("purpose") or "")


@dataclass(frozen=True)
class Unreached:
    """Somebody whom this host does not reach. Whether that is wrong is seen once it is known who is switched off."""

    address: str
    text: str


def unreached(targets: Sequence[Target]) -> list[Unreached]:
    """Whom this host does not reach.

    Nobody listens there yet, so a refused connection is a good answer: it comes from the other host.
    """
    if not targets:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(targets))) as pool:
        answers = list(pool.map(lambda target: (target, _try(target)), targets))
    return [Unreached(target.address, _sentence(target, answer)) for target, answer in answers if answer]


def mirror_problem(address: str) -> str:
    """Why a mirror can't be used from here; empty: it can, or there is none. `https://`, `http://` or `file://`."""
    place = urlsplit(address)
    if place.scheme == "file":
        return "" if os.path.isdir(place.path) else f"there is no folder {place.path} on this host"
    if not address:
        return ""
    try:
        urllib.request.build_opener().open(
            urllib.request.Request(address, method="HEAD"), timeout=2 * _PATIENCE
        ).close()
    except urllib.error.HTTPError:
        # Whoever says that there is no such page is there.
        return ""
    except (OSError, ValueError) as problem:
        return str(problem)
    return ""


def _sentence(target: Target, answer: str) -> str:
    place = f"{target.address} port {target.port} ({target.purpose})"
    return f"It does not reach {place}: {answer}. See routes and firewalls between the two."


def _try(target: Target) -> str:
    try:
        socket.create_connection((target.address, target.port), timeout=_PATIENCE).close()
    except TimeoutError:
        return f"no answer within {_PATIENCE:.0f} s"
    except OSError as problem:
        return "" if problem.errno == errno.ECONNREFUSED else str(problem.strerror or problem)
    return ""
