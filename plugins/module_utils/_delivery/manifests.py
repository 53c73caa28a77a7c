# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The set of objects as it is meant for the members: in their namespaces and with our marks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._kube.errors import InputError
from .identity import Identity, Manifest, group_of, identify
from .variants import Variants

OWNER = "fleet.navarch.dev/owner"
"""Annotation `<hub id>/<tenant>/<application>` on each object that we apply."""
PART_OF = "applyset.kubernetes.io/part-of"
"""Label of KEP-3659 that names the set an object belongs to."""

IsNamespaced = Callable[[str, str], "bool | None"]
"""Whether a kind (apiVersion, kind) lives in namespaces; None when no cluster knows it."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What we write on every object of an application."""

    owner: str
    part_of: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def with_namespaces(objects: Sequence[Manifest], namespace: str, is_namespaced: IsNamespaced) -> tuple[Manifest, ...]:
    """The objects with a namespace where their kind needs one, and without where it has none, as kubectl sends them.

    :param namespace: for namespaced objects that name none themselves.
    :param is_namespaced: asked for kinds that no CRD among the objects defines.
    """
    own_scopes = scopes_of(objects)
    placed: dict[Identity, Manifest] = {}
    for manifest in objects:
        placed_manifest = _in_namespace(manifest, namespace, _is_namespaced(manifest, own_scopes, is_namespaced))
        identity = identify(placed_manifest)
        if identity in placed:
            raise InputError(
                f"given twice: once with the namespace {namespace} and once without any",
                object=identity.label,
                next_step="Remove one of them",
            )
        placed[identity] = placed_manifest
    return tuple(placed.values())


def variants_with_namespaces(
    variants: Variants, placed: Sequence[Manifest], namespace: str, is_namespaced: IsNamespaced
) -> Variants:
    """The same for objects that differ from cluster to cluster.

    :param placed: the objects that all clusters have in common; CRDs among them count here too.
    """
    defined = scopes_of(placed)

    def knows(api_version: str, kind: str) -> bool | None:
        scope = defined.get((group_of(api_version), kind))
        return is_namespaced(api_version, kind) if scope is None else scope

    return variants.changed(lambda manifest: with_namespaces((manifest,), namespace, knows)[0])


def scopes_of(objects: Iterable[Manifest]) -> dict[tuple[str, str], bool]:
    """Whether the kinds (group, kind) that the CRDs among the objects define live in namespaces."""
    scopes: dict[tuple[str, str], bool] = {}
    for manifest in objects:
        if (
            manifest["kind"] == "CustomResourceDefinition"
            and group_of(manifest["apiVersion"]) == "apiextensions.k8s.io"
        ):
            spec = manifest.get("spec") or {}
            kind = (spec.get("names") or {}).get("kind")
            if spec.get("group") and kind:
                scopes[spec["group"], kind] = spec.get("scope") != "Cluster"
    return scopes


def needed_namespaces(objects: Iterable[Manifest]) -> tuple[str, ...]:
    """The namespaces that the objects live in, sorted."""
    return tuple(sorted({manifest["metadata"].get("namespace") or "" for manifest in objects} - {""}))


def namespace_manifest(name: str) -> Manifest:
    """A Namespace with nothing but its name."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def marked(manifest: Manifest, marks: Marks) -> Manifest:
    """The manifest with our marks; everything outside its metadata is shared with the one given."""
    metadata = manifest["metadata"]
    return {
        **manifest,
        "metadata": {
            **metadata,
            "labels": {**(metadata.get("labels") or {}), **marks.labels, PART_OF: marks.part_of},
            "annotations": {**(metadata.get("annotations") or {}), **marks.annotations, OWNER: marks.owner},
        },
    }


def as_kept(manifest: Manifest) -> Manifest:
    """The manifest in the form that servers keep: texts of a Secret encoded.

    ``stringData`` is gone after a write, and with it the record of whose the values are.
    """
    texts = manifest.get("stringData")
    if not isinstance(texts, dict) or (manifest["apiVersion"], manifest["kind"]) != ("v1", "Secret"):
        return manifest
    if not all(isinstance(text, str) for text in texts.values()):
        # A server refuses it better than we could.
        return manifest
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    kept = {key: value for key, value in manifest.items() if key != "stringData"}
    return {**kept, "data": {**(manifest.get("data") or {}), **encoded}}


def owner_of(manifest: Manifest) -> str | None:
    """The owner that an object's mark names, if it carries one."""
    annotations = manifest["metadata"].get("annotations") or {}
    return annotations.get(OWNER)


def _is_namespaced(manifest: Manifest, own_scopes: Mapping[tuple[str, str], bool], is_namespaced: IsNamespaced) -> bool:
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    scope = own_scopes.get((group_of(api_version), kind))
    if scope is None:
        scope = is_namespaced(api_version, kind)
    if scope is None:
        raise InputError(
            f"no chosen cluster knows the kind {kind} of {api_version}, and no CRD among the sources defines it",
            object=identify(manifest).label,
            next_step="Check apiVersion and kind, or add the CRD to the sources",
        )
    return scope


def _in_namespace(manifest: Manifest, namespace: str, namespaced: bool) -> Manifest:
    metadata = manifest["metadata"]
    present = metadata.get("namespace")
    if namespaced and not present:
        return {**manifest, "metadata": {**metadata, "namespace": namespace}}
    if not namespaced and "namespace" in metadata:
        # Charts often give cluster roles a namespace; an API server drops it too.
        return {**manifest, "metadata": {key: value for key, value in metadata.items() if key != "namespace"}}
    return manifest
