# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hub, as the options of a controller plugin describe it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub

HUB_OPTIONS = ("hub_kubeconfig", "hub_context", "hub_host", "hub_token", "hub_ca_cert", "hub_namespace")


class HasOptions(Protocol):
    """What inventory and lookup plugins have in common."""

    def get_option(self, option: str) -> Any: ...


def hub_options(plugin: HasOptions) -> dict[str, Any]:
    """The hub options of a plugin, in the form that modules have them."""
    return {name: plugin.get_option(name) for name in HUB_OPTIONS}


def connect(options: Mapping[str, Any]) -> Hub:
    """Open the hub.

    :raises FleetError: no hub is named, it can't be reached, or it is not one.
    """
    return open_hub(options)


def beside(options: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The same options, where a relative path starts at ``folder`` when the file exists there."""
    found = dict(options)
    for name in ("hub_kubeconfig", "hub_ca_cert"):
        value = found.get(name)
        if isinstance(value, str) and "\n" not in value and value and not value.lstrip().startswith("{"):
            path = os.path.expanduser(value)
            nearby = os.path.join(folder, path)
            found[name] = nearby if os.path.exists(nearby) else os.path.abspath(path)
    return found


def shareable(options: Mapping[str, Any]) -> dict[str, str]:
    """What plays may know about the hub: where it is, never how to get in."""
    found = {}
    kubeconfig = options.get("hub_kubeconfig")
    if isinstance(kubeconfig, str) and os.path.exists(kubeconfig):
        found["hub_kubeconfig"] = kubeconfig
    for name in ("hub_context", "hub_host", "hub_namespace"):
        if options.get(name):
            found[name] = str(options[name])
    return found
