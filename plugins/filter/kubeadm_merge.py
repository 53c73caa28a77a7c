# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeadm_merge
short_description: Lay documents of kubeadm's configuration on top of each other
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - The later document counts. Arguments (C(extraArgs)), volumes and environment variables are told apart by their names. Other lists are
    replaced.
positional: _input, further
options:
  _input:
    description: Documents by kind, such as C(ClusterConfiguration).
    type: dict
    required: true
  further:
    description: More of them, any number.
    type: dict
"""

EXAMPLES = r"""
- name: See what kubeadm would be told
  ansible.builtin.debug:
    msg: "{{ standard | navarch.fleet.kubeadm_merge(cluster_kubeadm) }}"
  vars:
    standard:
      ClusterConfiguration:
        apiServer:
          extraArgs: [{name: profiling, value: "false"}]
"""

RETURN = r"""
_value:
  description: The documents, by kind.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._node.security.documents import merged


class FilterModule:
    """The filter, by name."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"kubeadm_merge": merged}
