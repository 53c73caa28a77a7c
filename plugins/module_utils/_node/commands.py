# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of this host, each with a deadline and an error that shows what it said."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import NodeError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHOWN_LINES = 25
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Completed:
    """How a program ended, and what it said."""

    code: int
    output: str
    errors: str


def run(
    command: Sequence[str],
    *,
    deadline: float = 60.0,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end; its standard output. An exit code other than 0 is an error."""
    completed = attempt(command, deadline=deadline, text=text, environment=environment)
    if completed.code != 0:
        told = _COLOURS.sub("", completed.output + completed.errors)
        said = "\n".join(told.strip().splitlines()[-_SHOWN_LINES:])
        raise NodeError(f"`{' '.join(command)}` ended with code {completed.code}:\n{said}")
    return completed.output


def attempt(
    command: Sequence[str],
    *,
    deadline: float = 60.0,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end, whatever its exit code. One that is not installed ends with code 127.

    Open files are inherited: a lock that the caller holds lasts as long as the program runs.
    """
    try:
        done = subprocess.run(
            list(command),
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline,
            env={**os.environ, "PATH": PATH, "LC_ALL": "C", **(environment or {})},
            check=False,
            close_fds=False,
        )
    except FileNotFoundError:
        return Completed(127, "", f"{command[0]} is not installed")
    except subprocess.TimeoutExpired:
        raise NodeError(f"`{' '.join(command)}` took longer than {deadline:.0f} s.") from None
    return Completed(done.returncode, done.stdout, done.stderr)
