# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action and no module, because a build takes minutes and a module cannot say anything before its end.
# What it gets is kept on the controller, which is where it runs.

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.binaries import (
    Request,
    Source,
    ensure,
    missing,
    paths,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.errors import InfrastructureError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import Machine, this_machine

display = Display()

_ARGUMENTS = {
    "names": {"type": "list", "elements": "str", "required": True},
    "versions": {"type": "dict", "required": True},
    "urls": {"type": "dict", "default": {}},
    "source": {"type": "str", "choices": [source.value for source in Source], "default": Source.AUTO.value},
    "system": {"type": "str"},
    "architecture": {"type": "str"},
    "cache": {"type": "path"},
    "patience": {"type": "float", "default": 4.0},
}
_URLS = {
    "kubernetes": "https://dl.k8s.io/release",
    "kwok": "https://github.com/kubernetes-sigs/kwok/releases/download",
    "kwok_checksums": "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags",
    "etcd": "https://github.com/etcd-io/etcd/releases/download",
    "helm": "https://get.helm.sh",
}
# Beside the plugins in the collection, also in the one that ansible-galaxy installed.
_MODULES = Path(__file__).resolve().parents[2] / "roles" / "binaries" / "files"


class ActionModule(ActionBase):
    """Get binaries into the controller's cache, and show how far that is while it lasts."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Mapping[str, object] | None = None) -> dict[str, object]:
        result = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(_ARGUMENTS)[1]
        request = _request(arguments)
        try:
            lacking = missing(request)
            origins = {} if self._task.check_mode else ensure(request, _say)
        except (InfrastructureError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(
            changed=bool(lacking) if self._task.check_mode else bool(origins),
            paths=paths(request),
            missing=[name for names in lacking.values() for name in names],
            origins={product: asdict(origin) for product, origin in origins.items()},
        )
        return result


def _request(arguments: Mapping[str, object]) -> Request:
    machine = this_machine()
    cache = arguments["cache"] or os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "navarch")
    names, versions, urls = arguments["names"], arguments["versions"], arguments["urls"]
    if not isinstance(names, list) or not isinstance(versions, Mapping) or not isinstance(urls, Mapping):
        raise AnsibleActionFail("names has to be a list, versions and urls have to be dictionaries.")
    return Request(
        names=names,
        versions={product: str(version) for product, version in versions.items()},
        urls={**_URLS, **urls},
        source=Source(str(arguments["source"])),
        machine=Machine(
            str(arguments["system"] or machine.system), str(arguments["architecture"] or machine.architecture)
        ),
        cache=Path(os.path.abspath(os.path.expanduser(str(cache)))),
        modules=_MODULES,
        patience=float(str(arguments["patience"])),
    )


def _say(text: str) -> None:
    display.display(f"    {text}")
