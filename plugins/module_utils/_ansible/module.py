# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one kind of AnsibleModule this collection has: hub options, check mode, and no credential in any log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .options import HUB_ARGUMENTS, secrets_among, shown


class FleetModule(AnsibleModule):
    """An AnsibleModule with the hub's options whose kubeconfigs reach neither syslog nor results."""

    def __init__(
        self, arguments: Mapping[str, Mapping[str, Any]], **constraints: Sequence[Any] | Mapping[str, Any]
    ) -> None:
        super().__init__(argument_spec={**HUB_ARGUMENTS, **arguments}, supports_check_mode=True, **constraints)
        self.hide(*secrets_among(self.params))

    def hide(self, *texts: str) -> None:
        """Take these texts out of everything this module returns."""
        self.no_log_values.update(text for text in texts if text)

    def exit_json(self, **result: Any) -> None:
        """Return a result; of the options, no content of manifests comes along."""
        super().exit_json(**{"invocation": shown(self.params), **result})

    def fail_json(self, msg: str, **result: Any) -> None:
        """Return a failure; of the options, no content of manifests comes along."""
        super().fail_json(msg, **{"invocation": shown(self.params), **result})

    def _log_invocation(self) -> None:
        """Log which options were given, without their values.

        The values are logged before anybody can say which parts of a kubeconfig are secret.
        """
        given = sorted(name for name, value in self.params.items() if value is not None)
        self.log(f"Invoked with {', '.join(given)}")
