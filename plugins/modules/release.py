#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Give an application back, its objects run on
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Takes our annotations, our label and our entries in C(managedFields) off the objects of an application, and nothing else.
    No value changes, so no generation rises and no pod restarts.
  - Given back everywhere, the hub forgets the application. Given back in some clusters, it stays with the others, and the share of
    those clusters is left to what runs there until they are adopted again.
  - The reverse of O(navarch.fleet.application#module:adopt).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.application
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  clusters:
    description:
      - Clusters in which it is given back. None named means all.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Give the shop back in one cluster
  navarch.fleet.release:
    name: shop
    clusters: [idc-north]

- name: Give it back altogether
  navarch.fleet.release:
    name: shop
"""

RETURN = r"""
clusters:
  description: For each cluster, what was given back, counts and errors.
  returned: always
  type: dict
  sample:
    idc-north:
      action: released
      counts: {release: 4}
      objects:
        - {object: Deployment shop/frontend, operation: release, reason: "our marks and our ownership go, everything else stays"}
delivery:
  description: The same as lines for a terminal.
  returned: success
  type: list
  elements: str
notes:
  description: What should be known although nothing failed, such as objects that belong to somebody else meanwhile.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first.
  returned: failure
  type: dict
"""

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.application import APPLICATION_ARGUMENTS, actor_of
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.release import release

ARGUMENTS: dict[str, Any] = {
    **APPLICATION_ARGUMENTS,
    "clusters": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = FleetModule(ARGUMENTS)
    run(module, lambda: work(module.params, check=module.check_mode))


def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    actor = actor_of(params)
    return release(open_hub(params), params["tenant"], params["name"], params["clusters"], actor, check=check).to_dict()


if __name__ == "__main__":
    main()
