# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pytest

from ansible_collections.navarch.fleet.plugins.plugin_utils import interrupts

SCRIPT = """
import os, runpy, signal, sys, time
found = runpy.run_path(sys.argv[1])
found["interruptible"].__globals__["LAST_WORDS"] = int(sys.argv[4])
with found["interruptible"]():
    try:
        os.kill(os.getpid(), int(sys.argv[2]))
        time.sleep(5)
        print("went on")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        print("gave back", flush=True)
        time.sleep(float(sys.argv[3]))
"""


def ended(number: int, giving_back: int, last_words: int) -> subprocess.CompletedProcess[str]:
    """A process that gets this signal, and takes so many seconds of those it has to give back what it holds."""
    numbers = map(str, (number, giving_back, last_words))
    arguments = [sys.executable, "-c", SCRIPT, str(Path(interrupts.__file__)), *numbers]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_work_that_is_interrupted_gives_back_what_it_holds_undisturbed(number: int) -> None:
    found = ended(number, giving_back=0, last_words=30)
    assert found.stdout == "gave back\n"
    assert found.returncode != 0
    assert "KeyboardInterrupt" in found.stderr


def test_what_can_not_be_given_back_ends_all_the_same() -> None:
    found = ended(signal.SIGINT, giving_back=30, last_words=3)
    assert found.stdout == "gave back\n"
    assert found.returncode == -signal.SIGALRM


ORPHAN = """
import runpy, sys, time
found = runpy.run_path(sys.argv[1])
found["interruptible"].__globals__["LOOKS_EVERY"] = 0.1
with found["interruptible"]():
    try:
        print("holds", flush=True)
        time.sleep(30)
    finally:
        print("gave back", flush=True)
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"


def test_work_whose_parent_was_killed_gives_back_what_it_holds() -> None:
    arguments = [sys.executable, "-c", PARENT, "-c", ORPHAN, str(Path(interrupts.__file__))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "holds\n"
        parent.kill()
        begin = time.monotonic()
        assert parent.stdout.read() == "gave back\n"
        assert time.monotonic() - begin < 20


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in interrupts.SIGNALS}
    try:
        with interrupts.interruptible():
            pass
        for number in interrupts.SIGNALS:
            os.kill(os.getpid(), number)
    finally:
        for number, former in before.items():
            signal.signal(number, former)
    assert heard == list(interrupts.SIGNALS)
