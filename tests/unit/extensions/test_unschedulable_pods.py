# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source of events, as ansible-rulebook loads it: a bare file in a process that knows no collections."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
SOURCE = "ansible_collections/navarch/fleet/extensions/eda/plugins/event_source/unschedulable_pods.py"
LOOK = "import runpy, sys; print(runpy.run_path(sys.argv[1])['_look']({'hub_kubeconfig': '/nowhere/hub.kubeconfig'}))"


def test_it_finds_its_collection_also_in_a_checkout_that_is_linked_into_the_collections(tmp_path: Path) -> None:
    linked = tmp_path / "ansible_collections" / "navarch" / "fleet"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(CHECKOUT)
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path / SOURCE)],
        env=bare,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    # A hub that is not there ends no rulebook: it is said, and looked for again.
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert "navarch.fleet.unschedulable_pods: " in done.stderr
    assert "/nowhere/hub.kubeconfig" in done.stderr
