#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: failover
short_description: Move what lost clusters ran, and take back clusters that returned
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Looks at all members. One that fails O(failed_probes) looks in a row, spread over O(toleration), and one more right before anything is done,
    counts as lost when no other observer reached it meanwhile.
  - A lost cluster is tainted C(fleet.navarch.dev/unreachable:NoExecute), and the share of each application that ran there is placed again without it.
    New copies are healthy first. Applications keep the clusters that they have elsewhere.
  - When a cluster is back, stale copies are removed before it takes new work, then its share returns where O(failback) says so.
  - When too much seems lost at once, nothing is done and a person is asked. That is more than a third of the clusters in service and more than one,
    or one of the last two without a second observer.
  - Everything is recorded in the hub before it is done. A play that was killed is finished by the next one.
  - A dead cluster is not fenced. Its containers may go on running where only its control plane is gone, until it is back and cleaned.
    Applications with C(failover.fencing=required) are therefore left where they are.
extends_documentation_fragment:
  - navarch.fleet.hub
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
    support: full
options:
  failed_probes:
    description:
      - How many looks in a row a cluster has to fail, before the last look that precedes every act.
    type: int
    default: 3
  toleration:
    description:
      - Seconds from the first failed look until anything may be done; the looks are spread over them.
      - Failed looks that an earlier play recorded from the same O(observer) count, when they are recent.
    type: float
    default: 30.0
  probe_deadline:
    description:
      - Seconds for one look at one cluster.
    type: float
    default: 5.0
  confirmed:
    description:
      - Clusters of which a person says that they are really lost. They release the storm brake and overrule other observers.
      - A cluster that answers is never failed over, whatever is said here.
    type: list
    elements: str
    default: []
  failback:
    description:
      - What happens to the share of an application when its cluster is back, for applications that don't say so themselves.
      - V(automatic) places it afresh, V(manual) leaves it where it is.
    type: str
    choices: [automatic, manual]
    default: automatic
  return_applications:
    description:
      - Applications whose share returns now although their failback is manual, as C(tenant/name) or C(name).
    type: list
    elements: str
    default: []
  observer:
    description:
      - Name of the place that this runs at. Looks recorded under another name are second opinions.
      - The machine's name by default. Execution environments should set a lasting name.
    type: str
  wait_timeout:
    description:
      - Seconds to wait for the health of new copies.
    type: int
    default: 300
  lock_holder:
    description:
      - Id of the play, for tasks that share one lease.
    type: str
"""

EXAMPLES = r"""
- name: Show what would be done, and why
  navarch.fleet.failover:
  check_mode: true
  diff: true

- name: Fail over what is lost and take back what returned
  navarch.fleet.failover:
    toleration: 60
    failback: manual

- name: Both clusters of the burnt data centre are really lost
  navarch.fleet.failover:
    confirmed: [idc-north, idc-south]
"""

RETURN = r"""
clusters:
  description: For each member its state, why, since when, who else does not reach it, and what was done.
  returned: always
  type: dict
  sample:
    idc-north:
      state: lost
      reason: "ClusterNotReachable: 3 failed probes in 31 s"
      since: "2026-01-01T00:00:00Z"
      witnesses: []
      actions: ["taint idc-north: ClusterNotReachable: 3 failed probes in 31 s"]
applications:
  description: For each application concerned what was done with it, and where it runs now.
  returned: success
  type: dict
  sample:
    default/shop:
      actions:
        - action: moved
          clusters: [idc-north]
          now_in: [cloud-east, idc-south]
          revision: 2
          reason: "idc-north: ClusterNotReachable: 3 failed probes in 31 s"
plan:
  description: The steps, one sentence each.
  returned: success
  type: list
  elements: str
held:
  description: What was not done, why, and how it can be done.
  returned: success
  type: list
  elements: dict
brake:
  description: Whether the storm brake stopped everything, why, and what to do about it.
  returned: success
  type: dict
table:
  description: The same as lines of text.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first.
  returned: failure
  type: dict
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.failover import Request, fail_over
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.observation import Policy
from ansible_collections.navarch.fleet.plugins.module_utils._continuity.wishes import Failback
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Settings
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule(
        {
            "failed_probes": {"type": "int", "default": 3},
            "toleration": {"type": "float", "default": 30.0},
            "probe_deadline": {"type": "float", "default": 5.0},
            "confirmed": {"type": "list", "elements": "str", "default": []},
            "failback": {"type": "str", "choices": ["automatic", "manual"], "default": "automatic"},
            "return_applications": {"type": "list", "elements": "str", "default": []},
            "observer": {"type": "str"},
            "wait_timeout": {"type": "int", "default": 300},
            "lock_holder": {"type": "str"},
        }
    )
    run(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    check_numbers(params)
    identity = play_identity(params["lock_holder"])
    request = Request(
        policy=Policy(params["failed_probes"], params["toleration"]),
        observer=params["observer"] or identity.place,
        confirmed=frozenset(params["confirmed"]),
        failback=Failback(params["failback"]),
        called_back=frozenset(params["return_applications"]),
        deadline=params["probe_deadline"],
        settings=Settings(timeout=float(params["wait_timeout"])),
    )
    actor = Actor(identity.holder, identity.who, identity.where)
    return fail_over(open_hub(params), request, actor, check=check)


def check_numbers(params: dict[str, Any]) -> None:
    for name, least in (("failed_probes", 1), ("toleration", 0), ("probe_deadline", 0.1), ("wait_timeout", 0)):
        if params[name] < least:
            raise InputError(f"{name} is {params[name]}", next_step=f"Give at least {least}")


if __name__ == "__main__":
    main()
