# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of those parts of an application file that no room describes as a schema; a test holds them to the code."""

from __future__ import annotations

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._continuity.wishes import Failback, Mode
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.git import GIT
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.helm import CHART
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.templates import TEMPLATE

Schema = dict[str, Any]

FAILOVER: Schema = {
    "type": "object",
    "description": "What becomes of the application when a cluster is lost.",
    "additionalProperties": False,
    "properties": {
        "mode": {
            "enum": [mode.value for mode in Mode],
            "description": "Whether what ran in a lost cluster is started elsewhere. Default is move.",
        },
        "tolerationSeconds": {
            "type": "number",
            "minimum": 0,
            "description": "Seconds that its cluster may be lost before it moves; the play's own toleration comes first.",
        },
        "failback": {
            "enum": [way.value for way in Failback],
            "description": "Whether it goes back by itself when the cluster is there again. Default is what the play says.",
        },
        "fencing": {
            "enum": ["none", "required"],
            "description": "Whether the lost cluster must be fenced before anything is started elsewhere.",
        },
    },
}

SOURCES: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "description": "Where objects come from: one of file, directory, inline, kustomization template or helm; git beside it, or alone.",
        "minProperties": 1,
        "properties": {
            "file": {"type": "string", "description": "A file of manifests."},
            "directory": {"type": "string", "description": "A folder of manifests."},
            "inline": {"description": "An object, a list of objects, or YAML text."},
            "kustomization": {"type": "string", "description": "A folder that kubectl builds."},
            "template": {"anyOf": [{"type": "string"}, dict(TEMPLATE)], "description": "Jinja2 templates."},
            "helm": {"anyOf": [{"type": "string"}, dict(CHART)], "description": "A chart that helm renders."},
            "git": dict(GIT),
        },
    },
}
