# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action and no module, because a build takes minutes and a module cannot say anything before its end.
# What it gets is kept on the controller, which is where it runs.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import (
    digests,
    ensure,
    missing,
    paths,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.plugin_utils import cache

_ARGUMENTS = {
    "names": {"type": "list", "elements": "str", "required": True},
    "versions": {"type": "dict", "required": True},
    **cache.ARGUMENTS,
}


class ActionModule(ActionBase):
    """Get binaries into the controller's cache, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        request = cache.request_of(arguments, cache.names(arguments, "names"), cache.mapping(arguments, "versions"))
        try:
            lacking = missing(request)
            origins = {} if self._task.check_mode else ensure(request, cache.say)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            changed=bool(lacking) if self._task.check_mode else bool(origins),
            paths=paths(request),
            sha256=digests(request),
            missing=[name for names in lacking.values() for name in names],
            origins={product: asdict(origin) for product, origin in origins.items()},
        )
        return result
