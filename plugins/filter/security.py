# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: security
short_description: What the measures for security of a cluster want of kubeadm and of its hosts
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Turns the variables C(cluster_security), C(cluster_audit_policy), C(cluster_encryption_provider), C(cluster_encryption_resources),
    C(cluster_pod_security) and C(cluster_pod_security_exempt) into what roles hand on.
positional: _input
options:
  _input:
    description: These variables, and C(cluster_kubernetes_version).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: See what would be told to kubeadm
  ansible.builtin.debug:
    var: wanted.kubeadm
  vars:
    wanted: "{{ {'cluster_kubernetes_version': 'v1.37.2', 'cluster_security': {'audit_log': false}} | navarch.fleet.security }}"
"""

RETURN = r"""
_value:
  description: The measures, put into practice.
  type: dict
  contains:
    kubeadm:
      description: Documents of kubeadm's configuration, by kind.
      type: dict
    files:
      description: Files of a control plane.
      type: list
      elements: dict
    permissions:
      description: What files may be open to at most.
      type: list
      elements: dict
    sysctls:
      description: Parameters of the kernel.
      type: dict
    encryption:
      description: How a new cluster encrypts what lies in etcd. Empty if it does not.
      type: dict
    serving_certificates:
      description: Whether kubelets ask the cluster for their certificates.
      type: bool
    switches:
      description: Every measure, and whether it is on.
      type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.navarch.fleet.plugins.module_utils._node.security import documents, texts
from ansible_collections.navarch.fleet.plugins.module_utils._node.security.settings import Settings


def security(given: Mapping[str, Any]) -> dict[str, Any]:
    """The measures, put into practice."""
    try:
        settings = Settings.from_dict(given)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
        raise AnsibleFilterError(f"The variables of cluster_security can't be read: {problem!r}.") from None
    encryption = {"provider": settings.encryption_provider, "resources": list(settings.encrypted)}
    return {
        "kubeadm": documents.secured(settings),
        "files": texts.files(settings),
        "permissions": texts.permissions(settings),
        "sysctls": texts.sysctls(settings),
        "encryption": encryption if settings.on("encryption") else {},
        "serving_certificates": settings.on("kubelet_serving_certificates"),
        "switches": dict(settings.switches),
    }


class FilterModule:
    """The filter, by name."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"security": security}
