#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: List the members of the fleet
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Returns what the registry holds of members; never a credential.
  - With O(probe), looks at them first, side by side with a deadline each.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  names:
    description:
      - Only these members. One that does not exist is an error.
      - By default all.
    type: list
    elements: str
  label_selector:
    description:
      - Only members with these labels, as C(kubectl get -l) takes them.
    type: str
  probe:
    description:
      - Whether to look at the members, or to believe what is recorded.
      - V(record) looks at each and records what it saw, and renews tokens that are past half of their life.
        It records nothing in check mode.
      - V(look) looks at each and writes nothing.
      - V(none) reads the hub only.
    type: str
    choices: [none, look, record]
    default: none
  deadline:
    description:
      - Seconds for each member when it is looked at.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: List production
  navarch.fleet.cluster_info:
    label_selector: env=prod
  register: production

- name: Look at all members now
  navarch.fleet.cluster_info:
    probe: record
"""

RETURN = r"""
clusters:
  description: The members by name.
  returned: always
  type: dict
  sample:
    idc-north:
      provider: idc
      region: north
      ready: true
      kubernetes_version: v1.37.2
      conditions:
        Ready:
          status: "True"
          reason: ClusterReady
not_ready:
  description: Names of members that are not ready.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import member_facts
from ansible_collections.navarch.fleet.plugins.module_utils._registry.members import list_members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member


def main() -> None:
    module = FleetModule(
        {
            "names": {"type": "list", "elements": "str"},
            "label_selector": {"type": "str"},
            "probe": {"type": "str", "choices": ["none", "look", "record"], "default": "none"},
            "deadline": {"type": "float", "default": 10},
        }
    )
    run(module, lambda: info(module))


def info(module: FleetModule) -> dict[str, Any]:
    """List, after a look where one is wanted."""
    hub = open_hub(module.params)
    members = list_members(hub, names=module.params["names"], label_selector=module.params["label_selector"])
    if module.params["probe"] != "none":
        members = looked_at(module, hub, members)
    return {
        "changed": False,
        "clusters": {name: member_facts(member) for name, member in members.items()},
        "not_ready": [name for name, member in members.items() if not member.ready],
    }


def looked_at(module: FleetModule, hub: Hub, members: Mapping[str, Member]) -> dict[str, Member]:
    """The members after a look."""
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.probe import observed_member, probe, record

    observer = play_identity(None).place
    observations = probe(hub, members, observer=observer, deadline=module.params["deadline"])
    if module.params["probe"] == "record" and not module.check_mode:
        return record(hub, members, observations)
    return {name: observed_member(member, observations[name]) for name, member in members.items()}


if __name__ == "__main__":
    main()
