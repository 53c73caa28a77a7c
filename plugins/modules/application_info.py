#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_info
short_description: Show how applications are, per cluster
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the hub's records of applications, and looks at the members unless told not to.
  - A member that can't be reached has an error of its own; the others are shown all the same.
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
  name:
    description:
      - Name of one application. Default is all.
    type: str
  tenant:
    description:
      - Namespace of the hub that holds the records. Default is all.
    type: str
  look:
    description:
      - Look at the members as well, for live health, ready replicas and what differs from the revision.
    type: bool
    default: true
  drift:
    description:
      - Compare the members with the revision in force, object by object and field by field, and say who changed what and when.
      - It costs one list per kind and member. Fields that the application ignores are not reported.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: See how the shop is
  navarch.fleet.application_info:
    name: shop
  register: shop

- name: See what somebody changed by hand, and fail if anything was
  navarch.fleet.application_info:
    look: false
    drift: true
  register: drift
  failed_when: drift.drifted > 0

- name: Show it
  ansible.builtin.debug:
    msg: "{{ shop.table }}"
"""

RETURN = r"""
drift:
  description:
    - For each application and cluster, the objects that differ from the revision in force. C(what) is C(changed), C(missing), C(foreign)
      (it belongs to somebody else now) or C(extra) (it carries our mark and is not in the revision).
  returned: when O(drift) is set
  type: list
  elements: dict
  sample:
    - name: shop
      tenant: default
      revision: 3
      drifted: 1
      clusters:
        idc-north:
          drifted: 1
          objects:
            - object: Deployment shop/frontend
              what: changed
              reason: 1 field differs
              by: {manager: kubectl-edit, operation: Update, time: "2026-01-02T03:04:05Z"}
              fields:
                - field: .spec.replicas
                  wanted: "3"
                  found: "7"
                  by: {manager: kubectl-edit, operation: Update, time: "2026-01-02T03:04:05Z"}
drift_table:
  description: The same as lines for a terminal, one per object.
  returned: when O(drift) is set
  type: list
  elements: str
drift_fields:
  description: What the fields are and should be, one line each.
  returned: when O(drift) is set
  type: list
  elements: str
drifted:
  description: How many objects differ in all.
  returned: when O(drift) is set
  type: int
unknown:
  description: In how many clusters an application could not be compared.
  returned: when O(drift) is set
  type: int
applications:
  description: The applications with phase, revision, conditions, history, and what is in each cluster.
  returned: success
  type: list
  elements: dict
  sample:
    - name: shop
      tenant: default
      phase: Deployed
      revision: 3
      clusters:
        idc-north: {replicas: 24, ready_replicas: 24, revision: 3, drifted: [], health: {state: Healthy, ready: 36, total: 36, reasons: []}}
table:
  description: The same as lines for a terminal, one per application and cluster.
  returned: success
  type: list
  elements: str
rollouts:
  description: Where rollouts stand that are not over, or that failed, and how they go on, one line each.
  returned: success
  type: list
  elements: str
  sample: ["shop: working on revision 5, step 2 of 4 (wave canary). It is in the hands of ana on bastion pid 712"]
history:
  description: The revisions as lines for a terminal, with state, time, author, replicas per cluster, images and note.
  returned: success
  type: list
  elements: str
clusters:
  description: For each cluster, the applications that it holds and whether they are healthy.
  returned: always
  type: dict
  sample:
    idc-north: {default/shop: Healthy}
"""

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.drift import drifts, field_lines
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.drift import table as drift_table
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.status import (
    history_table,
    rollout_lines,
    statuses,
    table,
)

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str"},
    "tenant": {"type": "str"},
    "look": {"type": "bool", "default": True},
    "drift": {"type": "bool", "default": False},
}


def main() -> None:
    module = FleetModule(ARGUMENTS)
    run(module, lambda: work(module.params, check=module.check_mode))


def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    found = statuses(open_hub(params), tenant=params["tenant"], name=params["name"], look=params["look"])
    clusters: dict[str, dict[str, str]] = {}
    for status in found:
        for name, entry in status.clusters.items():
            title = f"{status.record.tenant}/{status.record.name}"
            clusters.setdefault(name, {})[title] = str(entry.health.get("state") or "Unknown")
    return {
        **(differences(params) if params["drift"] else {}),
        "changed": False,
        "applications": [status.to_dict() for status in found],
        "table": table(found),
        "rollouts": rollout_lines(found),
        "history": history_table(found),
        "clusters": clusters,
    }


def differences(params: dict[str, Any]) -> dict[str, Any]:
    found = drifts(open_hub(params), tenant=params["tenant"], name=params["name"])
    shown = [entry.to_dict() for entry in found]
    return {
        "drift": shown,
        "drift_table": drift_table(found),
        "drift_fields": field_lines(found),
        "drifted": sum(entry["drifted"] for entry in shown),
        "unknown": sum(part.error is not None for entry in found for part in entry.clusters.values()),
    }


if __name__ == "__main__":
    main()
