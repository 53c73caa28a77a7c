#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openstack_machines
short_description: Keep the machines of one cluster on OpenStack
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Brings about everything that the machines of a Kubernetes cluster need on OpenStack. That is a network with subnet and router, security groups,
    a key pair, server groups, ports with fixed addresses, floating addresses, a load balancer for the API, and the servers.
  - All objects are made side by side, each as soon as what it needs is there.
  - What belongs to a cluster carries its mark from the moment it is made, so a run that was killed is completed by the next one, and a second
    run changes nothing. An object of somebody else is never touched, whatever its name is.
  - Flavor, image, zone, key, networks and quota are checked before the first object is made. All findings are reported at once.
  - A server that Nova can't build is removed and made anew, up to O(replacements) times, and Nova's reason is shown.
  - One play at a time works on a cluster. It holds a lock in the cloud, in the description of the cluster's first security group.
extends_documentation_fragment:
  - navarch.fleet.openstack
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the steps of the plan.
  platform:
    platforms: posix
    support: full
options:
  cluster:
    description:
      - Name of the cluster, lower case letters, digits and dashes. It is the owner of all that is made.
    type: str
    required: true
  state:
    description:
      - V(present), the machines are as O(sets) says.
      - V(absent), everything of the cluster is removed, in order, and waited for.
    type: str
    choices: [present, absent]
    default: present
  sets:
    description:
      - The machine sets of the cluster. Machines are named C(<cluster>-<set>-<number>).
      - A set that is no longer listed loses its machines.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the set.
        type: str
        required: true
      role:
        description:
          - What its machines become. It decides on security groups.
        type: str
        choices: [control_plane, worker, load_balancer]
        default: worker
      count:
        description:
          - How many machines it has. When there are too many, those in O(sets[].remove) go first, then the newest.
        type: int
        required: true
      flavor:
        description:
          - Name or id of the flavor.
        type: str
        required: true
      image:
        description:
          - Name or id of the image. It has to have cloud-init.
        type: str
        required: true
      zones:
        description:
          - Availability zones, dealt in turn. The cloud chooses by default.
        type: list
        elements: str
        default: []
      spread:
        description:
          - Whether machines have to be on different hosts of the cloud.
          - V(anti-affinity) by default for O(sets[].role=control_plane), V(none) for others.
        type: str
        choices: [anti-affinity, soft-anti-affinity, none]
      floating:
        description:
          - Whether each machine gets a floating address from O(network.external).
        type: bool
        default: false
      volumes:
        description:
          - Sizes in GiB of empty volumes that are made and removed together with a machine.
        type: list
        elements: int
        default: []
      remove:
        description:
          - Names of machines that must not be there. They are replaced by others while O(sets[].count) asks for it.
        type: list
        elements: str
        default: []
      replace:
        description:
          - Machines to make anew with the same name and address, as name to the id of the server that has to go. A server with another id is left alone,
            so that a second run replaces nothing.
        type: dict
        default: {}
  network:
    description:
      - Where the machines are.
    type: dict
    default: {}
    suboptions:
      existing:
        description:
          - Name or id of a network that somebody else keeps. Its first IPv4 subnet is used.
          - By default the cluster gets a network of its own.
        type: str
      cidr:
        description:
          - Range of the cluster's own network.
        type: str
        default: 10.64.0.0/24
      gateway:
        description:
          - Address of the router in it. The first one of the range by default.
        type: str
      dns:
        description:
          - Name servers that machines are told.
        type: list
        elements: str
        default: []
      external:
        description:
          - External network that the router leads to, and that floating addresses come from. No router by default.
        type: str
  key:
    description:
      - The SSH key that machines let in.
    type: dict
    default: {}
    suboptions:
      name:
        description:
          - Name of a key pair that exists.
        type: str
      public_key:
        description:
          - Public key of which a key pair of the cluster's own is made.
        type: str
  sources:
    description:
      - Who may reach the machines from outside of the cluster, as lists of CIDRs. Nobody by default.
    type: dict
    default: {}
    suboptions:
      ssh:
        description:
          - May reach SSH of all machines.
        type: list
        elements: str
        default: []
      api:
        description:
          - May reach the API servers.
        type: list
        elements: str
        default: []
      node_ports:
        description:
          - May reach ports 30000 to 32767 of workers.
        type: list
        elements: str
        default: []
  pod_cidrs:
    description:
      - Ranges of the pods. Machines may send and receive packets of these addresses.
    type: list
    elements: str
    default: []
  balancer:
    description:
      - What stands before the API servers.
      - V(automatic) is V(machines) where a set has the role V(load_balancer), else V(octavia) where the cloud has it and there is more than one
        control plane, else V(none).
      - V(machines) reserves an address that machines of the role V(load_balancer) pass between them.
    type: str
    choices: [automatic, octavia, machines, none]
    default: automatic
  balancer_floating:
    description:
      - Whether the API's address gets a floating address.
    type: bool
    default: false
  host_keys:
    description:
      - V(console) waits until the console of each new machine shows its SSH host keys, as cloud-init prints them, and keeps one in the server's metadata.
      - V(none) leaves it to the user how machines are recognised.
    type: str
    choices: [console, none]
    default: console
  reach:
    description:
      - Wait until every machine answers SSH at its V(fixed) or V(floating) address, seen from where this module runs. V(none) waits for Nova only.
    type: str
    choices: [fixed, floating, none]
    default: none
  user_data:
    description:
      - Handed to cloud-init as it is.
    type: str
  replacements:
    description:
      - How often one server that can't be built is made anew.
    type: int
    default: 2
  build_timeout:
    description:
      - Seconds in which one server has to run, or to be gone.
    type: float
    default: 600
  lock_timeout:
    description:
      - Seconds to wait for another play that works on the same cluster.
    type: float
    default: 600
  parallel:
    description:
      - How many objects are worked on at once.
    type: int
    default: 16
seealso:
  - module: navarch.fleet.openstack_machines_info
"""

EXAMPLES = r"""
- name: Tell what would be made, and what it costs in quota
  navarch.fleet.openstack_machines:
    cloud: my-cloud
    cluster: north
    network: {cidr: 10.20.0.0/24, external: public}
    key: {public_key: "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"}
    sources: {ssh: [192.0.2.0/24], api: [192.0.2.0/24]}
    pod_cidrs: [10.244.0.0/16]
    sets:
      - {name: control-plane, role: control_plane, count: 3, flavor: m1.large, image: debian-12}
      - {name: worker, count: 2, flavor: m1.large, image: debian-12}
  check_mode: true

- name: Remove everything of a cluster
  navarch.fleet.openstack_machines:
    cloud: my-cloud
    cluster: north
    state: absent
"""

RETURN = r"""
machines:
  description: The machines that are there, by name.
  returned: success
  type: dict
  sample:
    north-worker-1:
      name: north-worker-1
      id: 5d9f8b9e-7a0c-4a2e-8c8e-0a6f1d2b3c4d
      set: worker
      role: worker
      status: ACTIVE
      address: 10.20.0.13
      floating_address: ''
      zone: nova
      image: 0c9d5a4e-2f54-4f2f-9a53-3a7b0a0f6a10
      flavor: m1.large
      created: '2026-11-30T01:49:05Z'
      host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHh...
      fault: ''
      outdated: false
leaving:
  description: Machines whose servers were removed or made anew, or would be. Their nodes have to be drained before.
  returned: success
  type: list
  elements: str
  sample: [north-worker-3]
table:
  description: The plan, the quota and the faults as lines of text.
  returned: success
  type: list
  elements: str
plan:
  description: What was done, or would be done in check mode, and why.
  returned: always
  type: list
  elements: dict
  sample:
    - {act: create, kind: server, name: north-worker-1, reason: m1.large with debian-12}
quota:
  description: What the plan takes of each quota.
  returned: success
  type: dict
  sample:
    cores: {needs: 8, used: 4, limit: 20, fits: true}
findings:
  description: Everything that stands in the way of the plan.
  returned: when something does
  type: list
  elements: dict
  sample:
    - {subject: quota cores, message: '8 more are needed, 4 of 10 are used, 2 too few', next_step: Ask for a quota of 12 or want less}
faults:
  description: Servers that Nova could not build, and what it said.
  returned: success
  type: list
  elements: dict
  sample:
    - {machine: north-worker-1, server: 5d9f8b9e-7a0c-4a2e-8c8e-0a6f1d2b3c4d, message: No valid host was found.}
endpoint:
  description: Host and port of the API. Of the balancer where there is one, else of the first control plane.
  returned: success
  type: str
  sample: 10.20.0.10:6443
outdated:
  description: Machines made from another image or flavor than their set asks for now.
  returned: success
  type: list
  elements: str
  sample: [north-worker-1]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.openstack import (
    CLOUD_ARGUMENTS,
    access,
    run_on_cloud,
)
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.openstack_machines import MACHINES_ARGUMENTS
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.cloud import connect
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.desired import read_desired
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.errors import NotPossibleError
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.execute import Limits
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.machines import (
    ensure,
    preview,
    remove,
)
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.reach import await_ssh
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.openstack.report import report_to_dict


def main() -> None:
    module = AnsibleModule(argument_spec={**CLOUD_ARGUMENTS, **MACHINES_ARGUMENTS}, supports_check_mode=True)
    run_on_cloud(module, lambda: work(module.params, module.check_mode))


def work(params: dict[str, Any], check: bool) -> dict[str, Any]:
    desired = read_desired(params)
    present = params["state"] == "present"
    cloud = connect(access(params))
    if check:
        report = preview(cloud, desired, present=present)
        if report.findings:
            raise NotPossibleError(desired.cluster, report.findings)
    else:
        limits = Limits(params["parallel"], params["replacements"], params["build_timeout"])
        report = (ensure if present else remove)(cloud, desired, limits, params["lock_timeout"])
    result = report_to_dict(report, desired, present=present)
    silent = await_ssh(result["machines"].values(), params["reach"], params["build_timeout"]) if not check else []
    if silent and "failed" not in result:
        result |= {"failed": True, "msg": f"No SSH answers after {params['build_timeout']:g} s: {', '.join(silent)}."}
    return result


if __name__ == "__main__":
    main()
