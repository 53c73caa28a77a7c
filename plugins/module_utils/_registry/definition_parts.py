# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What schemas of CustomResourceDefinitions are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .names import SCHEMA_ANNOTATION, SCHEMA_VERSION

if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]


def text(description: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": description} if description else {}), **more}


def list_of(items: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def object_with(properties: Schema, description: str = "", required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if description:
        schema["description"] = description
    if required:
        schema["required"] = list(required)
    return schema


def free_form(description: str) -> Schema:
    return {"type": "object", "description": description, "x-kubernetes-preserve-unknown-fields": True}


def texts(description: str) -> Schema:
    """A map of names to texts."""
    return {"type": "object", "description": description, "additionalProperties": {"type": "string"}}


CONDITIONS = list_of(
    object_with(
        {
            "type": text(),
            "status": text(enum=["True", "False", "Unknown"]),
            "reason": text(),
            "message": text(maxLength=32768),
            "lastTransitionTime": text(format="date-time"),
            "observedGeneration": {"type": "integer", "format": "int64"},
        },
        required=("type", "status", "reason", "message", "lastTransitionTime"),
    )
)


def column(name: str, path: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "jsonPath": path, "type": kind, **more}


def definition(
    group: str,
    kind: str,
    plural: str,
    scope: str,
    root: Schema,
    columns: list[dict[str, Any]],
    **names: list[str],
) -> dict[str, Any]:
    properties = {"apiVersion": text(), "kind": text(), "metadata": {"type": "object"}, **root["properties"]}
    version: dict[str, Any] = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {**root, "properties": properties}},
        "subresources": {"status": {}},
    }
    if columns:
        version["additionalPrinterColumns"] = columns
    # Ours carry the mark, by which removal tells them from somebody else's of the same name.
    metadata = {"name": f"{plural}.{group}", "annotations": {SCHEMA_ANNOTATION: str(SCHEMA_VERSION)}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": group,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                **names,
            },
            "scope": "Cluster" if scope == "Cluster" else "Namespaced",
            "versions": [version],
        },
    }
