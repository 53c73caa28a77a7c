#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_api
short_description: Have Cluster API make a cluster, and wait for it
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Writes Cluster, KubeadmControlPlane, MachineDeployments and their templates (API version v1beta2) to a management cluster by server-side apply, and waits
    until their conditions say that they are available.
  - The management cluster is a member of the fleet in which the controllers of Cluster API run, and an infrastructure provider of theirs.
  - Templates can't be changed in Cluster API, so each has a hash of its content in its name. What differs is another template, for which
    the controllers roll out new machines.
  - Strangers' objects of the same name are never touched.
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
  name:
    description:
      - Name of the cluster.
    type: str
    required: true
  namespace:
    description:
      - Namespace of the management cluster that its objects live in. It has to be there.
    type: str
    default: default
  management_cluster:
    description:
      - The member in which Cluster API runs.
    type: str
    required: true
  state:
    description:
      - V(absent) deletes the cluster with its machines, and waits until it is gone.
    type: str
    choices: [present, absent]
    default: present
  kubernetes_version:
    description:
      - Version of Kubernetes, such as V(v1.37.2). Needed for a cluster that is present.
    type: str
  infrastructure:
    description:
      - The kinds of an infrastructure provider. Needed for a cluster that is present.
    type: dict
    suboptions:
      api_version:
        description: Such as V(infrastructure.cluster.x-k8s.io/v1beta2).
        type: str
        required: true
      cluster_kind:
        description: Kind of its clusters, such as V(OpenStackCluster).
        type: str
        required: true
      machine_template_kind:
        description: Kind of its machine templates, such as V(OpenStackMachineTemplate).
        type: str
        required: true
      cluster_spec:
        description: Spec of the infrastructure cluster.
        type: dict
        default: {}
  control_plane:
    description:
      - The control plane.
    type: dict
    suboptions:
      replicas:
        description: Its machines, an odd number.
        type: int
        default: 1
      machine:
        description: Spec of its infrastructure machines.
        type: dict
        default: {}
  machine_deployments:
    description:
      - Workers.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the pool; its MachineDeployment is called V(<cluster>-<pool>).
        type: str
        required: true
      replicas:
        description: Its machines. Where a machine set scales the MachineDeployment, the number that it has stays.
        type: int
      machine:
        description: Spec of its infrastructure machines.
        type: dict
        default: {}
      capacity:
        description: What a machine has, as C(cpu) and C(memory), for scaling from zero.
        type: dict
        default: {}
      failure_domain:
        description: Where its machines are.
        type: str
  pod_cidrs:
    description:
      - Networks of pods.
    type: list
    elements: str
    default: [10.244.0.0/16]
  service_cidrs:
    description:
      - Networks of services.
    type: list
    elements: str
    default: [10.96.0.0/12]
  kubeadm:
    description:
      - C(kubeadmConfigSpec) of the control plane.
    type: dict
    default: {}
  kubeadm_join:
    description:
      - Spec of the KubeadmConfigTemplate of workers.
    type: dict
    default: {}
  labels:
    description:
      - Labels of the objects.
    type: dict
    default: {}
  wait:
    description:
      - Wait until all of it is available.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait.
    type: int
    default: 1800
seealso:
  - module: navarch.fleet.machine_set
"""

EXAMPLES = r"""
- name: A cluster of one control plane and three workers
  navarch.fleet.cluster_api:
    name: cloud-west
    namespace: clusters
    management_cluster: idc-north
    kubernetes_version: v1.37.2
    infrastructure:
      api_version: infrastructure.cluster.x-k8s.io/v1beta1
      cluster_kind: OpenStackCluster
      machine_template_kind: OpenStackMachineTemplate
      cluster_spec: {identityRef: {name: cloud-config, cloudName: west}}
    control_plane:
      replicas: 1
      machine: {flavor: m1.medium, image: {filter: {name: kubernetes}}}
    machine_deployments:
      - name: workers
        replicas: 3
        machine: {flavor: m1.large, image: {filter: {name: kubernetes}}}
        capacity: {cpu: "4", memory: 8Gi}
"""

RETURN = r"""
objects:
  description: For each object that was written or would be, whether it is V(created) or V(updated).
  returned: success
  type: dict
  sample: {Cluster clusters/cloud-west: created}
standing:
  description: How the cluster, its control plane and its workers stand, with what their conditions complain of.
  returned: success
  type: dict
  sample: {MachineDeployment clusters/cloud-west-workers: {phase: Running, replicas: 3, ready: 3, problems: []}}
error:
  description: Kind, cluster, object and next step of what went wrong.
  returned: failure
  type: dict
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.clusters_of_cluster_api import bring_to
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import run

if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    module = FleetModule(
        {
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "default": "default"},
            "management_cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "kubernetes_version": {"type": "str"},
            "infrastructure": {
                "type": "dict",
                "options": {
                    "api_version": {"type": "str", "required": True},
                    "cluster_kind": {"type": "str", "required": True},
                    "machine_template_kind": {"type": "str", "required": True},
                    "cluster_spec": {"type": "dict", "default": {}},
                },
            },
            "control_plane": {
                "type": "dict",
                "options": {"replicas": {"type": "int", "default": 1}, "machine": {"type": "dict", "default": {}}},
            },
            "machine_deployments": {"type": "list", "elements": "dict", "default": [], "options": pool_options()},
            "pod_cidrs": {"type": "list", "elements": "str", "default": ["10.244.0.0/16"]},
            "service_cidrs": {"type": "list", "elements": "str", "default": ["10.96.0.0/12"]},
            "kubeadm": {"type": "dict", "default": {}},
            "kubeadm_join": {"type": "dict", "default": {}},
            "labels": {"type": "dict", "default": {}},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        required_if=[("state", "present", ["kubernetes_version", "infrastructure"])],
    )
    run(module, lambda: bring_to(module.params, check=module.check_mode))


def pool_options() -> dict[str, dict[str, Any]]:
    return {
        "name": {"type": "str", "required": True},
        "replicas": {"type": "int"},
        "machine": {"type": "dict", "default": {}},
        "capacity": {"type": "dict", "default": {}},
        "failure_domain": {"type": "str"},
    }


if __name__ == "__main__":
    main()
