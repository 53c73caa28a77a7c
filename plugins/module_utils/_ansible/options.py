# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all modules of the fleet have, what in them is secret, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.parameters import env_fallback

from .hub import ENVIRONMENT
from .secrets import secrets_in

HUB_ARGUMENTS: dict[str, dict[str, Any]] = {
    "hub_kubeconfig": {"type": "raw", "fallback": (env_fallback, [ENVIRONMENT["hub_kubeconfig"]])},
    "hub_context": {"type": "str", "fallback": (env_fallback, [ENVIRONMENT["hub_context"]])},
    "hub_host": {"type": "str", "fallback": (env_fallback, [ENVIRONMENT["hub_host"]])},
    "hub_token": {"type": "str", "no_log": True, "fallback": (env_fallback, [ENVIRONMENT["hub_token"]])},
    "hub_ca_cert": {"type": "str", "fallback": (env_fallback, [ENVIRONMENT["hub_ca_cert"]])},
    "hub_namespace": {
        "type": "str",
        "default": "navarch-system",
        "fallback": (env_fallback, [ENVIRONMENT["hub_namespace"]]),
    },
}
"""Argument spec of the hub options; documented in the fragment ``navarch.fleet.hub``."""

_KUBECONFIG_OPTIONS = ("hub_kubeconfig", "kubeconfig")

CONTENT_NOT_SHOWN = "not shown, it may hold Secrets"


def secrets_among(params: Mapping[str, Any]) -> set[str]:
    """The texts among options that must not be shown."""
    found = {params["hub_token"]} if params.get("hub_token") else set()
    return found.union(*(secrets_in(kubeconfig) for kubeconfig in _kubeconfigs(params)))


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options as Ansible shows them at high verbosity. Objects given inline may be Secrets."""
    found = dict(params)
    if isinstance(found.get("sources"), list):
        found["sources"] = [_without_content(source) for source in found["sources"]]
    return {"module_args": found}


def _without_content(source: Any) -> Any:
    if not isinstance(source, Mapping):
        return CONTENT_NOT_SHOWN
    shown = dict(source)
    if shown.get("inline") is not None:
        shown["inline"] = CONTENT_NOT_SHOWN
    for form in ("helm", "template"):
        if isinstance(shown.get(form), Mapping) and shown[form].get("values"):
            shown[form] = {**shown[form], "values": CONTENT_NOT_SHOWN}
    return shown


def _kubeconfigs(params: Mapping[str, Any]) -> Iterator[str | Mapping[str, Any]]:
    """Every kubeconfig among the options, also those of a list of clusters."""
    for name in _KUBECONFIG_OPTIONS:
        if params.get(name):
            yield params[name]
    clusters = params.get("clusters")
    for cluster in clusters if isinstance(clusters, list) else []:
        if isinstance(cluster, Mapping) and cluster.get("kubeconfig"):
            yield cluster["kubeconfig"]
