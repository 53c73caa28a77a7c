# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: to_toml
short_description: Write a dictionary as TOML
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Writes texts, numbers, booleans, lists of these, and dictionaries as a TOML document. What is neither becomes a text.
positional: _input
options:
  _input:
    description: The dictionary.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Configure containerd
  ansible.builtin.copy:
    dest: /etc/containerd/config.toml
    content: "{{ {'version': 3, 'grpc': {'address': '/run/containerd/containerd.sock'}} | navarch.fleet.to_toml }}"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The document.
  type: str
"""

from collections.abc import Callable

from ansible_collections.navarch.fleet.plugins.plugin_utils.toml import to_toml


class FilterModule:
    """The filter, by name."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"to_toml": to_toml}
