# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at the servers of a cluster for all who wait for one of them."""

from __future__ import annotations

import threading
import time

from .cloud import Cloud, Found, Kind
from .ownership import tag

LOOK = 1.0
"""Seconds between two looks."""


class Watch:
    """The servers of a cluster, asked for once however many steps wait for one of them."""

    def __init__(self, cloud: Cloud, cluster: str) -> None:
        self._cloud, self._cluster = cloud, cluster
        self._guard = threading.Lock()
        self._seen: dict[str, Found] = {}
        self._when = 0.0

    def look(self, server: str) -> Found | None:
        """The server as it was at most :data:`LOOK` seconds ago; None when it was not there."""
        with self._guard:
            if time.monotonic() - self._when >= LOOK:
                found = self._cloud.listing(Kind.SERVER, details=True, tags=tag(self._cluster))
                self._seen = {each["id"]: each for each in found}
                self._when = time.monotonic()
            return self._seen.get(server)
