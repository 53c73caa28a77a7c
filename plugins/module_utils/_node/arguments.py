# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module `host` takes."""

from __future__ import annotations

from typing import Any

_FILES = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "mode": {"type": "str"},
    "secret": {"type": "bool", "default": False, "no_log": False},
    "absent": {"type": "bool", "default": False},
}
_BINARIES = {
    "path": {"type": "path", "required": True},
    "sha256": {"type": "str", "required": True},
    "url": {"type": "str"},
    "source": {"type": "path"},
    "member": {"type": "str"},
    "mode": {"type": "str", "default": "0755"},
}
_IMAGES = {
    "references": {"type": "list", "elements": "str", "required": True},
    "sha256": {"type": "str", "required": True},
    "url": {"type": "str"},
    "source": {"type": "path"},
}
_UNITS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["running", "stopped"], "default": "running"},
    "needs": {"type": "path"},
    "reads": {"type": "list", "elements": "path", "default": []},
    "on_change": {"type": "str", "choices": ["restart", "reload"], "default": "restart"},
}
PERMISSIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "mode": {"type": "str", "required": True},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str"},
}
_RESOURCES = {
    "packages": {"type": "list", "elements": "raw", "default": []},
    "kernel_modules": {"type": "list", "elements": "str", "default": []},
    "sysctls": {"type": "dict", "default": {}},
    "swap": {"type": "str", "choices": ["off", "keep"]},
    "files": {"type": "list", "elements": "dict", "options": _FILES, "default": []},
    "binaries": {"type": "list", "elements": "dict", "options": _BINARIES, "default": []},
    "images": {"type": "list", "elements": "dict", "options": _IMAGES, "default": []},
    "units": {"type": "list", "elements": "dict", "options": _UNITS, "default": []},
    "permissions": {"type": "list", "elements": "dict", "options": PERMISSIONS, "default": []},
}
_REACH = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "purpose": {"type": "str", "required": True},
}
_PACKAGE_ARCHIVE = {"sha256": {"type": "str"}, "url": {"type": "str"}, "source": {"type": "path"}}
_REQUIREMENTS = {
    "memory": {"type": "int", "default": 0},
    "processors": {"type": "int", "default": 0},
    "ports": {"type": "list", "elements": "int", "default": []},
    "address": {"type": "str"},
    "node": {"type": "bool", "default": False},
    "disk": {"type": "int", "default": 0},
    "swap": {"type": "bool", "default": False},
    "cgroup_v1": {"type": "bool", "default": False},
    "nftables": {"type": "bool", "default": False},
    "own_network": {"type": "bool", "default": False},
    "mtu": {"type": "int", "default": 0},
    "mirror": {"type": "str"},
    "reach": {"type": "list", "elements": "dict", "options": _REACH, "default": []},
}

ARGUMENTS: dict[str, dict[str, Any]] = {
    "resources": {"type": "list", "elements": "dict", "options": _RESOURCES, "required": True},
    "requirements": {"type": "dict", "options": _REQUIREMENTS, "default": {}},
    "node": {"type": "str"},
    "package_source": {"type": "str", "default": ""},
    "package_archive": {"type": "dict", "options": _PACKAGE_ARCHIVE, "default": {}},
    "incoming": {"type": "path"},
    "patience": {"type": "float", "default": 30.0},
    "deadline": {"type": "float", "default": 900.0},
}
