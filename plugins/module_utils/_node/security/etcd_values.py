# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies in etcd, byte by byte as etcd has it: read from a control plane, with the API server's own credential."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import NodeError

_PAGE = 200
_BEGINNING = 80
"""Bytes of a value that are kept."""
_PREFIX = "/registry"


@dataclass(frozen=True)
class Access:
    """How the API server of this host reaches etcd."""

    endpoints: tuple[str, ...]
    """The first that answers will do."""
    authority: str
    certificate: str
    key: str

    @classmethod
    def of(cls, flags: Mapping[str, str]) -> Access:
        """From the API server's command line."""
        return cls(
            tuple(flags.get("etcd-servers", "").split(",")),
            flags.get("etcd-cafile", ""),
            flags.get("etcd-certfile", ""),
            flags.get("etcd-keyfile", ""),
        )


def beginnings(access: Access, resource: str) -> Iterator[tuple[str, bytes]]:
    """All objects of a resource: `namespace/name`, and how the value begins.

    Args:
        resource: as EncryptionConfiguration names it: `secrets`, `widgets.example.org`.
    """
    name, _sign, group = resource.partition(".")
    folder = f"{_PREFIX}/{group + '/' if group else ''}{name}/".encode()
    start, end = folder, folder[:-1] + bytes([folder[-1] + 1])
    while True:
        said = _range(access, start, end)
        for pair in said.get("kvs") or ():
            key = base64.b64decode(pair["key"])
            value = base64.b64decode(pair.get("value") or "")
            yield key[len(folder) :].decode("utf-8", "replace"), value[:_BEGINNING]
            start = key + b"\0"
        if not said.get("more"):
            return


def _range(access: Access, start: bytes, end: bytes) -> dict:
    body = json.dumps({"key": _text(start), "range_end": _text(end), "limit": _PAGE}).encode()
    said = ""
    for endpoint in access.endpoints:
        request = urllib.request.Request(f"{endpoint}/v3/kv/range", data=body)
        try:
            context = ssl.create_default_context(cafile=access.authority)
            context.load_cert_chain(access.certificate, access.key)
            handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
            with urllib.request.build_opener(*handlers).open(request, timeout=30) as response:
                return json.load(response)
        except (OSError, ValueError) as problem:
            said = f"{endpoint or 'an unknown place'}: {problem}"
    raise NodeError(
        f"etcd can't be read at {said}.", "See whether it runs, and whether kube-apiserver on this host reaches it."
    )


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")
