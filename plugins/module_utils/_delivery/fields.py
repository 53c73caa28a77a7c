# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of an object are ours: the fields that ``managedFields`` gives to our manager, read off the object.

No schema is needed: FieldsV1 names list items by their merge keys. The digest of these values, kept from the last
write, tells without another request whether anybody changed what we own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._kube.session import FIELD_MANAGER
from .digest import digest
from .identity import Manifest

MISSING = "\0missing"
"""Stands for a value that the object does not have."""


def owned_digest(live: Manifest) -> str:
    """Digest of the fields we own and their values; of nothing when we own none."""
    fields = owned_fields(live)
    return digest(owned_values(live, fields)) if fields else ""


def stamp(live: Manifest) -> str:
    """What can't stay the same when a field of ours changes hands or its value; cheaper than to look at all values.

    Kinds that count generations do so for all but metadata and status: what is ours in metadata is in it as well. Of
    other kinds it is the version, which changes with every write.
    """
    metadata = live["metadata"]
    if not metadata.get("generation"):
        return f"{metadata.get('uid')} {metadata.get('resourceVersion')}"
    fields = owned_fields(live)
    below = fields.get("f:metadata")
    ours = owned_values(metadata, below) if below else []
    return digest([metadata.get("uid"), metadata["generation"], fields, ours])


def owned_fields(live: Manifest) -> Mapping[str, Any]:
    """FieldsV1 of our apply."""
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        ours = entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        if ours and not entry.get("subresource"):
            return entry.get("fieldsV1") or {}
    return {}


def owned_values(value: Any, fields: Mapping[str, Any]) -> Any:
    """The part of a value that the fields name, as pairs of field and value."""
    if not fields:
        return value
    return [[key, owned_values(_step(value, key), below)] for key, below in sorted(fields.items()) if key != "."]


def _step(value: Any, key: str) -> Any:
    """Into a value by one FieldsV1 key: ``f:name``, ``k:{merge keys}``, ``v:value`` or ``i:index``."""
    form, _colon, text = key.partition(":")
    if form == "f":
        return value.get(text, MISSING) if isinstance(value, dict) else MISSING
    if not isinstance(value, list):
        return MISSING
    if form == "k":
        wanted = json.loads(text)
        return next((item for item in value if _has(item, wanted)), MISSING)
    if form == "v":
        element = json.loads(text)
        return element if element in value else MISSING
    if form == "i":
        index = int(text)
        return value[index] if index < len(value) else MISSING
    return MISSING


def _has(item: Any, wanted: Mapping[str, Any]) -> bool:
    return isinstance(item, dict) and all(item.get(key) == value for key, value in wanted.items())


def has_path(manifest: Any, path: str) -> bool:
    """Whether a manifest sets the field that a conflict names, as ``.spec.containers[name="a"].image``.

    Keys may hold dots (``.metadata.labels.app.kubernetes.io/name``), so every key that the rest starts with is tried.
    """
    if not path:
        return True
    if path.startswith("[") and isinstance(manifest, list):
        selector, _bracket, rest = path[1:].partition("]")
        return any(has_path(item, rest) for item in manifest if _selected(item, selector))
    if path.startswith(".") and isinstance(manifest, dict):
        return any(
            has_path(below, path[1 + len(key) :])
            for key, below in manifest.items()
            if path.startswith(f".{key}") and path[1 + len(key) : 2 + len(key)] in ("", ".", "[")
        )
    return False


def _selected(item: Any, selector: str) -> bool:
    """``name="a"`` or ``containerPort=80,protocol="TCP"`` select an item; a default that is left out matches too."""
    if selector.startswith("="):
        return json.dumps(item) == selector[1:]
    for part in selector.split(","):
        key, _equals, text = part.partition("=")
        if not isinstance(item, dict):
            return False
        if key in item and json.dumps(item[key]) != text:
            return False
    return True
