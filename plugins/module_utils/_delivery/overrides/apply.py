# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One part of a rule applied to one object, as Karmada does it, where it does. Pure.

Beyond Karmada: init containers and CronJobs have images, commands and arguments too, and a key with a slash in it is
a label like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..._kube import library
from ..._kube.errors import InputError
from ..documents import read_documents
from ..identity import Manifest, group_of
from ..workloads import pod_template, with_pod_spec
from .image import overridden_image
from .merge import MergeError, merged
from .pointer import PointerError, found_at, patched

_CONTAINER_LISTS = ("containers", "initContainers")

Part = Mapping[str, Any]


class Mismatch(Exception):
    """The part has nothing to do in this object: the reason, and names that were probably meant."""

    def __init__(self, reason: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.names = names


def applied(manifest: Manifest, overrider: str, part: Part) -> Manifest:
    """The object after one part.

    :raises Mismatch: the part does not fit this object.
    :raises ValueError: it fits, and what it would make is nonsense.
    """
    return _APPLY[overrider](manifest, part)


def _image(manifest: Manifest, part: Part) -> Manifest:
    component, operator, value = part["component"], part["operator"], part.get("value") or ""
    predicate = part.get("predicate")
    if predicate:
        try:
            before = found_at(manifest, predicate["path"])
        except PointerError as error:
            raise Mismatch(str(error)) from error
        if not isinstance(before, str):
            raise ValueError(f"{predicate['path']} holds no image")
        changed: Manifest = patched(
            manifest, "replace", predicate["path"], overridden_image(before, component, operator, value)
        )
        return changed

    def change(container: Mapping[str, Any]) -> Mapping[str, Any]:
        image = container.get("image")
        if not isinstance(image, str) or not image:
            return container
        return {**container, "image": overridden_image(image, component, operator, value)}

    return _in_containers(manifest, change, "no container")


def _words(field: str) -> Callable[[Manifest, Part], Manifest]:
    def change_object(manifest: Manifest, part: Part) -> Manifest:
        wanted, words = part["containerName"], list(part.get("value") or ())

        def change(container: Mapping[str, Any]) -> Mapping[str, Any] | None:
            if container.get("name") != wanted:
                return None
            before = container.get(field) or []
            after = [*before, *words] if part["operator"] == "add" else [item for item in before if item not in words]
            if after == before:
                return container
            if after:
                return {**container, field: after}
            return {key: value for key, value in container.items() if key != field}

        return _in_containers(manifest, change, f"no container {wanted!r}")

    return change_object


def _metadata(field: str) -> Callable[[Manifest, Part], Manifest]:
    def change_object(manifest: Manifest, part: Part) -> Manifest:
        before = manifest["metadata"].get(field) or {}
        given = part.get("value") or {}
        if part["operator"] == "add":
            after = {**before, **given}
        else:
            present = [key for key in given if key in before]
            if given and not present:
                raise Mismatch(f"none of {', '.join(sorted(given))} in metadata.{field}", tuple(before))
            if part["operator"] == "replace":
                after = {**before, **{key: given[key] for key in present}}
            else:
                after = {key: value for key, value in before.items() if key not in given}
        if after == before:
            return manifest
        return {**manifest, "metadata": {**manifest["metadata"], field: after}}

    return change_object


def _field(manifest: Manifest, part: Part) -> Manifest:
    path = part["fieldPath"]
    try:
        text = found_at(manifest, path)
    except PointerError as error:
        raise Mismatch(str(error)) from error
    if not isinstance(text, str):
        raise ValueError(f"{path} holds no text")
    form = "json" if part.get("json") else "yaml"
    document = _parsed(text, form, path)
    for patch in part[form]:
        try:
            document = patched(document, patch["operator"], patch["subPath"], patch.get("value"))
        except PointerError as error:
            raise ValueError(f"inside {path}: {error}") from error
    changed: Manifest = patched(manifest, "replace", path, _written(document, form))
    return changed


def _parsed(text: str, form: str, path: str) -> Any:
    if form == "json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path} holds no JSON: {error}") from error
    try:
        documents = list(read_documents(text, path))
    except InputError as error:
        raise ValueError(error.message) from error
    if len(documents) != 1:
        raise ValueError(f"{path} holds {len(documents)} YAML documents instead of one")
    return documents[0].value


def _written(document: Any, form: str) -> str:
    if form == "json":
        return json.dumps(document, ensure_ascii=False)
    library.require("PyYAML")
    # Values that anchors share are written out, and keys keep their order.
    plain = json.loads(json.dumps(document))
    text: str = library.yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=4096)
    return text


def _plaintext(manifest: Manifest, part: Part) -> Manifest:
    try:
        changed: Manifest = patched(manifest, part["operator"], part["path"], part.get("value"))
    except PointerError as error:
        raise Mismatch(str(error)) from error
    return changed


def _merge(manifest: Manifest, patch: Part) -> Manifest:
    metadata = patch.get("metadata") or {}
    fitting = (
        patch.get("apiVersion") in (None, manifest["apiVersion"])
        and patch.get("kind") in (None, manifest["kind"])
        and metadata.get("name") in (None, manifest["metadata"]["name"])
        and metadata.get("namespace") in (None, manifest["metadata"].get("namespace"))
    )
    if not fitting:
        raise Mismatch("no such object")
    try:
        return merged(manifest, patch, group_of(manifest["apiVersion"]))
    except MergeError as error:
        raise ValueError(str(error)) from error


def _in_containers(
    manifest: Manifest, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None], missing: str
) -> Manifest:
    """Change the containers of an object; the change gives None for those that it does not mean."""
    spec = (pod_template(manifest) or {}).get("spec") or {}
    found = False
    names: list[str] = []
    after = dict(spec)
    for field in _CONTAINER_LISTS:
        containers = spec.get(field)
        if not isinstance(containers, list):
            continue
        changed = []
        for container in containers:
            names.append(str(container.get("name")))
            result = change(container)
            found = found or result is not None
            changed.append(container if result is None else result)
        after[field] = changed
    if not found:
        raise Mismatch(missing, tuple(names))
    return manifest if after == spec else with_pod_spec(manifest, after)


_APPLY: dict[str, Callable[[Manifest, Part], Manifest]] = {
    "imageOverrider": _image,
    "commandOverrider": _words("command"),
    "argsOverrider": _words("args"),
    "labelsOverrider": _metadata("labels"),
    "annotationsOverrider": _metadata("annotations"),
    "fieldOverrider": _field,
    "plaintext": _plaintext,
    "strategicMerge": _merge,
}
