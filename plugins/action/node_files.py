# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.node_files import (
    Binary,
    Image,
    ImageSource,
    Packages,
    ensure,
    from_bundle,
)
from ansible_collections.navarch.fleet.plugins.plugin_utils import cache

_ARGUMENTS = {
    "bundle": {"type": "path"},
    "bundle_sha256": {"type": "str", "default": ""},
    "images": {
        "type": "str",
        "choices": [source.value for source in ImageSource],
        "default": ImageSource.ARCHIVES.value,
    },
    "mirror": {"type": "str", "default": ""},
    **cache.NODE_ARGUMENTS,
}


class ActionModule(ActionBase):
    """Get all that hosts need to be nodes into the controller's cache, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        wanted = replace(cache.wanted_of(arguments), images=ImageSource(str(arguments["images"])))
        try:
            if arguments["bundle"]:
                found = from_bundle(Path(str(arguments["bundle"])), str(arguments["bundle_sha256"]), wanted, cache.say)
            else:
                found = ensure(wanted, cache.names(arguments, "extra_images"), cache.say)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None

        def shown(file: Binary | Image | Packages) -> dict[str, object]:
            fields = {name: value for name, value in asdict(file).items() if name != "file"}
            return fields | _place(file.file, str(arguments["mirror"]), wanted.request.cache)

        result.update(
            changed=bool(found.missing),
            missing=list(found.missing),
            binaries=[shown(binary) for binary in found.binaries],
            images=[shown(image) for image in found.images],
            packages=shown(found.packages) if found.packages else {},
            etcd_version=found.etcd_version,
        )
        return result


def _place(file: Path, mirror: str, folder: Path) -> dict[str, str]:
    """Where a host gets a file of the cache from."""
    if not mirror:
        return {"source": str(file)}
    return {"url": f"{mirror.rstrip('/')}/{file.relative_to(folder)}"}
