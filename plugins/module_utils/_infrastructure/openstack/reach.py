# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether machines answer SSH, seen from here; all of them are asked side by side."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LOOK = 0.5


def await_ssh(machines: Iterable[Mapping[str, Any]], reach: str, timeout: float) -> list[str]:
    """Wait until SSH answers at the `fixed` or `floating` address of each machine; returns those that stay silent."""
    if reach == "none":
        return []
    field = "address" if reach == "fixed" else "floating_address"
    addresses = {str(each["name"]): str(each[field]) for each in machines}
    if not addresses:
        return []
    deadline = time.monotonic() + timeout
    with ThreadPoolExecutor(min(32, len(addresses))) as pool:
        answers = pool.map(lambda address: _answers(address, deadline), addresses.values())
        return [f"{name} ({addresses[name]})" for name, answer in zip(addresses, answers, strict=True) if not answer]


def _answers(address: str, deadline: float) -> bool:
    while address:
        try:
            with socket.create_connection((address, 22), timeout=5) as connection:
                if connection.recv(4) == b"SSH-":
                    return True
        except OSError:
            pass
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK)
    return False
