# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of encryption at work: taken up by the API server, and everything written again with them."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
from collections.abc import Sequence
from urllib.parse import quote

from .. import files
from ..commands import Completed, attempt, run
from ..errors import NodeError
from ..kubectl import KUBECTL
from . import encryption, etcd_values, processes
from .texts import ENCRYPTION

_HERE = ("--server", "https://127.0.0.1:6443", "--tls-server-name", "kubernetes")
_HASH = re.compile(r'apiserver_encryption_config_controller_last_config_info\{[^}]*\bhash="sha256:([0-9a-f]{64})"')
_PAUSE = 2.0
_PAGE = 100
_ROUNDS = 5


def await_reload(patience: float) -> None:
    """Wait until the API server of this host uses the file as it is now; it looks once a minute."""
    wanted = hashlib.sha256((files.read(ENCRYPTION) or "").encode()).hexdigest()
    end = time.monotonic() + patience
    while True:
        said = attempt([*KUBECTL, *_HERE, "get", "--raw", "/metrics"], deadline=60)
        if wanted in _HASH.findall(said.output):
            return
        if time.monotonic() >= end:
            raise NodeError(
                f"The API server does not use {ENCRYPTION} as it is now after {patience:.0f} s: {_reason(said)}.",
                "See its log (crictl logs) for 'encryption'; nothing is lost, and the play goes on from here when it is run again.",
            )
        time.sleep(_PAUSE)


def stale(configuration: encryption.Configuration) -> list[str]:
    """What lies in etcd otherwise than written with the first key: `resource namespace/name`."""
    api_server = processes.running().get("kube-apiserver")
    if api_server is None:
        raise NodeError("No API server runs on this host.", "Start it, or run this on another control plane.")
    access = etcd_values.Access.of(api_server.flags)
    mark = configuration.keys[0].mark.encode()
    return [
        f"{resource} {name}"
        for resource in configuration.resources
        for name, value in etcd_values.beginnings(access, resource)
        if not value.startswith(mark)
    ]


def rewrite(configuration: encryption.Configuration) -> int:
    """Write everything again that is stale, until nothing is; how many objects there were.

    An object that changes at the same time is written with the new key by whoever changes it.
    """
    first = left = stale(configuration)
    for _round in range(_ROUNDS):
        if not left:
            return len(first)
        for resource, group in itertools.groupby(left, key=lambda name: name.split(" ")[0]):
            _rewrite(resource, [name.split(" ", 1)[1] for name in group])
        left = stale(configuration)
    if left:
        raise NodeError(
            f"{len(left)} objects could not be written again, {', '.join(left[:3])} among them.",
            "See whether an admission webhook refuses them; the old key stays until all are written.",
        )
    return len(first)


def _rewrite(resource: str, names: Sequence[str]) -> None:
    for start in range(0, len(names), _PAGE):
        items = [item for name in names[start : start + _PAGE] if (item := _object(resource, name))]
        if items:
            bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
            # Those that are gone or changed meanwhile are seen in the next round.
            attempt([*KUBECTL, "replace", "--filename", "-"], text=bundle, deadline=300)


def _object(resource: str, name: str) -> dict | None:
    namespace, _sign, own = name.rpartition("/")
    place = f"/namespaces/{quote(namespace)}" if namespace else ""
    said = attempt([*KUBECTL, "get", "--raw", f"{_root(resource)}{place}/{resource.split('.')[0]}/{quote(own)}"])
    return json.loads(said.output) if said.code == 0 else None


def _root(resource: str) -> str:
    group = resource.partition(".")[2]
    if not group:
        return "/api/v1"
    said = json.loads(run([*KUBECTL, "get", "--raw", f"/apis/{group}"]))
    return f"/apis/{said['preferredVersion']['groupVersion']}"


def _reason(said: Completed) -> str:
    if said.code != 0:
        return said.errors.strip().splitlines()[-1] if said.errors.strip() else "it does not answer"
    return "its metrics name another content" if _HASH.search(said.output) else "its metrics name none"
