# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deliver an application and die, as by SIGKILL, right after the Nth write that a server answered.

Usage: killed.py N HUB_KUBECONFIG OPTIONS_JSON, with the collection and `dying.py` on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys

from dying import die_after_write

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._delivery import deliver
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Settings, Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import read_sources


def main() -> None:
    die_after_write(int(sys.argv[1]))
    options = json.loads(sys.argv[3])
    sources = read_sources(options["sources"])
    spec = Spec("default", options["name"], options["namespace"], options["placement"], source_digest=sources.digest)
    request = deliver.ApplyRequest(spec, sources.objects, Settings())
    deliver.apply(open_hub({"hub_kubeconfig": sys.argv[2]}), request, Actor("resumes"), check=False)


if __name__ == "__main__":
    main()
