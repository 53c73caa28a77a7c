# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables the roles of this collection read, and of which types, as they say themselves."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

_ROLES = Path(__file__).resolve().parents[2] / "roles"
_HOST_ROLES = ("cluster", "host", "load_balancer", "etcd", "control_plane", "worker", "network", "cis_benchmark")
PREFIXES = tuple(f"{role}_" for role in _HOST_ROLES)
_REGISTERED = re.compile(r"^\s+register:\s*(\w+)", re.MULTILINE)


def known() -> set[str]:
    """Names of all variables that roles read, set or register."""
    return set().union(*(names_of(role.name) for role in _ROLES.iterdir()))


def names_of(role: str) -> set[str]:
    """Names of the variables that one role reads, sets or registers."""
    names: set[str] = set().union(*(entry.get("options") or {} for entry in _entries(role).values()))
    for part in ("defaults", "vars"):
        names |= set(_read(_ROLES / role / part / "main.yml"))
    for tasks in (_ROLES / role / "tasks").glob("*.yml"):
        names |= set(_REGISTERED.findall(tasks.read_text(encoding="utf-8")))
    return names


def options(role: str) -> dict[str, Any]:
    """What a role takes, as its argument_specs say."""
    return (_entries(role).get("main") or {}).get("options") or {}


def wrong_types(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with the values of variables of the roles that a host goes through: types, and choices."""
    spec = {name: type_ for name, type_ in types().items() if name in given}
    result = ArgumentSpecValidator(spec).validate({name: given[name] for name in spec})
    return [f"{message.rstrip('.')}." for message in result.error_messages]


@functools.cache
def types() -> dict[str, dict[str, Any]]:
    """Types and choices of those variables, by name."""
    return {
        name: {key: value for key, value in option.items() if key in ("type", "elements", "choices")}
        for role in _HOST_ROLES
        for name, option in options(role).items()
    }


def _entries(role: str) -> dict[str, Any]:
    """The entry points of a role, by the file of tasks."""
    return _read(_ROLES / role / "meta" / "argument_specs.yml").get("argument_specs") or {}


def _read(file: Path) -> dict[str, Any]:
    return (yaml_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}
