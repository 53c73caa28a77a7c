# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports for the processes of a lab: the same lab keeps its own, two labs get different ones."""

from __future__ import annotations

import contextlib
import socket
import threading
import zlib
from collections.abc import Iterable
from pathlib import Path

from .errors import InfrastructureError

# Below the range from which the kernel takes ports for outgoing connections (32768 and up).
_LOWEST = 12000
_HIGHEST = 32000


def is_free(port: int) -> bool:
    """Whether a server could listen on this port, on loopback and on all addresses."""
    return all(_can_listen(address, port) for address in ("127.0.0.1", ""))


class PortBook:
    """Hands out free ports and remembers to whom, for all clusters of one lab."""

    def __init__(self, directory: Path, reserved: Iterable[int]) -> None:
        self._guard = threading.Lock()
        self._reserved = set(reserved)
        # Labs begin at different places, so that one that is stopped keeps its ports for its return.
        blocks = (_HIGHEST - _LOWEST) // 100
        self._begin = _LOWEST + zlib.crc32(str(directory).encode()) % blocks * 100

    def take(self, count: int) -> list[int]:
        """`count` ports that nobody listens on and no cluster of this lab owns."""
        with self._guard:
            taken: list[int] = []
            for offset in range(_HIGHEST - _LOWEST):
                port = _LOWEST + (self._begin - _LOWEST + offset) % (_HIGHEST - _LOWEST)
                if port not in self._reserved and is_free(port):
                    taken.append(port)
                if len(taken) == count:
                    self._reserved.update(taken)
                    return taken
        raise InfrastructureError(f"There are no {count} free ports between {_LOWEST} and {_HIGHEST} on this machine.")


def _can_listen(address: str, port: int) -> bool:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As servers do: a port whose last connection is still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
