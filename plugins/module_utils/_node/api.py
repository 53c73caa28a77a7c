# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster's API, asked by this process itself with the administrator's credential.

For what every new node asks of a control plane: starting kubectl takes longer than the request.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from . import files, kubeadm
from .errors import NodeError
from .kubeconfig import connections, field

_PATIENCE = 30.0
_PAUSES = (1.0, 3.0, 5.0)
_NOT_NOW = (429, 500, 502, 503, 504)
_MERGE = "application/merge-patch+json"


def text(path: str) -> str:
    """What is at a path of the API, such as `/readyz`."""
    return _ask("GET", path).decode("utf-8", "replace")


def get(path: str) -> dict[str, Any] | None:
    """An object or a list, or None where there is none."""
    try:
        found: dict[str, Any] = json.loads(_ask("GET", path))
    except LookupError:
        return None
    return found


def create(path: str, body: Mapping[str, Any]) -> bool:
    """Make an object in a collection; False where somebody else made it already."""
    try:
        _ask("POST", path, body)
    except FileExistsError:
        return False
    return True


def merge(path: str, patch: Mapping[str, Any]) -> bool:
    """Merge a patch into an object; False where there is none."""
    try:
        _ask("PATCH", path, patch, _MERGE)
    except LookupError:
        return False
    return True


def _ask(method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "application/json") -> bytes:
    """Ask, again where the API server can't answer for the moment. LookupError: not there; FileExistsError: there already."""
    server, opener = _administrator()
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", "Content-Type": kind}
    request = urllib.request.Request(f"{server}{path}", data, headers, method=method)
    said, again = "", True
    for pause in (*_PAUSES, None):
        try:
            with opener.open(request, timeout=_PATIENCE) as response:
                answer: bytes = response.read()
                return answer
        except urllib.error.HTTPError as problem:
            if problem.code == 404:
                raise LookupError(path) from None
            if problem.code == 409 and method == "POST":
                raise FileExistsError(path) from None
            said = _said(problem)
            again = problem.code in _NOT_NOW
        except OSError as problem:
            said, again = str(problem), True
        if pause is None or not again:
            break
        time.sleep(pause)
    raise NodeError(f"The API server at {server} does not take {method} {path}: {said}.")


def _administrator() -> tuple[str, urllib.request.OpenerDirector]:
    """Where the API is, and connections to it as its administrator."""
    known = files.read(kubeadm.ADMIN)
    if known is None:
        raise NodeError("This host has no administrator's credential.", "Ask a control plane.")
    parts = ("certificate-authority-data", "client-certificate-data", "client-key-data")
    authority, certificate, key = (base64.b64decode(field(known, part)).decode("ascii") for part in parts)
    # Python takes them from a file only.
    with files.in_memory(certificate + key) as credential:
        return field(known, "server"), connections(authority, credential)


def _said(problem: urllib.error.HTTPError) -> str:
    """What the API server says, where it says more than a code."""
    try:
        return str(json.loads(problem.read())["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(problem)
