#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: what_if
short_description: Say what would become of all applications after losses, new clusters or growth
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Places the applications of a fleet again under changes that are only supposed. Says what would move from where to where, what would no
    longer fit and by how many cores and how much memory, and how full every cluster would be.
  - With O(survive) it names the losses that the fleet would not survive.
  - Places as a real failover or apply would. An application that loses nothing stays where it is, one that loses a cluster keeps what it has elsewhere.
  - The fleet is the registry's with the applications of the hub, or what O(clusters) and O(applications) say, for which no hub is needed.
  - Never writes anything, neither in the hub nor in a member.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
    details: It is the same with and without check mode.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  clusters:
    description:
      - Suppose these clusters instead of the registry's; no hub is needed then.
      - A list, or paths of YAML or JSON files that hold one, also under the key C(clusters).
      - The fields are those of the option O(navarch.fleet.placement#module:clusters). Facts count all that runs, what O(applications) say of it included.
    type: raw
  applications:
    description:
      - Applications to suppose. Without O(clusters) they come on top of those in the hub; one that the hub knows is taken as its next apply.
      - A list, or paths of files that hold one, also under the key C(applications), or that describe one application as for
        the role P(navarch.fleet.application#role), sources included. Expressions in such a file are not evaluated.
      - Known fields are C(name), C(tenant), C(namespace), C(placement), C(workloads) as in O(navarch.fleet.placement#module:workloads),
        C(current) (replicas by cluster, here or in each workload), C(clusters) (where an application without workloads stands) and C(observedAffinity).
      - One that runs nowhere yet is placed first.
    type: raw
  base:
    description:
      - The folder that relative paths start from; the current one by default.
    type: path
  lose:
    description:
      - What is lost, as V(region=eu), V(zone=eu-1a), V(provider=idc), a label such as V(rack=7), or the name of a cluster.
      - A list, or a text with commas or lines. What a lost cluster ran is gone with its capacity.
    type: raw
  cordon:
    description:
      - Clusters that take nothing that is new to them, named as in O(lose).
    type: raw
  add:
    description:
      - Clusters that join. V(copy of idc-north as idc-west) is an empty one like another, V(west region=eu cpu=64 memory=256Gi) is made up.
      - Also a list of clusters as in O(clusters), each may say C(copyOf) and what is different.
      - All applications are placed as their next apply would place them; what has a place stays there unless O(trigger) says otherwise.
    type: raw
  scale:
    description:
      - How demand changes, by application, as V(2x), V(150%), V(+3), V(-1) or V(10). A mapping, or a text such as V(shop=2x,blog=+3).
      - "For single workloads a mapping in the mapping, for example C({shop: {Deployment/shop/web: 2x}})."
    type: raw
  survive:
    description:
      - Losses to be tried, as V(any 1 cluster), V(any 2 clusters), V(any 1 region), V(any 1 zone), V(any 1 provider), or a label.
      - A list, or a text with commas or lines. They are tried on the fleet after all other changes.
    type: raw
  max_losses:
    description:
      - How many losses are tried for each demand of O(survive); those that take the fullest clusters come first.
    type: int
    default: 500
  trigger:
    description:
      - V(reschedule) places all applications afresh, as if they ran nowhere. What a rebalance would come to in the end.
    type: str
    choices: [reschedule]
  estimator:
    description:
      - How free capacity is counted, from C(resourceSummary) of a cluster or by believing its C(available).
      - By default V(available) when O(clusters) are given and none of them has a C(resourceSummary). Only for given clusters.
    type: str
    choices: [resourceSummary, available]
  facts_age:
    description:
      - Seconds. Members whose facts are older are looked at before; what is seen is not recorded.
    type: float
    default: 60
  deadline:
    description:
      - Seconds for each member that is looked at.
    type: float
    default: 10
  must_fit:
    description:
      - Whether the task fails when an application falls short or a loss would not be survived.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: What if the region eu is lost?
  navarch.fleet.what_if:
    lose: region=eu
  register: outlook

- name: Would one more cluster be enough for twice the demand, and for the loss of any region?
  navarch.fleet.what_if:
    add: copy of idc-north as idc-west region=west
    scale: {shop: 2x}
    survive: [any 1 region, any 2 clusters]

- name: Fail a pipeline when the fleet would not survive the loss of a cluster with this version applied
  navarch.fleet.what_if:
    applications: [shop.yml]
    survive: any 1 cluster
    must_fit: true

- name: Ask without any registry
  navarch.fleet.what_if:
    clusters:
      - {name: idc, region: north, available: 6}
      - {name: cloud, region: east, available: 40}
    applications:
      - name: shop
        placement:
          replicaScheduling: {replicaSchedulingType: Divided, replicaDivisionPreference: Aggregated}
        workloads:
          - {replicas: 10}
    lose: cloud
"""

RETURN = r"""
applications:
  description: The applications that would change or fall short, with replicas by workload and cluster before and after.
  returned: always
  type: dict
  sample:
    default/shop:
      before: {Deployment/shop/web: {cloud: 4, idc: 6}}
      after: {Deployment/shop/web: {idc: 6}}
      clusters_before: [cloud, idc]
      clusters_after: [idc]
      unplaced: 4
      missing: {replicas: 4, resources: {cpu: "2", memory: 4Gi}, scarce: cpu}
      error: {kind: unschedulable, message: "the cluster has room for 0 replicas, 4 are to be placed"}
moves:
  description: Replicas that would run elsewhere; C(from) or C(to) is null where they ran or would run nowhere.
  returned: always
  type: list
  elements: dict
  sample: [{application: default/shop, workload: Deployment/shop/web, from: cloud, to: null, replicas: 4}]
unplaced:
  description: Replicas that would run nowhere, by application and workload. A decision that fails places nothing of an application.
  returned: always
  type: dict
  sample: {default/shop: {Deployment/shop/web: 4}}
missing:
  description: What would have to be added so that everything fits.
  returned: always
  type: dict
  sample: {replicas: 4, resources: {cpu: "2", memory: 4Gi}}
clusters:
  description: For each cluster whether it is V(kept), V(lost) or V(added), its replicas and how full it is, before and after.
  returned: always
  type: dict
  sample:
    idc:
      state: kept
      replicas: {before: 6, after: 6}
      used: {cpu: {allocatable: "8", before: "6", after: "6", percent_before: 75, percent_after: 75}}
totals:
  description: Counts over all applications.
  returned: always
  type: dict
  sample: {applications: 1, moving: 0, replicas_moving: 0, falling_short: 1, replicas_unplaced: 4}
losses:
  description: The losses that would not be survived, with the applications that fall short, what is missing, and the scarce resource.
  returned: always
  type: list
  elements: dict
  sample:
    - demand: any 1 cluster
      lost: [cloud]
      clusters: [cloud]
      applications: {default/shop: {unplaced: 4, reason: "", replicas: 4, resources: {cpu: "2", memory: 4Gi}}}
      missing: {replicas: 4, resources: {cpu: "2", memory: 4Gi}}
      scarce: cpu
survival:
  description: For each demand whether it is met, how many losses are possible and how many were tried.
  returned: always
  type: list
  elements: dict
  sample: [{demand: any 1 cluster, survived: false, possible: 2, tried: 2}]
lines:
  description: The same as aligned text.
  returned: always
  type: list
  elements: str
notes:
  description: What should be known, such as applications of the hub that were left out.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.supposing import suppose


def main() -> None:
    module = FleetModule(
        {
            "clusters": {"type": "raw"},
            "applications": {"type": "raw"},
            "base": {"type": "path"},
            "lose": {"type": "raw"},
            "cordon": {"type": "raw"},
            "add": {"type": "raw"},
            "scale": {"type": "raw"},
            "survive": {"type": "raw"},
            "max_losses": {"type": "int", "default": 500},
            "trigger": {"type": "str", "choices": ["reschedule"]},
            "estimator": {"type": "str", "choices": ["resourceSummary", "available"]},
            "facts_age": {"type": "float", "default": 60},
            "deadline": {"type": "float", "default": 10},
            "must_fit": {"type": "bool", "default": False},
        },
    )
    run(module, lambda: suppose(module.params))


if __name__ == "__main__":
    main()
