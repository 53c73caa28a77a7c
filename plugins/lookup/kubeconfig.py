# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeconfig
short_description: The kubeconfig of a member cluster, from the hub
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the credential that joining made for a member, and returns it as a kubeconfig.
  - Made for C(module_defaults), so that modules of other collections reach members without any credential in the inventory.
  - The value is a secret. Give it to an option that a module keeps out of its output (the O(ignore:kubeconfig) of M(kubernetes.core.k8s) is one),
    and set C(no_log) on tasks that would show it.
extends_documentation_fragment:
  - navarch.fleet.hub_plugin
requirements:
  - urllib3
  - PyYAML
options:
  _terms:
    description:
      - Names of members.
    required: true
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: What kubernetes.core does, in every member of the inventory
  hosts: fleet
  gather_facts: false
  module_defaults:
    group/kubernetes.core.k8s:
      kubeconfig: "{{ navarch_kubeconfig }}" # a hostvar of the inventory plugin: this lookup
  tasks:
    - name: Read the nodes
      kubernetes.core.k8s_info:
        kind: Node

- name: One member, without an inventory
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read the namespaces
      kubernetes.core.k8s_info:
        kind: Namespace
        kubeconfig: "{{ lookup('navarch.fleet.kubeconfig', 'idc-north', hub_kubeconfig='hub.kubeconfig') }}"
"""

RETURN = r"""
_raw:
  description:
    - One kubeconfig for each name, with one context that is called like the member.
  type: list
  elements: dict
"""

from typing import TYPE_CHECKING

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.members import member_credential
from ansible_collections.navarch.fleet.plugins.plugin_utils.hub_access import connect, hub_options

if TYPE_CHECKING:
    from typing import Any


class LookupModule(LookupBase):
    """Kubeconfigs of members."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            hub = connect(hub_options(self))
            return [member_credential(hub, name).kubeconfig(name) for name in terms]
        except FleetError as error:
            raise AnsibleLookupError(f"navarch.fleet.kubeconfig: {error}") from None
