# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import images
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.plugin_utils import cache

_ARGUMENTS = {
    "references": {"type": "list", "elements": "str", "required": True},
    "mirrors": {"type": "dict", "default": {}},
    **cache.ARGUMENTS,
}


class ActionModule(ActionBase):
    """Get archives of images into the controller's cache, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        request = cache.request_of(arguments, (), {})
        references = cache.names(arguments, "references")
        try:
            lacking = images.missing(references, request)
            if lacking and not self._task.check_mode:
                images.ensure(references, request, cache.mapping(arguments, "mirrors"), cache.say)
            archives = images.found(references, request)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            changed=bool(lacking),
            missing=lacking,
            images=[asdict(archive) for archive in archives],
        )
        return result
