# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
short_description: Member clusters as inventory hosts
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the registry in the hub and makes one host of each member cluster, with what is known about it as variables.
  - Members are not contacted. One that is down is still a host, in the group of its condition; a hub that is down is an error.
  - No credential is in any variable. RV(ignore:navarch_kubeconfig) is a template of the lookup P(navarch.fleet.kubeconfig#lookup), which reads the
    member's credential from the hub in the task that uses it.
  - The file's name must end in C(fleet.yml) or C(fleet.yaml).
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - navarch.fleet.hub_plugin
requirements:
  - urllib3
  - PyYAML
options:
  plugin:
    description:
      - The name of this plugin.
    required: true
    type: str
    choices: [navarch.fleet.fleet]
  label_selector:
    description:
      - Take only members whose labels match, in the notation of Kubernetes, for example V(env=prod,tier notin (edge\)).
    type: str
    env:
      - name: NAVARCH_LABEL_SELECTOR
  group_by:
    description:
      - What members are grouped by without further configuration. An empty list leaves only the group C(fleet).
      - Groups are named C(provider_<provider>), C(region_<region>), C(zone_<zone>), C(label_<key>_<value>), C(condition_<condition>) for
        each condition that is true, and C(condition_not_ready). A character that a group's name can't have becomes C(_).
    type: list
    elements: str
    choices: [provider, region, zone, label, condition]
    default: [provider, region, zone, label, condition]
notes:
  - Everything that a member or a label says is data, it is never evaluated as a template.
  - Every host uses C(ansible_connection=local) and the Python of the play, because the modules for clusters run beside Ansible.
"""

EXAMPLES = r"""
# fleet.yml: the hub comes from NAVARCH_HUB_KUBECONFIG
plugin: navarch.fleet.fleet

---
# prod.fleet.yml: the hub is named here, with groups of our own
plugin: navarch.fleet.fleet
hub_kubeconfig: hub.kubeconfig
label_selector: env=prod
group_by: [region, condition]
strict: true
compose:
  cores_free: navarch_allocatable_cpu - navarch_allocated_cpu
groups:
  roomy: navarch_allocatable_cpu - navarch_allocated_cpu > 8
keyed_groups:
  - key: navarch_kubernetes_version.split('.')[:2] | join('_')
    prefix: kubernetes
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/navarch/inventory
cache_timeout: 60
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.members import list_members
from ansible_collections.navarch.fleet.plugins.plugin_utils.hosts import FLEET_GROUP, host_groups, host_variables
from ansible_collections.navarch.fleet.plugins.plugin_utils.hub_access import beside, connect, hub_options, shareable
from ansible_collections.navarch.fleet.plugins.plugin_utils.trust import foreign, template

if TYPE_CHECKING:
    from typing import Any

    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

HOW_TO_REACH_A_MEMBER = {
    "navarch_kubeconfig": "{{ lookup('navarch.fleet.kubeconfig', navarch_cluster) }}",
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Members of the fleet as hosts."""

    NAME = "navarch.fleet.fleet"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("fleet.yml", "fleet.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        hub = self._hub(path)
        try:
            members = self._members(path, hub, fresh=not cache)
        except FleetError as error:
            raise AnsibleParserError(f"{path}: the registry can't be read: {error}") from None
        self._add_fleet(hub)
        for name, variables in members.items():
            self._add_member(name, variables)

    def _hub(self, path: str) -> dict[str, Any]:
        """The hub's options, where an inventory file may use templates (a vault, an environment variable)."""
        options = {
            name: self.templar.template(value) if isinstance(value, str) else value
            for name, value in hub_options(self).items()
        }
        return beside(options, os.path.dirname(os.path.abspath(path)))

    def _members(self, path: str, hub: Mapping[str, Any], *, fresh: bool) -> dict[str, dict[str, Any]]:
        """The variables of each member, from the cache when the user has one and it still holds them."""
        if not self.get_option("cache"):
            return self._read(hub)
        key = self.get_cache_key(f"{os.path.abspath(path)} {shareable(hub)} {self.get_option('label_selector')}")
        if not fresh:
            try:
                return self._cache[key]
            except KeyError:
                pass  # never written, or too old
        self._cache[key] = members = self._read(hub)
        return members

    def _read(self, hub: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        members = list_members(connect(hub), label_selector=self.get_option("label_selector"))
        return {name: host_variables(member) for name, member in members.items()}

    def _add_fleet(self, hub: Mapping[str, Any]) -> None:
        """The group of all members tells plays and the lookup where this inventory's hub is."""
        self.inventory.add_group(FLEET_GROUP)
        for name, value in shareable(hub).items():
            self.inventory.set_variable(FLEET_GROUP, f"navarch_{name}", value)

    def _add_member(self, name: str, variables: dict[str, Any]) -> None:
        known = {key: foreign(value) for key, value in variables.items()}
        self.inventory.add_host(name, group=FLEET_GROUP)
        host = self.inventory.get_host(name)
        for key, value in known.items():
            host.set_variable(key, value)
        for key, text in HOW_TO_REACH_A_MEMBER.items():
            host.set_variable(key, template(text))
        for group in host_groups(variables, self.get_option("group_by")):
            self.inventory.add_child(self.inventory.add_group(group), name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), known, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), known, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, name, strict)
