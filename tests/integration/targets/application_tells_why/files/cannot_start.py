# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say of every pod of a namespace, as a kubelet would, why it can't start. For SECONDS, then it ends.

Usage: cannot_start.py KUBECONFIG NAMESPACE REASON SECONDS, with the collection on PYTHONPATH.
"""

from __future__ import annotations

import sys
import time

from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session


def main() -> None:
    kubeconfig, namespace, reason, seconds = sys.argv[1:5]
    session = Session("member", read_kubeconfig(kubeconfig, allowed=frozenset({"file"}), cluster="member"))
    pods = session.resource("v1", "Pod")
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        for pod in session.list(pods, namespace):
            if not (pod.get("status") or {}).get("containerStatuses"):
                session.patch(
                    pods, pod["metadata"]["name"], {"status": status(reason)}, namespace, subresource="status"
                )
        time.sleep(0.5)


def status(reason: str) -> dict:
    waiting = {"reason": reason, "message": "no such image"}
    container = {
        "name": "web",
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": waiting},
    }
    return {"phase": "Pending", "containerStatuses": [container]}


if __name__ == "__main__":
    main()
