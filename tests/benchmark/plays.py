# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays as their user starts them, and how long they take."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

NOTHING = {"ansible.builtin.meta": "noop"}
"""A task for a play that costs what every play costs."""


def role(name: str, **variables: Any) -> dict[str, Any]:
    """A role of ours as a task."""
    return {"ansible.builtin.include_role": {"name": f"navarch.fleet.{name}"}, "vars": variables}


def play(place: Path, hub: str, tasks: list[dict[str, Any]], *words: str) -> float:
    """Run a play of these tasks, and say how many seconds it took."""
    book = place / "play.yml"
    document = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "module_defaults": {"group/navarch.fleet.fleet": {"hub_kubeconfig": hub}},
        "tasks": tasks,
    }
    book.write_text(yaml.safe_dump([document]), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(book), *words]
    # A user's Python keeps what it compiled; only the workshop's does not.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"the play failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.perf_counter() - begin
