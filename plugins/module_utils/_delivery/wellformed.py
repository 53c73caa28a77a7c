# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an object must have before anything else looks at it, and what it may not bring along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._kube.errors import InputError
from .identity import Manifest

_SERVER_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def checked(value: Any, origin: str) -> Manifest:
    """The value as a manifest, or an error that says what it lacks.

    :param origin: where it was read, for the error: file, document and line.
    """
    if not isinstance(value, Mapping):
        raise InputError(
            f"{origin}: {_described(value)} instead of an object",
            next_step="Separate objects by '---', or put them in a List",
        )
    for field in ("kind", "apiVersion"):
        _check_text(value.get(field), field, _described_object(value), origin)
    if value["apiVersion"].count("/") > 1:
        raise InputError(
            f"{origin}: {_described_object(value)} has the apiVersion {value['apiVersion']!r}",
            next_step="Write it as group/version or version",
        )
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InputError(
            f"{origin}: {_described_object(value)} has no metadata", next_step="Give it metadata with a name"
        )
    if metadata.get("generateName") and not metadata.get("name"):
        raise InputError(
            f"{origin}: {_described_object(value)} has generateName, and every apply would create another one",
            next_step="Give it a name",
        )
    _check_text(metadata.get("name"), "metadata.name", _described_object(value), origin)
    if metadata.get("namespace") not in (None, ""):
        _check_text(metadata["namespace"], "metadata.namespace", _described_object(value), origin)
    for field in ("labels", "annotations"):
        _check_strings(metadata.get(field), f"metadata.{field}", _described_object(value), origin)
    return dict(value)


def without_server_fields(manifest: Manifest) -> Manifest:
    """The manifest without what only a server sets, as in files that were exported from a cluster.

    Owner references go too: the owner's uid means nothing in another cluster, whose garbage collector would then
    remove the object.
    """
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SERVER_METADATA}
    if not metadata.get("namespace"):
        metadata.pop("namespace", None)
    annotations = metadata.get("annotations")
    if annotations and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def _check_text(value: Any, field: str, subject: str, origin: str) -> None:
    if value is None or value == "":
        raise InputError(
            f"{origin}: {subject} has no {field}", next_step=f"Give it {'an' if field[0] in 'aeiou' else 'a'} {field}"
        )
    if not isinstance(value, str):
        raise InputError(
            f"{origin}: the {field} of {subject} is {_described(value)}", next_step="Quote it, so that it is text"
        )
    if "/" in value and field != "apiVersion":
        raise InputError(f"{origin}: the {field} {value[:80]!r} has a '/' in it", next_step="Choose one without")


def _check_strings(value: Any, field: str, subject: str, origin: str) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise InputError(f"{origin}: {field} of {subject} is {_described(value)}", next_step="Write it as a mapping")
    for key, item in value.items():
        if not isinstance(item, str):
            raise InputError(
                f"{origin}: {field} {key!r} of {subject} is {_described(item)}",
                next_step="Quote it, so that it is text",
            )


def _described_object(value: Mapping[str, Any]) -> str:
    """``Deployment shop/frontend`` as far as it is known, else ``the object with the keys ...``."""
    metadata = value.get("metadata")
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, Mapping) else None
    kind = value.get("kind")
    if isinstance(kind, str) and kind:
        return f"{kind} {name}" if name else f"a {kind}"
    if name:
        return f"the object named {str(name)[:80]!r}"
    keys = ", ".join(str(key) for key in list(value)[:5])
    return f"the object with the keys {keys}" if keys else "the empty object"


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return "plain text"
    return {list: "a list", dict: "a mapping", type(None): "nothing"}.get(type(value), f"a {type(value).__name__}")
