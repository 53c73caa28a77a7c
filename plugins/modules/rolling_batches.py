#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rolling_batches
short_description: Put hosts in batches, so that a change rolls through clusters
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on the controller and contacts nobody. Control planes of one cluster are worked on singly, and so are its hosts of etcd; workers
    by share. Clusters go side by side.
  - What it returns is used in the head of a play that follows, as C(hosts) and C(serial).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  when:
    description:
      - Name of a variable that is true for hosts which have something to do.
    type: str
    required: true
  workers:
    description:
      - How many workers of a cluster are worked on at once, as a number or a percentage of the cluster's workers.
    type: str
    default: 25%
"""

EXAMPLES = r"""
- name: Put hosts in batches
  navarch.fleet.rolling_batches:
    when: upgrade_needed
    workers: 10%
  register: upgrade_batches
  run_once: true
"""

RETURN = r"""
batches:
  description: Hosts in batches, under C(etcd), C(control_plane) and C(worker).
  returned: success
  type: dict
  sample: {"etcd": [], "control_plane": [["n1"]], "worker": [["n4", "n5"], ["n6"]]}
etcd:
  description: The same for the head of a play.
  returned: success
  type: dict
  sample: {"hosts": "!all", "sizes": [1]}
control_plane:
  description: The same for the head of a play.
  returned: success
  type: dict
  sample: {"hosts": "n1", "sizes": [1]}
worker:
  description: The same for the head of a play.
  returned: success
  type: dict
  sample: {"hosts": "n4,n5,n6", "sizes": [2, 1]}
"""
