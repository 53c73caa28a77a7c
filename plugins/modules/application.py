#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application
short_description: Spread an application over the fleet
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads manifests, decides which member clusters get them and how many replicas each, and brings the members there by server-side apply.
  - Every object carries its owner. An object or field that belongs to somebody else is a conflict that is named, and nothing is written.
  - New copies become healthy first, old copies are removed second. A decision that fails or is empty removes nothing.
  - In check mode the servers are asked by dry runs what would change, and nothing is written anywhere.
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
  namespace:
    description:
      - Namespace in the members, for objects that name none. It is created where it is missing.
    type: str
    default: default
  sources:
    description:
      - Where the manifests come from, each entry with one of C(file), C(directory), C(inline), C(kustomization), C(template), C(helm) or C(git).
      - C(inline) is an object, a list of objects, or YAML text. A kustomization is built by C(kubectl), a chart by C(helm).
      - C(git) is a mapping of C(repository), C(ref) and C(path), alone, or beside another form whose path lies in the repository.
      - Relative paths are taken from I(base).
    type: list
    elements: dict
    default: []
  base:
    description:
      - Folder that relative paths in I(sources) start from. Default is the playbook's.
    type: path
  kubectl:
    description:
      - Path of the kubectl that builds kustomizations. Default is the one found in E(PATH).
    type: path
  helm:
    description:
      - Path of the helm that renders charts. Default is the one found in E(PATH), else in the cache of binaries.
    type: path
  placement:
    description:
      - Which clusters get the application, and how replicas are divided, as C(spec.placement) of Karmada's PropagationPolicy.
      - Empty means every cluster, each with all replicas.
    type: dict
    default: {}
  overrides:
    description:
      - What differs from cluster to cluster, as a list of C(overrideRules) of Karmada's OverridePolicy, field for field.
      - Our additions are C(strategicMerge), C(values), C(resourceSelectors) and C(name) in a rule, and named C(variants).
        A mapping with C(overrideRules), C(resourceSelectors) and C(variants) is taken too.
      - Texts may hold values per cluster, such as C([[ cluster.region ]]); so may the manifests themselves.
    type: raw
    default: []
  labels:
    description:
      - Labels of the application, by which C(applicationAffinity) and C(applicationAntiAffinity) of others speak of it.
    type: dict
    default: {}
  failover:
    description:
      - How the application behaves when a cluster is lost; kept for the failover.
    type: dict
    default: {}
  rollout:
    description:
      - How a new revision goes over the clusters, with C(strategy), C(waves), C(canary), C(maxConcurrency), C(minSuccessTime), C(progressDeadline),
        C(maxFailures), C(checks) and C(onFailure); the guide on rollouts describes each.
      - Empty delivers everywhere at once, and leaves what failed as it is. With anything in it, a failure rolls back every cluster that was touched,
        or pauses.
    type: dict
    default: {}
  rollout_steps:
    description:
      - V(all) carries a rollout out in this task. V(begin) only begins it, and tasks with M(navarch.fleet.application_rollout) carry out its steps,
        as role P(navarch.fleet.application#role) does.
    type: str
    choices: [all, begin]
    default: all
  health:
    description:
      - Rules of your own for when an object is healthy, each with C(apiVersion), C(kind), perhaps C(name), and the Jinja2 expressions C(healthy),
        C(progressing) and C(unhealthy) over the object, written without brackets, such as C(status.phase == 'Running').
    type: list
    elements: dict
    default: []
  revision_history_limit:
    description:
      - How many revisions are kept. Those in use are never deleted.
    type: int
    default: 10
  state:
    description:
      - V(present) delivers the application, V(absent) removes it from every member and from the hub.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - Wait until everything is healthy. Old copies are removed only then.
      - Without it old copies are removed at once.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for health after the last write.
    type: int
    default: 300
  conflict_resolution:
    description:
      - What becomes of an object or field that belongs to somebody else. V(Abort) names it, V(Overwrite) takes it over.
    type: str
    choices: [Abort, Overwrite]
    default: Abort
  prune_allow:
    description:
      - What may be deleted although it is protected, each as C(Kind) or C(Kind/name).
      - Protected are a Namespace that the application did not create or that holds other objects, a CustomResourceDefinition with instances,
        PersistentVolumeClaims and PersistentVolumes.
    type: list
    elements: str
    default: []
  start_allow:
    description:
      - What may start although an override had scaled it to zero and is gone now, each as C(Kind) or C(Kind/name).
        Everything else stays at zero, and is named.
    type: list
    elements: str
    default: []
  deletion_protection:
    description:
      - The application is removed only with I(confirm_removal). A single object is protected by its label
        C(fleet.navarch.dev/deletion-protected=Always), and then deleted only when I(prune_allow) names it as C(Kind/name).
    type: bool
    default: false
  confirm_removal:
    description:
      - Name of the protected application that may be removed.
    type: str
  ignore_differences:
    description:
      - Fields that are left to whoever writes them, in the form of Argo CD's C(ignoreDifferences), each with C(kind), and C(group), C(name) or
        C(namespace) where wanted, and with C(jsonPointers) or C(managedFieldsManagers).
      - Such a field is set when the object is created. Once somebody else changed it, it is neither repaired nor reported as drift.
    type: list
    elements: dict
    default: []
  adopt:
    description:
      - Clusters in which objects that run already without us are taken over, without restarting a pod; C(*) means all.
      - The decision keeps the replicas that run there. Chosen clusters that hold such objects and are not named wait untouched.
      - Fields that the manifests set become ours, all others keep their values; the entries of kubectl, helm and similar tools go from C(managedFields).
    type: list
    elements: str
    default: []
  adopt_owners:
    description:
      - Owners and field managers from whom an adoption may take objects that carry their mark, as the refusal names them,
        such as C(Helm shop/shop) or C(argocd-controller).
    type: list
    elements: str
    default: []
  adopt_changes:
    description:
      - What becomes of an adoption that would change what runs, such as an image or a number of replicas.
        V(refuse) names the fields and writes nothing, V(allow) changes them.
    type: str
    choices: [refuse, allow]
    default: refuse
  plan_file:
    description:
      - File to save the plan to, best in check mode. Only its owner can read it, and no secret is in it.
    type: path
  plan:
    description:
      - File of a saved plan. It is applied exactly, with the same input given again; if anything that it was made from has changed
        since, nothing is written and what changed is named.
    type: path
"""

EXAMPLES = r"""
- name: Spread a shop over three clusters, two to one to one
  navarch.fleet.application:
    name: shop
    namespace: shop
    sources:
      - kustomization: shop/
    placement:
      replicaScheduling:
        replicaSchedulingType: Divided
        replicaDivisionPreference: Weighted
        weightPreference:
          staticWeightList:
            - {targetCluster: {clusterNames: [idc-north]}, weight: 2}
            - {targetCluster: {clusterNames: [idc-south]}, weight: 1}
            - {targetCluster: {clusterNames: [cloud-east]}, weight: 1}

- name: Roll a change out to one cluster, a quarter of the pods first, then to the others
  navarch.fleet.application:
    name: shop
    namespace: shop
    sources:
      - kustomization: shop/
    rollout:
      waves:
        - {name: canary, clusters: 1, canary: 25%, mandatory: true}
        - {name: rest}
      minSuccessTime: 2m
      checks:
        - http: {url: "https://shop.[[ cluster.region ]].example.com/healthz"}
      onFailure: rollback

- name: Take over what runs in two clusters already, first in one of them
  navarch.fleet.application:
    name: shop
    namespace: shop
    sources:
      - directory: manifests/
    placement:
      clusterAffinity: {clusterNames: [idc-north, idc-south]}
    adopt: [idc-north]

- name: Take images from a mirror where there is one, and say in each cluster where it is
  navarch.fleet.application:
    name: shop
    namespace: shop
    sources:
      - directory: manifests/
    overrides:
      - targetCluster: {labelSelector: {matchLabels: {mirror: "yes"}}}
        overriders:
          imageOverrider:
            - {component: Registry, operator: replace, value: "mirror.[[ cluster.region ]].example.com"}
      - resourceSelectors: [{kind: Deployment}]
        overriders:
          labelsOverrider:
            - {operator: add, value: {region: "[[ cluster.region ]]"}}

- name: Remove it again, with the data it claimed
  navarch.fleet.application:
    name: shop
    state: absent
    prune_allow: [PersistentVolumeClaim, Namespace/shop]
"""

RETURN = r"""
revision:
  description: Number of the revision in force, in check mode of the one that would be.
  returned: when present
  type: int
replicas:
  description: Replicas per workload and cluster.
  returned: success
  type: dict
  sample:
    Deployment shop/frontend: {cloud-east: 1, idc-north: 2, idc-south: 1}
reasons:
  description: For each cluster of the registry, why it was chosen or not.
  returned: success
  type: dict
clusters:
  description: For each cluster concerned, what was done, counts, the objects that changed, health and errors.
  returned: always
  type: dict
  sample:
    idc-north:
      action: updated
      counts: {unchanged: 34, update: 1}
      health: {ready: 35, reasons: [], state: Healthy, total: 35}
      objects:
        - {object: Deployment shop/frontend, operation: update, reason: what is wanted has changed}
decision:
  description: The decision as lines for a terminal, workloads by clusters and the reason for each cluster.
  returned: success
  type: list
  elements: str
explanation:
  description: How the decision came about, line by line, and for each cluster what would have to change for the opposite answer.
  returned: success
  type: list
  elements: str
delivery:
  description: What is done in each cluster, as lines for a terminal.
  returned: success
  type: list
  elements: str
notes:
  description: What should be known although nothing failed, such as Services without local endpoints and objects that were kept.
  returned: success
  type: list
  elements: str
rollout:
  description: The steps of a rollout, and where it stands; in check mode the steps that it would have.
  returned: when O(rollout) is given and a revision is new or not finished
  type: dict
  sample:
    revision: 5
    phase: Succeeded
    steps:
      - {wave: canary, kind: canary, clusters: [idc-north], canary: 25%}
      - {wave: canary, kind: deploy, clusters: [idc-north]}
      - {wave: rest, kind: deploy, clusters: [cloud-east, idc-south]}
      - {wave: finish, kind: finish, clusters: [cloud-east, idc-north, idc-south]}
fetched:
  description: Commits of repositories and versions of charts that the sources were read at; the revision keeps them.
  returned: success
  type: list
  elements: str
error:
  description: Kind, cluster, object and next step of what went wrong first.
  returned: failure
  type: dict
"""

from typing import Any

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.application import APPLICATION_ARGUMENTS
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.applying import deliver_or_remove
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run

ARGUMENTS: dict[str, Any] = {
    **APPLICATION_ARGUMENTS,
    "namespace": {"type": "str", "default": "default"},
    "sources": {"type": "list", "elements": "dict", "default": []},
    "base": {"type": "path"},
    "kubectl": {"type": "path"},
    "helm": {"type": "path"},
    "placement": {"type": "dict", "default": {}},
    "overrides": {"type": "raw", "default": []},
    "labels": {"type": "dict", "default": {}},
    "failover": {"type": "dict", "default": {}},
    "rollout": {"type": "dict", "default": {}},
    "rollout_steps": {"type": "str", "choices": ["all", "begin"], "default": "all"},
    "health": {"type": "list", "elements": "dict", "default": []},
    "revision_history_limit": {"type": "int", "default": 10},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
    "conflict_resolution": {"type": "str", "choices": ["Abort", "Overwrite"], "default": "Abort"},
    "prune_allow": {"type": "list", "elements": "str", "default": []},
    "start_allow": {"type": "list", "elements": "str", "default": []},
    "deletion_protection": {"type": "bool", "default": False},
    "confirm_removal": {"type": "str"},
    "ignore_differences": {"type": "list", "elements": "dict", "default": []},
    "adopt": {"type": "list", "elements": "str", "default": []},
    "adopt_owners": {"type": "list", "elements": "str", "default": []},
    "adopt_changes": {"type": "str", "choices": ["refuse", "allow"], "default": "refuse"},
    "plan_file": {"type": "path"},
    "plan": {"type": "path"},
}


def main() -> None:
    module = FleetModule(ARGUMENTS)
    run(module, lambda: work(module.params, check=module.check_mode))


def work(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    return deliver_or_remove(params, check=check)


if __name__ == "__main__":
    main()
