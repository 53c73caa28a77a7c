# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH host keys as the cloud itself shows them: cloud-init prints them on the console at the first boot.

The console is read through Nova's API, so a key learnt there is as trustworthy as the cloud's own word; nobody on the way
to the machine can exchange it. Consoles are short and scroll: once learnt, the key is kept in the server's metadata.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from .errors import RefusedError, UnavailableError
from .execute import Site
from .observe import GONE
from .ownership import HOST_KEY
from .plan_machines import BROKEN
from .steps import Step

# Metadata values end at 255 characters: an RSA key does not fit, the others do.
PREFERRED = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
LONGEST = 255
LOOK = 1.0
_BLOCK = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)
_KEY = re.compile(r"((?:ssh|ecdsa)-[a-z0-9-]+) ([A-Za-z0-9+/]{40,}={0,2})")


def learn_host_key(site: Site, step: Step) -> None:
    """Wait until a server's console shows its host key; keep it in the server's metadata."""
    server = site.ids[str(step.attributes["server"].key)]
    compute = site.cloud.connection.compute
    deadline = time.monotonic() + site.limits.build_timeout
    while True:
        site.guard()
        key = best_key(_console(site, server))
        if key:
            break
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"the console of {step.name} shows no SSH host key.",
                cluster=site.cluster,
                next_step="The image needs cloud-init that prints them, or set host_keys to none and check them yourself.",
            )
        time.sleep(LOOK)
    site.cloud.retried("keep a host key", lambda: compute.set_server_metadata(server, **{HOST_KEY: key}))


def _console(site: Site, server: str) -> str:
    """What the console shows; nothing while the server is being built, as one is whose creator was killed or got no answer."""
    compute = site.cloud.connection.compute
    try:
        shown = site.cloud.retried("read a console", lambda: compute.get_server_console_output(server))
    except RefusedError as refusal:
        found = site.watch.look(server)
        if refusal.status != 409 or found is None or found["status"] in (BROKEN, *GONE):
            raise
        return ""
    return str((shown or {}).get("output") or "")


def best_key(console: str) -> str:
    """The most suitable key of the last boot that printed any, as ``type key``; empty when there is none."""
    found = dict(_keys(console))
    return next((f"{kind} {found[kind]}" for kind in PREFERRED if kind in found), "")


def _keys(console: str) -> Iterator[tuple[str, str]]:
    for block in _BLOCK.findall(console):
        for kind, key in _KEY.findall(block):
            if len(kind) + len(key) + 1 <= LONGEST:
                yield kind, key
