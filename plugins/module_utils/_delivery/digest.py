# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stable fingerprint of plain data: the same content gives the same text on every machine and in every version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from .identity import Manifest


def digest(value: Any) -> str:
    """SHA-256 of the value's JSON with sorted keys, as 64 hexadecimal digits."""
    return hashlib.sha256(_canonical(value)).hexdigest()


class Digests:
    """Digests of manifests that clusters share: each is worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Manifest, str]] = {}

    def __call__(self, manifest: Manifest) -> str:
        """The digest of a manifest, which nobody changes."""
        known = self._known.get(id(manifest))
        if known is None:
            # Kept together, so that no other object can get this id meanwhile.
            known = self._known[id(manifest)] = (manifest, digest(manifest))
        return known[1]


def digest_objects(objects: Iterable[Manifest]) -> str:
    """The fingerprint of a set of objects, whatever order they come in."""
    whole = hashlib.sha256()
    for part in sorted(hashlib.sha256(_canonical(item)).digest() for item in objects):
        whole.update(part)
    return whole.hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
