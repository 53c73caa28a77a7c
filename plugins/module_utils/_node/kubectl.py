# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster's API as a control plane reaches it: kubectl with the administrator's credential."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from . import kubeadm
from .commands import Completed, attempt
from .errors import NodeError

KUBECTL = ("/usr/local/bin/kubectl", "--kubeconfig", kubeadm.ADMIN, "--request-timeout", "30s")
AT_ONCE = ("--grace-period=0", "--force", "--wait=false", "--ignore-not-found")
"""How pods are deleted whose kubelet is gone: nobody would confirm their end."""


def kubectl(arguments: Sequence[str], *, text: str | None = None, deadline: float = 60.0) -> str:
    """Run kubectl to its end; what it prints."""
    completed = try_kubectl(arguments, text=text, deadline=deadline)
    if completed.code != 0:
        raise NodeError(f"`kubectl {' '.join(arguments)}` failed: {completed.errors.strip()}")
    return completed.output


def try_kubectl(arguments: Sequence[str], *, text: str | None = None, deadline: float = 60.0) -> Completed:
    """Run kubectl, again where that failed: an API server that has just begun is not there for every call. How it ended at last."""
    for pause in (1, 3, 5):
        completed = attempt([*KUBECTL, *arguments], text=text, deadline=deadline)
        if completed.code == 0:
            return completed
        time.sleep(pause)
    return attempt([*KUBECTL, *arguments], text=text, deadline=deadline)


def get(kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
    """An object, or None where there is none."""
    place = ["--namespace", namespace] if namespace else []
    said = kubectl(["get", kind, name, *place, "--ignore-not-found", "--output", "json"])
    return json.loads(said) if said.strip() else None
