# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Die as by SIGKILL right after the Nth write that a server answered."""

from __future__ import annotations

import itertools
import os
import signal

from ansible_collections.navarch.fleet.plugins.module_utils._kube.transport import Answer, Request, Transport


def die_after_write(number: int, phase: str = "") -> None:
    """:param phase: count from the write on that tells the hub this phase of the rollout; empty counts from the first."""
    send = Transport.send
    writes = itertools.count(1)
    told = [not phase]

    def counted(self: Transport, request: Request, *, timeout: float | None = None) -> Answer:
        answer = send(self, request, timeout=timeout)
        kept = request.method != "GET" and ("dryRun", "All") not in request.query
        # Renewing the lease and refreshing facts are no steps of the work.
        if not kept or "/leases" in request.path or "/clusters/" in request.path:
            return answer
        told[0] = told[0] or phase.encode() in (request.body or b"")
        if told[0] and next(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Transport.send = counted
