# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the secrets inside a kubeconfig, so that they can be taken out of everything that is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .._kube import library

if TYPE_CHECKING:
    from typing import Any

_SECRET_KEYS = frozenset({
    "token", "password", "client-key-data", "client-certificate-data", "access-token", "refresh-token", "id-token",
    "client-secret", "cmd-args", "proxy-url",
})  # fmt: skip

_LINE = re.compile(r"(?im)[\"']?\b(" + "|".join(sorted(_SECRET_KEYS)) + r")\b[\"']?\s*:\s*[\"']?([^\s\"',}]+)")


def secrets_in(kubeconfig: str | Mapping[str, Any]) -> set[str]:
    """The texts that must not be shown. A path holds none; text that is no YAML is searched line by line."""
    if isinstance(kubeconfig, Mapping):
        return set(_walk(kubeconfig))
    if "\n" not in kubeconfig and ":" not in kubeconfig:
        return set()
    # The text as a whole goes too: nobody needs to read it, and it may hold what we know no name for.
    found = {kubeconfig, kubeconfig.strip(), *(match.group(2) for match in _LINE.finditer(kubeconfig))}
    return found | set(_walk(_parsed(kubeconfig)))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        library.require("PyYAML")
        return library.yaml.safe_load(text)
    except Exception:  # whatever it is, it is no kubeconfig, and saying more could quote a secret
        return None


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _SECRET_KEYS and isinstance(inner, str):
                yield inner
            elif key == "env" and isinstance(inner, list):
                yield from (
                    str(entry.get("value")) for entry in inner if isinstance(entry, Mapping) and entry.get("value")
                )
            else:
                yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)
