# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one kind of AnsibleModule this collection has: hub options, check mode, and no credential in any log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

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


class FleetModule(AnsibleModule):
    """An AnsibleModule with the hub's options whose kubeconfigs reach neither syslog nor results."""

    def __init__(
        self, arguments: Mapping[str, Mapping[str, Any]], **constraints: Sequence[Any] | Mapping[str, Any]
    ) -> None:
        super().__init__(argument_spec={**HUB_ARGUMENTS, **arguments}, supports_check_mode=True, **constraints)
        for kubeconfig in _kubeconfigs(self.params):
            self.hide(*secrets_in(kubeconfig))

    def hide(self, *texts: str) -> None:
        """Take these texts out of everything this module returns."""
        self.no_log_values.update(text for text in texts if text)

    def exit_json(self, **result: Any) -> None:
        """Return a result; of the options, no content of manifests comes along."""
        super().exit_json(**{"invocation": self._invocation(), **result})

    def fail_json(self, msg: str, **result: Any) -> None:
        """Return a failure; of the options, no content of manifests comes along."""
        super().fail_json(msg, **{"invocation": self._invocation(), **result})

    def _invocation(self) -> dict[str, Any]:
        """The options as Ansible shows them at high verbosity. Objects given inline may be Secrets."""
        shown = dict(self.params)
        if isinstance(shown.get("sources"), list):
            shown["sources"] = [_without_content(source) for source in shown["sources"]]
        return {"module_args": shown}

    def _log_invocation(self) -> None:
        """Log which options were given, without their values.

        The values are logged before anybody can say which parts of a kubeconfig are secret.
        """
        given = sorted(name for name, value in self.params.items() if value is not None)
        self.log(f"Invoked with {', '.join(given)}")


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
