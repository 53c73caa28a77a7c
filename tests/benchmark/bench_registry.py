# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probing many members: about as long as the slowest one, also when some of them never answer.

The members are records in memory that point at the lab's few servers, with the credentials of the members that are
joined. Each is asked for all its facts over connections of its own, as if it were a cluster of its own.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import Credential, read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._kube.transport import ONE_TRY
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member
from ansible_collections.navarch.fleet.plugins.module_utils._registry.probe import Observation, probe_sessions

MEMBERS = int(os.environ.get("NAVARCH_BENCHMARK_MEMBERS", "100"))
SILENT = 10
DEADLINE = 5.0
PROMISE = 1.25
"""Deadlines that members cost that never answer, however many they are."""


def main() -> int:
    """Measure and say whether the promise holds."""
    lab = Path(os.environ["NAVARCH_TEST_LAB"])
    servers = [read_kubeconfig(str(path)) for path in sorted(lab.glob("*.kubeconfig"))]
    one, _found = timed({"alone": servers[0]})
    print(f"probe of 1 member: {one:.2f} s")
    good = {f"member-{number}": servers[number % len(servers)] for number in range(MEMBERS)}
    all_good, found = timed(good)
    slowest = max(seen.seconds for seen in found.values())
    print(f"probe of {MEMBERS} members on {len(servers)} servers: {all_good:.2f} s (slowest of them {slowest:.2f} s)")
    ready = sum(seen.is_ready for seen in found.values())
    with socket.create_server(("127.0.0.1", 0), backlog=SILENT * 2) as deaf:
        # It accepts connections, and never says a word.
        nobody = replace(servers[0], server=f"https://127.0.0.1:{deaf.getsockname()[1]}")
        mixed = {**good, **{f"silent-{number}": nobody for number in range(SILENT)}}
        some_bad, found = timed(mixed)
    lost = sum(not seen.is_ready for seen in found.values())
    limit = all_good + DEADLINE * PROMISE
    print(
        f"probe with {SILENT} of them silent: {some_bad:.2f} s (promise: at most {limit:.1f} s, the deadline is {DEADLINE:.0f} s)"
    )
    print(f"ready: {ready} of {MEMBERS}; lost: {lost} of {SILENT}")
    return 0 if ready == MEMBERS and lost == SILENT and some_bad <= limit else 1


def timed(credentials: Mapping[str, Credential]) -> tuple[float, dict[str, Observation]]:
    """Probe with fresh connections, and how long it took."""
    sessions = {name: Session(name, known, timeout=DEADLINE, retries=ONE_TRY) for name, known in credentials.items()}
    members = {name: Member(name) for name in credentials}
    begin = time.monotonic()
    found = probe_sessions(sessions, {}, members, observer="benchmark", deadline=DEADLINE)
    return time.monotonic() - begin, found


if __name__ == "__main__":
    sys.exit(main())
