# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strategic merge patches by the keys that the API's own types name. Pure.

A list of a kind that is not known is replaced whole, as for custom resources everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "podIPs": ("ip",),
    "secrets": ("name",),
    "webhooks": ("name",),
    "conditions": ("type",),
    "volumeClaimTemplates": (),
}
"""By the name of the field; none means that the list is replaced whole."""
_PORT_KEYS = ("containerPort", "port")
"""Ports are told apart by what they are of: containers' by containerPort, Services' by port."""

_CORE_GROUPS = frozenset(
    {
        "", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "rbac.authorization.k8s.io",
        "admissionregistration.k8s.io", "storage.k8s.io", "scheduling.k8s.io", "apiregistration.k8s.io",
    }
)  # fmt: skip
_DIRECTIVE = "$patch"
_DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
_PRIMITIVE_SETS = frozenset({"finalizers"})


class MergeError(ValueError):
    """A patch that can't be merged."""


def merged(document: Mapping[str, Any], patch: Mapping[str, Any], group: str) -> dict[str, Any]:
    """The document with the patch merged into it.

    :param group: API group of the document.
    """
    result = _merged_mapping(document, patch, "", is_known=group in _CORE_GROUPS)
    if not isinstance(result, dict):
        raise MergeError("the whole object can't be deleted by an override")
    return result


def _merged_mapping(before: Any, patch: Mapping[str, Any], path: str, *, is_known: bool) -> Any:
    directive = patch.get(_DIRECTIVE)
    content = {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == "delete":
        return None
    if directive == "replace":
        return _cleaned(content)
    if directive not in (None, "merge"):
        raise MergeError(f"{path or 'the patch'}: $patch: {directive!r} is none of merge, replace, delete")
    result = dict(before) if isinstance(before, Mapping) else {}
    kept = content.get("$retainKeys")
    if isinstance(kept, list):
        result = {key: value for key, value in result.items() if key in kept}
    for key, value in content.items():
        at = f"{path}.{key}" if path else key
        if key.startswith(_DELETE_PRIMITIVES):
            field = key.removeprefix(_DELETE_PRIMITIVES)
            result[field] = [item for item in result.get(field) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            child = _merged_mapping(result.get(key), value, at, is_known=is_known)
            if child is None:
                result.pop(key, None)
            else:
                result[key] = child
        elif isinstance(value, list):
            result[key] = _merged_list(result.get(key), value, key, at, is_known=is_known)
        else:
            result[key] = value
    return result


def _merged_list(before: Any, patch: list[Any], field: str, path: str, *, is_known: bool) -> list[Any]:
    if not isinstance(before, list):
        before = []
    if field in _PRIMITIVE_SETS:
        return [*before, *(item for item in patch if item not in before)]
    if any(isinstance(item, Mapping) and item.get(_DIRECTIVE) == "replace" and len(item) == 1 for item in patch):
        return [_cleaned(item) for item in patch if item != {_DIRECTIVE: "replace"}]
    keys = _merge_keys(field, before, patch) if is_known else ()
    if not keys:
        return [_cleaned(item) for item in patch]
    result = list(before)
    for item in patch:
        if not isinstance(item, Mapping) or any(item.get(key) is None for key in keys):
            raise MergeError(f"{path}: an item has no {' and '.join(keys)}, by which it would be found")
        place = next((index for index, known in enumerate(result) if _same(known, item, keys)), None)
        child = _merged_mapping(result[place] if place is not None else {}, item, path, is_known=is_known)
        if child is None:
            result = [known for index, known in enumerate(result) if index != place]
        elif place is None:
            # New ones come last: what is there keeps its place, and its pods their hash.
            result.append(child)
        else:
            result[place] = child
    return result


def _merge_keys(field: str, before: list[Any], patch: list[Any]) -> tuple[str, ...]:
    if field == "ports":
        items = [item for item in (*patch, *before) if isinstance(item, Mapping)]
        named = next((key for key in _PORT_KEYS if any(key in item for item in items)), None)
        # The same number may be open for TCP and UDP.
        return (named,) if named else ()
    return _KEYS.get(field, ())


def _same(known: Any, item: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    if not isinstance(known, Mapping) or any(known.get(key) != item.get(key) for key in keys):
        return False
    if keys[0] in _PORT_KEYS:
        return (known.get("protocol") or "TCP") == (item.get("protocol") or "TCP")
    return True


def _cleaned(value: Any) -> Any:
    """A value of a patch as a value: without directives and nulls."""
    if isinstance(value, Mapping):
        return {key: _cleaned(item) for key, item in value.items() if item is not None and not str(key).startswith("$")}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value
