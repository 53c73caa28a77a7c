# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interrupt a play in the middle of a wave, and tell how it ended and who has its application's lease then.

Usage: interrupted.py SIGNAL PLAYBOOK, where SIGNAL is INT, TERM or KILL, with the collection on PYTHONPATH and the hub's
kubeconfig in NAVARCH_HUB_KUBECONFIG. Prints a JSON object.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.status import statuses
from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub
from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import holder_of

NAME = "lease"
BEGINS_WITHIN = 300
ENDS_WITHIN = 60
GIVEN_BACK_WITHIN = 15
"""Seconds; less than a lease lasts that nobody gives back."""


def main() -> None:
    number, playbook = getattr(signal, f"SIG{sys.argv[1]}"), sys.argv[2]
    hub = open_hub({})
    program = str(Path(sys.executable).parent / "ansible-playbook")
    play = subprocess.Popen(
        [program, playbook], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        wait_for_the_wave(hub, play)
        held_by = holder(hub)
        begin = time.monotonic()
        play.send_signal(number)
        output = play.communicate(timeout=ENDS_WITHIN)[0]
        while holder(hub) and time.monotonic() - begin < GIVEN_BACK_WITHIN:
            time.sleep(0.2)
    finally:
        play.kill()
    found = {"held_by": held_by, "code": play.returncode, "output": output, "holder": holder(hub)}
    print(json.dumps({**found, "seconds": round(time.monotonic() - begin, 1)}))


def wait_for_the_wave(hub: Hub, play: subprocess.Popen[str]) -> None:
    until = time.monotonic() + BEGINS_WITHIN
    while time.monotonic() < until and play.poll() is None:
        found = [status.to_dict() for status in statuses(hub, tenant="default", name=NAME, look=False)]
        if found and (found[0].get("rollout") or {}).get("touched"):
            # What it writes is healthy at once; from here on it soaks.
            time.sleep(5)
            return
        time.sleep(0.5)
    sys.exit(f"the play did not come to its wave: {play.stdout.read() if play.stdout else ''}")


def holder(hub: Hub) -> str:
    return holder_of(hub.session, f"application-{NAME}", "default")


if __name__ == "__main__":
    main()
