# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import node_files
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.plugin_utils import cache

_ARGUMENTS = {
    "kubernetes_version": {"type": "str", "required": True},
    "versions": {"type": "dict", "default": {}},
    "image_repository": {"type": "str", "default": "registry.k8s.io"},
    "image_tags": {"type": "dict", "default": {}},
    "mirrors": {"type": "dict", "default": {}},
    "mirror": {"type": "str", "default": ""},
    **cache.ARGUMENTS,
}
_VERSIONS = {"containerd": "v2.4.2", "cni-plugins": "v1.10.0", "cri-tools": "v1.37.0"}


class ActionModule(ActionBase):
    """Get all that hosts need to be nodes into the controller's cache, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        versions = {
            **_VERSIONS,
            **cache.mapping(arguments, "versions"),
            "kubernetes": str(arguments["kubernetes_version"]),
        }
        wanted = node_files.Wanted(
            cache.request_of(arguments, (), versions),
            str(arguments["image_repository"]),
            cache.mapping(arguments, "image_tags"),
            cache.mapping(arguments, "mirrors"),
            str(arguments["mirror"]),
        )
        try:
            found = node_files.ensure(wanted, cache.say)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            changed=bool(found.missing),
            missing=list(found.missing),
            binaries=[dict(entry) for entry in found.binaries],
            images=[dict(entry) for entry in found.images],
        )
        return result
