# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import bundle, packages
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.node_files import (
    Wanted,
    contents_of,
    ensure,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.receipts import sha256_of
from ansible_collections.navarch.fleet.plugins.plugin_utils import cache

_ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "distribution": {"type": "str", "default": ""},
    "packages": {"type": "list", "elements": "str", "default": []},
    "package_sources": {"type": "list", "elements": "str", "default": []},
    **cache.NODE_ARGUMENTS,
}


class ActionModule(ActionBase):
    """Write a bundle on the controller, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        path, wanted = Path(str(arguments["path"])), cache.wanted_of(arguments)
        try:
            there = bundle.written(path)
            if self._task.check_mode:
                result.update(changed=there is None or there.kubernetes_version != wanted.kubernetes_version)
                return result
            contents, sources = _contents(arguments, wanted)
            changed = contents != there
            sha256 = bundle.write(path, contents, sources, cache.say) if changed else sha256_of(path)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            changed=changed,
            path=str(path),
            sha256=sha256,
            size=path.stat().st_size,
            contents={**asdict(contents), "entries": [asdict(entry) for entry in contents.entries]},
        )
        return result


def _contents(arguments: Mapping[str, object], wanted: Wanted) -> tuple[bundle.Contents, Mapping[str, Path]]:
    files = ensure(wanted, cache.names(arguments, "extra_images"), cache.say)
    names = cache.names(arguments, "packages")
    distribution = _distribution(str(arguments["distribution"]), wanted.request.machine.architecture)
    if not names:
        return contents_of(files, [], wanted, "")
    found = packages.download(
        names, distribution, cache.names(arguments, "package_sources"), wanted.request.cache, cache.say
    )
    index = packages.write_index(found, distribution, wanted.request.cache)
    return contents_of(files, [*found, index], wanted, str(distribution))


def _distribution(text: str, architecture: str) -> packages.Distribution:
    if not text:
        return packages.this_distribution(architecture)
    name, _sign, version = text.partition("-")
    if not version:
        raise InfrastructureError(f"{text!r} is no distribution.", next_step="Write it as debian-12 or ubuntu-24.04.")
    return packages.Distribution(name, version, architecture)
