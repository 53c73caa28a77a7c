# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: misspelt
short_description: Name variables that nobody reads, and the ones that were probably meant
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Ansible ignores a variable that no role reads, so a misspelt C(application_rollout) would deliver without waves.
  - Only names that look much like a variable of the role are told of. Others may be your own.
positional: _input, role
options:
  _input:
    description: Names of variables, of any beginning.
    type: list
    elements: str
    required: true
  role:
    description: Name of a role of this collection, with which the names of its variables begin.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Stop at a variable that is misspelt
  ansible.builtin.assert:
    that: wrong == []
    fail_msg: "{{ wrong | join(' ') }}"
  vars:
    wrong: "{{ query('ansible.builtin.varnames', '^application_') | navarch.fleet.misspelt('application') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each; none when nothing is misspelt.
  type: list
  elements: str
"""

from collections.abc import Callable, Iterable

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.variables import nearest
from ansible_collections.navarch.fleet.plugins.plugin_utils.role_variables import names_of


class FilterModule:
    """The filter, by name."""

    def filters(self) -> dict[str, Callable[[Iterable[str], str], list[str]]]:
        return {"misspelt": misspelt}


def misspelt(names: Iterable[str], role: str) -> list[str]:
    """A sentence for each name that nearly is that of a variable of the role."""
    beginning = f"{role}_"
    known = {name.removeprefix(beginning) for name in names_of(role)}
    found = []
    for name in sorted(names):
        rest = name.removeprefix(beginning)
        near = nearest(rest, known) if rest != name and rest not in known else ""
        if near:
            found.append(f"nobody reads {name}; {beginning}{near} is meant, it seems.")
    return found
