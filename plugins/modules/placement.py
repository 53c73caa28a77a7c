#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: placement
short_description: Decide where an application would go, and say why
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Decides over the members of the registry, or over O(clusters) given inline, which of them an application would use
    and how many replicas of each workload go where.
  - Gives a reason for every cluster, taken or not, and what would have to change for the opposite answer.
  - Applies nothing. The decision that M(navarch.fleet.application) takes for the same input is the same.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.hub
attributes:
  check_mode:
    support: full
    details: Facts that are too old are looked up, but not recorded.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  placement:
    description:
      - Where the application may go and how its replicas are divided, as in C(spec.placement) of Karmada's PropagationPolicy.
      - C(selection) is ours, V(together) (the default) chooses the clusters once for all workloads, V(each) for each of them.
      - Ours too are C(scoring), C(applicationAffinity), C(applicationAntiAffinity), C(applicationGroup) and C(dataLocality).
      - All its mistakes are named before anything is asked of a cluster.
    type: dict
    default: {}
  workloads:
    description:
      - What is to be placed.
      - Without any, the clusters for an application without replicas are chosen.
    type: list
    elements: dict
    default: []
    suboptions:
      apiVersion:
        description: API version of the workload; a cluster must serve it.
        type: str
        default: apps/v1
      kind:
        description: Kind of the workload; a cluster must serve it.
        type: str
        default: Deployment
      namespace:
        description: Namespace of the workload.
        type: str
        default: default
      name:
        description: Name of the workload.
        type: str
        required: true
      uid:
        description:
          - Decides ties, so that a left-over replica does not always land on the same cluster.
          - By default made of the names above.
        type: str
      replicas:
        description: How many replicas; left out for an object that has none.
        type: int
      resourceRequest:
        description: What one replica asks for, as quantities by resource.
        type: dict
      nodeClaim:
        description:
          - What its pods want of the node that they run on, with C(nodeSelector), C(tolerations), and C(hardNodeAffinity) or C(affinity).
          - Counts in clusters whose nodes are known.
        type: dict
      current:
        description: Replicas that run now, by cluster.
        type: dict
        default: {}
  clusters:
    description:
      - Decide over these clusters instead of the registry's; no hub is needed then.
      - Known fields are C(name), C(labels), C(provider), C(region), C(zones), C(taints), C(ready), C(deleting), C(apiEnablements),
        C(available), C(resourceSummary), C(nodes), C(cost), C(holds) and C(maintenanceWindows).
      - A node has C(name), C(allocatable), C(allocated), C(labels), C(taints), C(unschedulable), C(ready), and C(count) where it stands for many.
      - C(holds) names objects for C(dataLocality) of the placement, each as C(Kind/namespace/name).
    type: list
    elements: dict
  names:
    description:
      - Only these members of the registry.
    type: list
    elements: str
  facts_age:
    description:
      - Seconds. Members whose facts are older are looked at before the decision.
    type: float
    default: 60
  deadline:
    description:
      - Seconds for each member that is looked at.
    type: float
    default: 10
  application:
    description:
      - Whose workloads they are, for the rules between applications.
    type: dict
    suboptions:
      name:
        description: Name of the application; it is no neighbour of its own.
        type: str
      tenant:
        description: Namespace of the hub that it lives in.
        type: str
        default: default
      labels:
        description: Its labels.
        type: dict
        default: {}
  neighbours:
    description:
      - Where other applications stand, for C(applicationAffinity), C(applicationAntiAffinity), C(workloadAffinity) and C(applicationGroup).
      - By default those of the hub, where it is asked for its members.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the application.
        type: str
        required: true
      tenant:
        description: Namespace of the hub that it lives in.
        type: str
        default: default
      labels:
        description: Its labels.
        type: dict
        default: {}
      clusters:
        description: The clusters it stands in.
        type: list
        elements: str
        default: []
      group:
        description: Its C(applicationGroup).
        type: str
  now:
    description:
      - The time to decide for, as RFC 3339; maintenance windows and tolerations with an end hang on it.
      - By default the time it is.
    type: str
  evicting:
    description:
      - Clusters that the application is leaving.
    type: list
    elements: str
    default: []
  observed_affinity:
    description:
      - The affinity group in use; the search starts there.
    type: str
  trigger:
    description:
      - V(reschedule) forgets what runs where, and decides afresh.
    type: str
    choices: [reschedule]
  estimator:
    description:
      - How free capacity is counted, from C(resourceSummary) of a cluster or by believing its C(available).
      - By default V(available) when O(clusters) are given and none of them has a C(resourceSummary).
    type: str
    choices: [resourceSummary, available]
  compatibility:
    description:
      - V(karmada) decides as Karmada's scheduler does, mistakes included.
    type: str
    choices: [navarch, karmada]
    default: navarch
  explain:
    description:
      - V(rounds) tells each division replica by replica, so that it can be redone on paper; at most 200 of them.
    type: str
    choices: [summary, rounds]
    default: summary
  must_fit:
    description:
      - Whether the task fails when the application cannot be placed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Where would ten replicas go, and why?
  navarch.fleet.placement:
    placement:
      clusterAffinity:
        labelSelector:
          matchLabels: {env: prod}
      spreadConstraints:
        - {spreadByField: region, minGroups: 2}
      replicaScheduling:
        replicaSchedulingType: Divided
        weightPreference: {dynamicWeight: AvailableReplicas}
    workloads:
      - name: shop
        replicas: 10
        resourceRequest: {cpu: 500m, memory: 1Gi}
  register: decision

- name: Ask what would be, without any registry
  navarch.fleet.placement:
    clusters:
      - {name: idc, region: north, available: 4}
      - {name: cloud, region: east, available: 40}
    placement:
      replicaScheduling: {replicaSchedulingType: Divided, replicaDivisionPreference: Aggregated}
    workloads:
      - {name: shop, replicas: 10}

- name: Near the database, where its volume is, and where it is cheapest
  navarch.fleet.placement:
    placement:
      applicationAffinity:
        required:
          - {application: db, topology: region}
      dataLocality:
        objects:
          - {kind: PersistentVolumeClaim, namespace: shop, name: images}
      scoring: {cost: 2}
      spreadConstraints:
        - {spreadByField: cluster, maxGroups: 1}
    application: {name: shop}
    workloads:
      - {name: shop, replicas: 10}
"""

RETURN = r"""
targets:
  description: Replicas per workload and cluster.
  returned: always
  type: dict
  sample:
    Deployment/default/shop: {cloud-east: 6, idc-north: 4}
clusters:
  description: What became of each cluster, and why.
  returned: always
  type: dict
  sample:
    idc-south:
      taken: false
      by: filter
      reason: its taint dedicated=gpu:NoSchedule is not tolerated
      change: add a toleration to clusterTolerations, or remove the taint
chosen:
  description: The clusters that objects without replicas go to.
  returned: always
  type: list
  elements: str
  sample: [cloud-east, idc-north]
without_replicas:
  description: Chosen clusters in which workloads have no replica; a Service there has no local endpoint.
  returned: always
  type: dict
  sample: {}
partial:
  description:
    - Of each workload that was placed in part, how many replicas were, how many were wanted, and why not all.
    - Only with C(whenUnsatisfiable=partial).
  returned: always
  type: dict
  sample: {}
feasibility:
  description: Whether it fits C(now), fits C(later) with machines that its clusters could get, or is C(infeasible); what that takes, and what limits it.
  returned: always
  type: dict
  sample: {verdict: later, message: "fits after adding 3 m1-large in cloud-east, about 4 minutes, 0.36 per hour", machines: {cloud-east: {m1-large: 3}}}
groups:
  description: For each field over which was spread, the groups taken with their scores, and the runner-up with what it fell behind.
  returned: always
  type: list
  elements: dict
  sample:
    - field: region
      left: 1
      runnerUp: {behind: 5000, capacity: 5, clusters: [n1, n2], field: region, name: north, score: 5000, taken: false}
      taken:
        - {capacity: 30, clusters: [e1], field: region, name: east, score: 10000, taken: true}
table:
  description: The same as rows, for people.
  returned: always
  type: list
  elements: dict
  sample:
    - {cluster: idc-north, taken: true, replicas: 4, score: 0, scores: {ClusterLocality: 0}, by: division, reason: 4 of 10 replicas, change: null}
lines:
  description: The same as aligned text.
  returned: always
  type: list
  elements: str
  sample: ["CLUSTER    REPLICAS  SCORE  DECIDED BY  REASON"]
explanation:
  description:
    - The decision as text, line by line; the groups, the divisions, then the clusters.
    - Where there are more than 40 clusters, those that were dropped for the same reason share a line.
  returned: always
  type: list
  elements: str
  sample: ["cloud-east: 6 replicas, taken by division: 6 of 10 replicas; it has room for 60"]
unmatched:
  description:
    - Selectors of the placement that match none of the clusters, with what there is instead; rarely meant, so each is also a warning.
  returned: always
  type: list
  elements: str
  sample:
    - "placement.clusterAffinity.labelSelector.matchLabels.env: labelSelector env=prdo matches none of 2 clusters; values of env are prod, test"
decision:
  description: The whole decision with every step, as C(ApplicationDecision) writes it.
  returned: always
  type: dict
error:
  description: Why nothing could be placed, null when it could.
  returned: always
  type: dict
  sample: null
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.placing import decide
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run

if TYPE_CHECKING:
    from typing import Any

WORKLOAD: dict[str, dict[str, Any]] = {
    "apiVersion": {"type": "str", "default": "apps/v1"},
    "kind": {"type": "str", "default": "Deployment"},
    "namespace": {"type": "str", "default": "default"},
    "name": {"type": "str", "required": True},
    "uid": {"type": "str"},
    "replicas": {"type": "int"},
    "resourceRequest": {"type": "dict"},
    "nodeClaim": {"type": "dict"},
    "current": {"type": "dict", "default": {}},
}

APPLICATION: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "tenant": {"type": "str", "default": "default"},
    "labels": {"type": "dict", "default": {}},
}
NEIGHBOUR: dict[str, dict[str, Any]] = {
    **APPLICATION,
    "name": {"type": "str", "required": True},
    "clusters": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "str"},
}


def main() -> None:
    module = FleetModule(
        {
            "placement": {"type": "dict", "default": {}},
            "workloads": {"type": "list", "elements": "dict", "default": [], "options": WORKLOAD},
            "clusters": {"type": "list", "elements": "dict"},
            "names": {"type": "list", "elements": "str"},
            "facts_age": {"type": "float", "default": 60},
            "deadline": {"type": "float", "default": 10},
            "application": {"type": "dict", "options": APPLICATION},
            "neighbours": {"type": "list", "elements": "dict", "options": NEIGHBOUR},
            "now": {"type": "str"},
            "evicting": {"type": "list", "elements": "str", "default": []},
            "observed_affinity": {"type": "str"},
            "trigger": {"type": "str", "choices": ["reschedule"]},
            "estimator": {"type": "str", "choices": ["resourceSummary", "available"]},
            "compatibility": {"type": "str", "choices": ["navarch", "karmada"], "default": "navarch"},
            "explain": {"type": "str", "choices": ["summary", "rounds"], "default": "summary"},
            "must_fit": {"type": "bool", "default": True},
        },
        mutually_exclusive=[("clusters", "names")],
    )
    run(module, lambda: answer(module))


def answer(module: FleetModule) -> dict[str, Any]:
    results = decide(module.params, check_mode=module.check_mode)
    for stray in results["unmatched"]:
        module.warn(stray)
    return results


if __name__ == "__main__":
    main()
