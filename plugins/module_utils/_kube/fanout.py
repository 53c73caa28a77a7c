# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work for many clusters side by side: one outcome each, and no cluster can hide or delay another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from .errors import DeadlineError, FleetError

T = TypeVar("T")
R = TypeVar("R")

WORKERS = 64
"""Threads at most; they wait for the network, so many more than cores is right."""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What came of the work for one cluster: exactly one of ``value`` and ``error`` counts."""

    value: R | None
    error: FleetError | None
    seconds: float
    """How long it took."""

    @property
    def ok(self) -> bool:
        """Whether the work was done."""
        return self.error is None

    def get(self) -> R:
        """The value; raises the error where there is one."""
        if self.error is not None:
            raise self.error
        return cast(R, self.value)


def fan_out(
    targets: Mapping[str, T],
    work: Callable[[str, T], R],
    *,
    workers: int = WORKERS,
    deadline: float | None = None,
) -> dict[str, Outcome[R]]:
    """Do ``work(name, target)`` for all targets side by side.

    :param workers: how many at once.
    :param deadline: seconds for one target, counted from when its own work starts; what takes longer is abandoned
        (its thread may still finish, unheard) and has a :class:`DeadlineError`.
    :returns: an outcome per name, in the order of ``targets``. Errors that are not ours are bugs and are raised.
    """
    board = _Board(targets, work, deadline)
    for _number in range(min(workers, len(targets))):
        board.start_worker()
    board.wait()
    return {name: board.outcome(name) for name in targets}


class _Board(Generic[T, R]):
    """Who works on what since when. Threads are daemons, so that an abandoned one can't keep the process alive."""

    def __init__(self, targets: Mapping[str, T], work: Callable[[str, T], R], deadline: float | None) -> None:
        self._targets = targets
        self._work = work
        self._deadline = deadline
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for name in targets:
            self._waiting.put(name)
        self._changed = threading.Condition()
        self._started: dict[str, float] = {}
        self._done: dict[str, Outcome[R]] = {}
        self._bug: BaseException | None = None

    def start_worker(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self) -> None:
        with self._changed:
            while len(self._done) < len(self._targets) and self._bug is None:
                self._changed.wait(self._until_next_deadline())
                self._abandon_late()
        if self._bug is not None:
            raise self._bug

    def outcome(self, name: str) -> Outcome[R]:
        return self._done[name]

    def _run(self) -> None:
        while True:
            try:
                name = self._waiting.get_nowait()
            except queue.Empty:
                return
            begin = time.monotonic()
            with self._changed:
                self._started[name] = begin
                self._changed.notify()
            value, error = self._attempt(name)
            with self._changed:
                late = name in self._done
                if not late:
                    self._done[name] = Outcome(value, error, time.monotonic() - begin)
                self._changed.notify()
            if late:
                # A replacement took this thread's place when its work was abandoned.
                return

    def _attempt(self, name: str) -> tuple[R | None, FleetError | None]:
        try:
            return self._work(name, self._targets[name]), None
        except FleetError as error:
            return None, error
        except BaseException as bug:
            with self._changed:
                self._bug = bug
            return None, FleetError("failed", cluster=name)

    def _until_next_deadline(self) -> float | None:
        if self._deadline is None:
            return None
        running = [begin for name, begin in self._started.items() if name not in self._done]
        if not running:
            return None
        return max(0.0, min(running) + self._deadline - time.monotonic())

    def _abandon_late(self) -> None:
        if self._deadline is None:
            return
        now = time.monotonic()
        for name, begin in list(self._started.items()):
            if name not in self._done and now - begin >= self._deadline:
                error = DeadlineError(
                    f"not finished within {self._deadline:g} s",
                    cluster=name,
                    next_step="Look at the cluster, or give it more time",
                )
                self._done[name] = Outcome(None, error, now - begin)
                self.start_worker()
