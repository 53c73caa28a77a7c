# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C, a request to end, and the death of the play let work in one of Ansible's workers give back what it holds.

Ansible's own handlers end a worker on the spot, since what a module holds is usually held by another process. Work
in the worker itself would leave its lock behind, and the next play would have to wait until it has run out. And a
worker whose play was killed would work on, for a play that nobody sees any more.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)

LAST_WORDS = 10
"""Seconds to give everything back; then the process ends all the same. Ansible asks once more after half a second."""


LOOKS_EVERY = 1.0
"""Seconds between two looks whether the parent is there."""


@contextmanager
def interruptible() -> Iterator[None]:
    """A signal ends the block by KeyboardInterrupt, and the process soon afterwards, whatever the block does then.

    So does the death of the parent. To be used in the main thread.
    """
    former = {number: signal.signal(number, _end) for number in SIGNALS}
    over = threading.Event()
    threading.Thread(target=_follow, args=(os.getppid(), over), daemon=True).start()
    yield
    over.set()
    for number, handler in former.items():
        signal.signal(number, handler)


def _follow(parent: int, over: threading.Event) -> None:
    while not over.wait(LOOKS_EVERY):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _end(number: int, frame: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LAST_WORDS)
    raise KeyboardInterrupt
