# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of this host, found by the name of their program."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Container

from . import files


def started(names: Container[str]) -> dict[str, float]:
    """When the newest process of each of these programs was started, in seconds since 1970."""
    since_start = os.sysconf("SC_CLK_TCK")
    boot = re.search(r"^btime (\d+)$", files.read("/proc/stat") or "", re.MULTILINE)
    found: dict[str, float] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError, ValueError):
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                name = os.path.basename(file.read().split("\0")[0])
            if name in names:
                # The name stands in parentheses and may hold anything; what follows is of fixed form.
                fields = (files.read(f"/proc/{pid}/stat") or "").rpartition(")")[2].split()
                began = float(boot[1] if boot else 0) + int(fields[19]) / since_start
                found[name] = max(found.get(name, 0.0), began)
    return found
