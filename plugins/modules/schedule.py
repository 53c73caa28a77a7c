#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: schedule
short_description: Set replicas and sizes of machine sets by the clock
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Time rules set the replicas of an application, or the bounds of a machine set, ahead of floods that are known, and back after them.
  - Of several rules for one target, the one that started last is in force. Each start is acted on once; what was missed is made up for by the next run,
    and what somebody changes by hand after a start stays until the next one. The hub remembers which start was acted on.
  - Run it every minute, by cron, a schedule of AWX or a rulebook. A run in which nothing is due asks the hub once and changes nothing.
extends_documentation_fragment:
  - navarch.fleet.hub
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  rules:
    description:
      - The time rules.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the rule.
        type: str
        required: true
      cron:
        description:
          - When it starts, as five fields of cron, such as V(45 8 * * mon-fri), or V(@daily) and the like.
          - A time that the clocks skip in spring is an hour later; one that they repeat in autumn counts the first time.
        type: str
        required: true
      timezone:
        description: Time zone of the fields, such as V(Europe/Berlin).
        type: str
        default: UTC
      suspend:
        description: Leave the rule out of account.
        type: bool
        default: false
      application:
        description: The application whose replicas it sets.
        type: str
      tenant:
        description: Namespace of the hub that the application belongs to.
        type: str
        default: default
      workload:
        description: Its workload, as C(name), C(Kind/name) or C(Kind/namespace/name). Not needed where it has only one.
        type: str
      replicas:
        description: Replicas in all clusters together.
        type: int
      machine_set:
        description: The machine set whose bounds it sets.
        type: str
      min_replicas:
        description: Machines that the set has at least.
        type: int
      max_replicas:
        description: Machines that the set has at most.
        type: int
  now:
    description:
      - The time to look at instead of now, as V(2026-11-28T22:00:00Z). Only in check mode, to see what will be.
    type: str
  wait:
    description:
      - Wait until scaled applications are healthy. Not by default, because machines for them may have to come first.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for health.
    type: int
    default: 300
  lock_holder:
    description:
      - Id of the play, for tasks that share one lease.
    type: str
seealso:
  - module: navarch.fleet.application_scale
  - module: navarch.fleet.machine_set
"""

EXAMPLES = r"""
- name: Thirty replicas and machines for them on working days, ready before nine
  navarch.fleet.schedule:
    rules:
      - {name: machines-up, cron: "30 8 * * mon-fri", timezone: Europe/Berlin, machine_set: cloud-east-workers, min_replicas: 3}
      - {name: shop-up, cron: "45 8 * * mon-fri", timezone: Europe/Berlin, application: shop, workload: Deployment/frontend, replicas: 30}
      - {name: shop-down, cron: "0 20 * * *", timezone: Europe/Berlin, application: shop, workload: Deployment/frontend, replicas: 10}
      - {name: machines-down, cron: "5 20 * * *", timezone: Europe/Berlin, machine_set: cloud-east-workers, min_replicas: 0}

- name: What will be due at Christmas?
  navarch.fleet.schedule:
    rules: "{{ schedule_rules }}"
    now: "2026-12-24T08:00:00+01:00"
  check_mode: true
"""

RETURN = r"""
rules:
  description: For each rule its target, whether it is in force, since when, when it starts next, and what this run did.
  returned: success
  type: dict
  sample:
    shop-up:
      target: application/default/shop/Deployment/frontend
      sets: replicas 30
      state: acted on now
      started: "2026-11-30T07:45:00Z"
      next: "2026-12-01T07:45:00Z"
      changed: true
      notes: ["fits after adding 3 m1-large in cloud-east, about 4 minutes, 0.36 per hour"]
      error:
machine_sets:
  description: Machine sets whose bounds changed.
  returned: success
  type: list
  elements: str
  sample: [cloud-east-workers]
table:
  description: The same as lines of text.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first. What failed is tried again by the next run.
  returned: failure
  type: dict
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Actor, Settings
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._machines.schedules import run_schedules
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.errors import RequestError
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.maintenance import parse_moment
from ansible_collections.navarch.fleet.plugins.module_utils._scheduling.time_rules import parse_rules

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule(
        {
            "rules": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "cron": {"type": "str", "required": True},
                    "timezone": {"type": "str", "default": "UTC"},
                    "suspend": {"type": "bool", "default": False},
                    "application": {"type": "str"},
                    "tenant": {"type": "str", "default": "default"},
                    "workload": {"type": "str"},
                    "replicas": {"type": "int"},
                    "machine_set": {"type": "str"},
                    "min_replicas": {"type": "int"},
                    "max_replicas": {"type": "int"},
                },
            },
            "now": {"type": "str"},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 300},
            "lock_holder": {"type": "str"},
        }
    )
    run(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    try:
        rules = parse_rules(params["rules"])
    except RequestError as error:
        raise InputError(str(error), next_step="Correct the rule; nothing was done") from error
    identity = play_identity(params["lock_holder"])
    actor = Actor(identity.holder, identity.who, identity.where)
    settings = Settings(wait=params["wait"], timeout=float(params["wait_timeout"]))
    return run_schedules(open_hub(params), rules, moment(params["now"], check), settings, actor, check=check)


def moment(text: str | None, check: bool) -> datetime:
    if text is None:
        return datetime.now(UTC)
    if not check:
        raise InputError("now is for check mode only", next_step="Leave it out, or run with --check")
    try:
        return parse_moment(text)
    except ValueError:
        raise InputError(f"now is {text[:40]}", next_step="Give a time such as 2026-11-28T22:00:00Z") from None


if __name__ == "__main__":
    main()
