# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Join cloud-east, and die without a word after a number of writes."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Find the collections as Ansible does, then join."""
    root = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":")[0]
    sys.path.insert(0, root)
    from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
    from ansible_collections.navarch.fleet.plugins.module_utils._kube.transport import Transport
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import open_hub
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import read_inputs
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.join import join, plan
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import hold

    lab = Path(os.environ["NAVARCH_TEST_LAB"])
    left = int(sys.argv[1])
    send = Transport.send

    def send_until_killed(transport, request, **more):
        nonlocal left
        if request.method != "GET" and "/leases" not in request.path:
            if left == 0:
                os._exit(9)
            left -= 1
        return send(transport, request, **more)

    Transport.send = send_until_killed
    hub = open_hub(read_kubeconfig(str(lab / "hub.kubeconfig")))
    inputs = read_inputs([{"name": "cloud-east", "kubeconfig": str(lab / "cloud-east.kubeconfig")}])
    # The lease is short, so that the next one outwaits a killed one soon.
    with hold(hub.session, "registry", namespace=hub.namespace, holder="killed", duration=2) as lock:
        joined = join(hub, plan(hub, inputs), lock, observer="test")
    print(f"joined, failed: {sorted(joined.failed)}")
    return 0 if not joined.failed else 1


if __name__ == "__main__":
    sys.exit(main())
