# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of overrides, as JSON Schema: the one source for validation, editors and documentation.

Names and meaning are those of Karmada's OverridePolicy.spec.overrideRules; what we add says so.
"""

from __future__ import annotations

from ..._scheduling.schema import CLUSTER_AFFINITY, LABEL_SELECTOR, Schema

_TEXT = {"type": "string"}
_NAME = {"type": "string", "minLength": 1}
_OPERATOR = {"enum": ["add", "remove", "replace"]}
_ANY: Schema = {}
_MAPPING: Schema = {"type": "object", "additionalProperties": _ANY}


def _object(properties: Schema, required: tuple[str, ...] = (), description: str = "") -> Schema:
    schema = {
        "type": "object", "properties": dict(properties), "additionalProperties": False, "required": list(required),
    }  # fmt: skip
    return {**schema, "description": description} if description else schema


def _list(items: Schema, description: str = "") -> Schema:
    schema = {"type": "array", "items": items}
    return {**schema, "description": description} if description else schema


_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_CONTAINER_RULE = _object(
    {"containerName": _NAME, "operator": {"enum": ["add", "remove"]}, "value": _list(_TEXT)},
    ("containerName", "operator"),
)
_MAP_RULE = _object({"operator": _OPERATOR, "value": _TEXTS}, ("operator",))
_FIELD_PATCH = _object({"subPath": _NAME, "operator": _OPERATOR, "value": _ANY}, ("subPath", "operator"))

OVERRIDERS = _object(
    {
        "imageOverrider": _list(
            _object(
                {
                    "predicate": _object({"path": _NAME}, ("path",)),
                    "component": {"enum": ["Registry", "Repository", "Tag"]},
                    "operator": _OPERATOR,
                    "value": _TEXT,
                },
                ("component", "operator"),
            ),
            "Parts of images; without a predicate those of all containers, init containers included.",
        ),
        "commandOverrider": _list(_CONTAINER_RULE, "Words of the command of a container."),
        "argsOverrider": _list(_CONTAINER_RULE, "Arguments of a container."),
        "labelsOverrider": _list(_MAP_RULE, "Labels of the object itself."),
        "annotationsOverrider": _list(_MAP_RULE, "Annotations of the object itself."),
        "fieldOverrider": _list(
            _object({"fieldPath": _NAME, "json": _list(_FIELD_PATCH), "yaml": _list(_FIELD_PATCH)}, ("fieldPath",)),
            "Inside a JSON or YAML document that is kept as text in a field.",
        ),
        "plaintext": _list(
            _object({"path": _TEXT, "operator": _OPERATOR, "value": _ANY}, ("path", "operator")),
            "RFC 6902 on the whole object.",
        ),
        "strategicMerge": _list(_MAPPING, "Ours: patches that are merged into the object, lists by their keys."),
        "values": {
            **_MAPPING,
            "description": "Ours: merged into the values of charts and templates, and named by [[ values.x ]].",
        },
    },
    description="What is changed, in this order.",
)

RESOURCE_SELECTOR = _object(
    {"apiVersion": _NAME, "kind": _NAME, "namespace": _NAME, "name": _NAME, "labelSelector": LABEL_SELECTOR},
    description="Objects that match every part given.",
)

_RULE_PROPERTIES = {
    "name": {"type": "string", "minLength": 1, "description": "Ours: for messages."},
    "targetCluster": CLUSTER_AFFINITY,
    "resourceSelectors": _list(RESOURCE_SELECTOR, "Ours: only these objects; without it all of them."),
    "overriders": OVERRIDERS,
}
RULE = _object(
    _RULE_PROPERTIES, ("overriders",), "Rules apply in the order of the list, each to the clusters it names."
)
VARIANT = _object(
    {"targetCluster": CLUSTER_AFFINITY, "overrideRules": _list(RULE)},
    ("overrideRules",),
    "A named set of rules; a cluster takes one of them at most.",
)
_VARIANTS = {
    "type": "object",
    "additionalProperties": {"type": ["object", "array"]},
    "description": "Named sets of rules: a mapping with targetCluster and overrideRules, or a list of rules.",
}
OVERRIDES: Schema = {
    "description": "What differs from cluster to cluster.",
    "anyOf": [
        _list({"anyOf": [RULE, _object({"variants": _VARIANTS}, ("variants",))]}),
        _object({"overrideRules": _list(RULE), "resourceSelectors": _list(RESOURCE_SELECTOR), "variants": _VARIANTS}),
    ],
}
"""All forms that :func:`.rules.normalized` takes, for editors and documentation."""
