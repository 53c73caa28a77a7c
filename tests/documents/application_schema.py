# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON Schema of the application file, made of what the role and the rooms say of it, so that it can't go stale."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.health_rules import HEALTH
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.schema import OVERRIDES
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.rollout_schema import ROLLOUT
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.schema import PLACEMENT

from .forms import FAILOVER, SOURCES, Schema

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PREFIX = "application_"

_TYPES = {
    "str": "string",
    "path": "string",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "list": "array",
    "dict": "object",
}
_ROOMS: Mapping[str, Schema] = {
    "placement": dict(PLACEMENT),
    "sources": SOURCES,
    "failover": FAILOVER,
    "rollout": dict(ROLLOUT),
    "health": dict(HEALTH),
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "overrides": dict(OVERRIDES),
}
"""What a room knows better than the role, by the name of the option."""

_TEMPLATE = {"type": "string", "pattern": r"\{\{"}
_MARKUP = re.compile(r"\b[A-Z]\(([^()]*)\)")


def application_schema(collection: Path) -> str:
    """The schema as the text of its file."""
    options = yaml.safe_load((collection / "roles/application/meta/argument_specs.yml").read_text())
    main = options["argument_specs"]["main"]["options"]
    properties = {name: _option(name.removeprefix(PREFIX), spec) for name, spec in main.items()}
    schema = {
        "$schema": DRAFT,
        "title": "Application file of navarch.fleet",
        "description": "One application: what it is made of, where it goes, how it is rolled out and failed over. "
        "For the playbook navarch.fleet.apply and the role navarch.fleet.application.",
        "type": "object",
        "required": [name for name, spec in main.items() if spec.get("required")],
        "properties": properties,
        # Variables of others may stand in the file; one that begins like ours is a mistake.
        "propertyNames": {"anyOf": [{"enum": list(properties)}, {"not": {"pattern": f"^{PREFIX}"}}]},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _option(name: str, spec: Mapping[str, Any]) -> Schema:
    """One variable. It may also hold a template; a structure may also come as YAML text, as from a survey."""
    form = dict(_ROOMS[name]) if name in _ROOMS else _form(spec)
    described: Schema = {"description": _plain(spec["description"])}
    if "default" in spec:
        described["default"] = spec["default"]
    if not form or form.get("type") == "string":
        return {**described, **form}
    text = {"type": "string"} if spec["type"] == "raw" else _TEMPLATE
    return {**described, "anyOf": [form, text]}


def _form(spec: Mapping[str, Any]) -> Schema:
    if "choices" in spec:
        return {"enum": list(spec["choices"])}
    if spec["type"] == "raw":
        return {"type": "array" if isinstance(spec.get("default"), list) else "object"}
    form: Schema = {"type": _TYPES[spec["type"]]}
    if spec["type"] == "list" and "elements" in spec:
        form["items"] = {"type": _TYPES[spec["elements"]]}
    return form


def _plain(description: str | list[str]) -> str:
    """The description without Ansible's markup."""
    text = description if isinstance(description, str) else "\n".join(description)
    return _MARKUP.sub(_name, text)


def _name(found: re.Match[str]) -> str:
    """What is marked; of an option of another plugin its own name."""
    return found[1].rpartition(":")[2] if found[0].startswith("O(") else found[1]
