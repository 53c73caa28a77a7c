# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions that fill the controller's cache have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import Request, Source
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.node_files import Wanted
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import Machine, this_machine

ARGUMENTS = {
    "urls": {"type": "dict", "default": {}},
    "source": {"type": "str", "choices": [source.value for source in Source], "default": Source.AUTO.value},
    "system": {"type": "str"},
    "architecture": {"type": "str"},
    "cache": {"type": "path"},
    "patience": {"type": "float", "default": 4.0},
}
# Beside the plugins in the collection, also in the one that ansible-galaxy installed.
_MODULES = Path(__file__).resolve().parents[2] / "roles" / "binaries" / "files"


def request_of(arguments: Mapping[str, object], names: Sequence[str], versions: Mapping[str, object]) -> Request:
    """What is asked for, from arguments that were checked against ARGUMENTS."""
    machine = this_machine()
    cache = arguments["cache"] or os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "navarch")
    return Request(
        names=names,
        versions={product: str(version) for product, version in versions.items()},
        urls=mapping(arguments, "urls"),
        source=Source(str(arguments["source"])),
        machine=Machine(
            str(arguments["system"] or machine.system), str(arguments["architecture"] or machine.architecture)
        ),
        cache=Path(os.path.abspath(os.path.expanduser(str(cache)))),
        modules=_MODULES,
        patience=float(str(arguments["patience"])),
    )


NODE_ARGUMENTS = {
    "kubernetes_version": {"type": "str", "required": True},
    "versions": {"type": "dict", "default": {}},
    "image_repository": {"type": "str", "default": "registry.k8s.io"},
    "image_tags": {"type": "dict", "default": {}},
    "extra_images": {"type": "list", "elements": "str", "default": []},
    "mirrors": {"type": "dict", "default": {}},
    **ARGUMENTS,
}
# Those that the collection is tested with.
_BESIDE_KUBERNETES = {"containerd": "v2.4.2", "cni-plugins": "v1.10.0", "cri-tools": "v1.37.0"}


def wanted_of(arguments: Mapping[str, object]) -> Wanted:
    """What nodes are to have, from arguments that were checked against NODE_ARGUMENTS."""
    versions = {
        **_BESIDE_KUBERNETES,
        **mapping(arguments, "versions"),
        "kubernetes": str(arguments["kubernetes_version"]),
    }
    return Wanted(
        request_of(arguments, (), versions),
        str(arguments["image_repository"]),
        mapping(arguments, "image_tags"),
        mapping(arguments, "mirrors"),
    )


def mapping(arguments: Mapping[str, object], name: str) -> Mapping[str, str]:
    """An argument that is a dictionary of texts."""
    value = arguments[name]
    if not isinstance(value, Mapping):
        raise AnsibleActionFail(f"{name} has to be a dictionary.")
    return {str(key): str(entry) for key, entry in value.items()}


def names(arguments: Mapping[str, object], name: str) -> list[str]:
    """An argument that is a list of texts."""
    value = arguments[name]
    if not isinstance(value, list):
        raise AnsibleActionFail(f"{name} has to be a list.")
    return [str(entry) for entry in value]


def say(text: str) -> None:
    """Show how far it is: a module could say nothing before its end."""
    Display().display(f"    {text}")
