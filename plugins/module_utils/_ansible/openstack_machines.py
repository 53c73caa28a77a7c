# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of module ``openstack_machines``."""

from __future__ import annotations

from typing import Any

SETS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["control_plane", "worker", "load_balancer"], "default": "worker"},
    "count": {"type": "int", "required": True},
    "flavor": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "zones": {"type": "list", "elements": "str", "default": []},
    "spread": {"type": "str", "choices": ["anti-affinity", "soft-anti-affinity", "none"]},
    "floating": {"type": "bool", "default": False},
    "volumes": {"type": "list", "elements": "int", "default": []},
    "remove": {"type": "list", "elements": "str", "default": []},
    "replace": {"type": "dict", "default": {}},
}
NETWORK: dict[str, Any] = {
    "existing": {"type": "str"},
    "cidr": {"type": "str", "default": "10.64.0.0/24"},
    "gateway": {"type": "str"},
    "dns": {"type": "list", "elements": "str", "default": []},
    "external": {"type": "str"},
}
SOURCES: dict[str, Any] = {
    name: {"type": "list", "elements": "str", "default": []} for name in ("ssh", "api", "node_ports")
}
MACHINES_ARGUMENTS: dict[str, dict[str, Any]] = {
    "cluster": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "sets": {"type": "list", "elements": "dict", "default": [], "options": SETS},
    "network": {"type": "dict", "default": {}, "options": NETWORK},
    "key": {
        "type": "dict",
        "default": {},
        "no_log": False,
        "options": {"name": {"type": "str"}, "public_key": {"type": "str", "no_log": False}},
    },
    "sources": {"type": "dict", "default": {}, "options": SOURCES},
    "pod_cidrs": {"type": "list", "elements": "str", "default": []},
    "balancer": {
        "type": "str",
        "choices": ["automatic", "octavia", "machines", "none"],
        "default": "automatic",
    },
    "balancer_floating": {"type": "bool", "default": False},
    "host_keys": {"type": "str", "choices": ["console", "none"], "default": "console", "no_log": False},
    "reach": {"type": "str", "choices": ["fixed", "floating", "none"], "default": "none"},
    "user_data": {"type": "str", "no_log": True},
    "replacements": {"type": "int", "default": 2},
    "build_timeout": {"type": "float", "default": 600},
    "lock_timeout": {"type": "float", "default": 600},
    "parallel": {"type": "int", "default": 16},
}
