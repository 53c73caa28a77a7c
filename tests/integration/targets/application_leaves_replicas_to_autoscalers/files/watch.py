# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down each number of replicas that a Deployment ever wants, until a file says stop."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path


def main(kubectl: str, kubeconfig: str, namespace: str, name: str, place: str) -> int:
    """Watch from now on; every change comes as one line of the server's own stream."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments?watch=true&fieldSelector=metadata.name={name}"
    command = [kubectl, f"--kubeconfig={kubeconfig}", "get", f"--raw={path}"]
    folder = Path(place)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stream:
        threading.Thread(target=_stop, args=(folder / "stop", stream), daemon=True).start()
        assert stream.stdout is not None
        for line in stream.stdout:
            found = json.loads(line)["object"]["spec"].get("replicas")
            with (folder / "seen").open("a", encoding="utf-8") as handle:
                handle.write(f"{found}\n")
    return 0


def _stop(file: Path, stream: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 180
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    stream.terminate()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
