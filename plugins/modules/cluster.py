#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster
short_description: Let clusters join or leave the fleet
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Keeps the members of a fleet, any number of them side by side in one call.
  - Joining uses the given kubeconfig once, to make an account of our own in the cluster; the hub keeps a token of that
    account, never the credential that was given.
  - Joining again changes nothing, renews a token that is past half of its life, and finishes what was interrupted.
  - Without a kubeconfig, what is recorded of a member is changed. Labels, taints, cost and so on.
  - Leaving removes what joining made in the cluster, and nothing else. A cluster that does not answer is let go,
    and what stays in it is reported.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
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
      - The clusters. A name that is given twice is refused before anything is done.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the member. At most 63 lower case letters, digits and dashes.
        type: str
        required: true
      kubeconfig:
        description:
          - Kubeconfig with which to join, as a path, as its text or as a dictionary. It is used once and not kept.
          - It may not run programs, read other files, use a proxy or skip verification, unless O(clusters[].allow)
            says so.
        type: raw
      context:
        description:
          - Which context of the kubeconfig to use; by default its current one.
        type: str
      allow:
        description:
          - What the kubeconfig may use although it is refused by default.
          - V(file) reads other files, V(exec) runs a program.
        type: list
        elements: str
        choices: [auth-provider, exec, file, insecure-skip-tls-verify, proxy-url]
        default: []
      profile:
        description:
          - What our account may do in the cluster. A new member gets V(deployer) by default.
          - V(deployer) is every kind of object, but no escalation of rights.
          - V(namespaced) is every kind of object inside O(clusters[].namespaces) only.
          - V(admin) is everything.
        type: str
        choices: [namespaced, deployer, admin]
      namespaces:
        description:
          - The namespaces of the profile V(namespaced); they have to exist.
        type: list
        elements: str
        default: []
      token_seconds:
        description:
          - How long our token there is asked to live, 30 days by default. The cluster may give it a shorter life.
        type: int
      from_hub:
        description:
          - The id of another hub that the cluster may be taken over from.
        type: str
      provider:
        description:
          - Who runs the cluster, for example V(idc) or V(openstack). By default, what its nodes tell.
        type: str
      region:
        description:
          - Its region. By default, what its nodes tell.
        type: str
      zones:
        description:
          - Its zones. By default, what its nodes tell.
        type: list
        elements: str
      labels:
        description:
          - All its labels, for placement and for groups of the inventory.
        type: dict
      taints:
        description:
          - All its taints, as of nodes. V(NoExecute) gets the time it was added.
          - Taints that the fleet itself keeps stay.
        type: list
        elements: dict
      cordoned:
        description:
          - Whether new replicas are kept away.
        type: bool
      cost:
        description:
          - Price per core and hour, in no currency. Counts where a placement gives C(scoring.cost) weight.
        type: float
      infrastructure:
        description:
          - How its machines are reached for fencing.
        type: dict
      maintenance_windows:
        description:
          - When it takes no new work. What runs there stays.
          - Each is a span with C(start) and C(end) as RFC 3339, or comes again with C(cron) (five fields), C(duration) such as C(4h)
            and C(timezone) such as C(Europe/Berlin), by default UTC.
          - C(leadTime) keeps new work away that long before it begins already.
        type: list
        elements: dict
  state:
    description:
      - Whether the clusters are members.
    type: str
    choices: [present, absent]
    default: present
  applications:
    description:
      - What to do with a leaving member that applications have copies in.
      - V(refuse) fails. V(abandon) lets the copies run there, and the hub forgets them.
    type: str
    choices: [refuse, abandon]
    default: refuse
  deadline:
    description:
      - Seconds for each cluster.
    type: float
    default: 60
  lock_holder:
    description:
      - An id of the play, so that several of its tasks can work under one lock. By default each task has its own.
    type: str
"""

EXAMPLES = r"""
- name: Two clusters join
  navarch.fleet.cluster:
    clusters:
      - name: idc-north
        kubeconfig: ~/.kube/idc-north.yaml
        provider: idc
        region: north
        labels: {env: prod}
      - name: cloud-east
        kubeconfig: "{{ lookup('ansible.builtin.file', 'cloud-east.yaml') }}"
        context: admin

- name: Keep new replicas away from one
  navarch.fleet.cluster:
    clusters:
      - name: idc-north
        cordoned: true

- name: One leaves
  navarch.fleet.cluster:
    clusters:
      - name: cloud-east
    state: absent
"""

RETURN = r"""
clusters:
  description: Each cluster by its name, those that failed too.
  returned: always
  type: dict
  contains:
    changed:
      description: Whether anything was done for it, or would be in check mode.
      type: bool
    steps:
      description: What was done, or would be.
      type: list
      elements: dict
    member:
      description: What is recorded of it, as M(navarch.fleet.cluster_info) returns it.
      type: dict
    left_behind:
      description: What stays in a cluster that left, and why.
      type: list
      elements: str
    error:
      description: Why it failed, with the cluster, the object and the next step.
      type: dict
  sample:
    idc-north:
      changed: true
      steps:
        - action: create
          object: Namespace navarch-system
summary:
  description: One line for each cluster.
  returned: always
  type: list
  elements: str
  sample:
    - "idc-north: changed, ready, v1.37.2, 4 nodes, idc north"
"""

from typing import TYPE_CHECKING

from ansible_collections.navarch.fleet.plugins.module_utils._ansible.hub import open_hub, play_identity
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.module import FleetModule
from ansible_collections.navarch.fleet.plugins.module_utils._ansible.run import failures, run
from ansible_collections.navarch.fleet.plugins.module_utils._kube.credential import read_kubeconfig
from ansible_collections.navarch.fleet.plugins.module_utils._kube.session import Session
from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import read_inputs
from ansible_collections.navarch.fleet.plugins.module_utils._registry.join import Joined, join, plan
from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import hold
from ansible_collections.navarch.fleet.plugins.module_utils._registry.leave import leave, plan_leave
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import member_facts
from ansible_collections.navarch.fleet.plugins.module_utils._registry.names import REGISTRY_LEASE
from ansible_collections.navarch.fleet.plugins.module_utils._registry.objects import difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import FleetError
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.hub import Hub
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.inputs import MemberInput
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.lease import Lock
    from ansible_collections.navarch.fleet.plugins.module_utils._registry.leave import LeavePlan

ALLOWED = ["auth-provider", "exec", "file", "insecure-skip-tls-verify", "proxy-url"]

CLUSTER = {
    "name": {"type": "str", "required": True},
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "allow": {"type": "list", "elements": "str", "choices": ALLOWED, "default": []},
    "profile": {"type": "str", "choices": ["namespaced", "deployer", "admin"]},
    "namespaces": {"type": "list", "elements": "str", "default": []},
    "token_seconds": {"type": "int", "no_log": False},
    "from_hub": {"type": "str"},
    "provider": {"type": "str"},
    "region": {"type": "str"},
    "zones": {"type": "list", "elements": "str"},
    "labels": {"type": "dict"},
    "taints": {"type": "list", "elements": "dict"},
    "cordoned": {"type": "bool"},
    "cost": {"type": "float"},
    "infrastructure": {"type": "dict"},
    "maintenance_windows": {"type": "list", "elements": "dict"},
}


def main() -> None:
    module = FleetModule(
        {
            "clusters": {"type": "list", "elements": "dict", "required": True, "options": CLUSTER},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "applications": {"type": "str", "choices": ["refuse", "abandon"], "default": "refuse"},
            "deadline": {"type": "float", "default": 60},
            "lock_holder": {"type": "str"},
        }
    )
    run(module, lambda: keep(module))


def keep(module: FleetModule) -> dict[str, Any]:
    """Bring the clusters to their state; wrong input is refused before the hub is asked."""
    inputs = read_inputs(module.params["clusters"])
    hub = open_hub(module.params)
    if module.params["state"] == "present":
        return present(module, hub, inputs)
    return absent(module, hub, inputs)


def present(module: FleetModule, hub: Hub, inputs: Sequence[MemberInput]) -> dict[str, Any]:
    """Join."""
    deadline = module.params["deadline"]
    if module.check_mode:
        return joined_result(module, plan(hub, inputs, deadline=deadline))
    identity = play_identity(module.params["lock_holder"])
    with registry_lock(module, hub) as lock:
        planned = plan(hub, inputs, deadline=deadline)
        return joined_result(module, join(hub, planned, lock, observer=identity.place, deadline=deadline))


def absent(module: FleetModule, hub: Hub, inputs: Sequence[MemberInput]) -> dict[str, Any]:
    """Leave."""
    deadline = module.params["deadline"]
    abandon = [wanted.name for wanted in inputs] if module.params["applications"] == "abandon" else []

    def planned() -> tuple[dict[str, LeavePlan], dict[str, FleetError]]:
        names = [wanted.name for wanted in inputs]
        return plan_leave(hub, names, abandon=abandon, sessions=admin_sessions(inputs), deadline=deadline)

    if module.check_mode:
        return left_result(module, *planned())
    with registry_lock(module, hub) as lock:
        plans, failed = planned()
        return left_result(module, plans, {**failed, **leave(hub, plans, lock, deadline=deadline)})


def registry_lock(module: FleetModule, hub: Hub) -> AbstractContextManager[Lock]:
    """The lock that whoever changes the set of members holds."""
    who = play_identity(module.params["lock_holder"])
    return hold(hub.session, REGISTRY_LEASE, namespace=hub.namespace, holder=who.holder, who=who.who, where=who.where)


def admin_sessions(inputs: Sequence[MemberInput]) -> dict[str, Session]:
    """Sessions with the credentials that the user gave."""
    return {
        wanted.name: Session(
            wanted.name,
            read_kubeconfig(wanted.kubeconfig, context=wanted.context, allowed=wanted.allow, cluster=wanted.name),
        )
        for wanted in inputs
        if wanted.kubeconfig is not None
    }


def joined_result(module: FleetModule, joined: Joined) -> dict[str, Any]:
    """What the module returns after a join."""
    clusters: dict[str, dict[str, Any]] = {}
    for name, entry in joined.plans.items():
        clusters[name] = {"changed": entry.changed, "steps": entry.steps}
        if name in joined.members:
            clusters[name]["member"] = member_facts(joined.members[name])
    return result(module, clusters, joined.failed, joined.diff, joined.warnings)


def left_result(module: FleetModule, plans: dict[str, LeavePlan], failed: dict[str, FleetError]) -> dict[str, Any]:
    """What the module returns after a leave."""
    clusters = {
        name: {"changed": entry.changed, "steps": entry.steps, "left_behind": list(entry.left_behind)}
        for name, entry in plans.items()
    }
    diff = [part for name in sorted(plans) for part in difference([*plans[name].member_steps, *plans[name].hub_steps])]
    warnings = tuple(
        f"{name} left, but this stays there: {text}" for name in sorted(plans) for text in plans[name].left_behind
    )
    return result(module, clusters, failed, diff, warnings)


def result(
    module: FleetModule,
    clusters: dict[str, dict[str, Any]],
    failed: Mapping[str, FleetError],
    diff: list[dict[str, Any]],
    warnings: Sequence[str],
) -> dict[str, Any]:
    """One form for both: nobody's result is hidden by another's failure."""
    for name, error in failed.items():
        clusters.setdefault(name, {"changed": False, "steps": []})["error"] = error.to_dict()
    for warning in warnings:
        module.warn(warning)
    changed = any(entry["changed"] for entry in clusters.values())
    return {
        "changed": changed,
        "clusters": clusters,
        "summary": [summary(name, clusters[name]) for name in sorted(clusters)],
        "diff": diff,
        **failures(dict(failed), len(clusters)),
    }


def summary(name: str, entry: dict[str, Any]) -> str:
    """One line for people."""
    if "error" in entry:
        return f"{name}: {entry['error']['message']}"
    word = "changed" if entry["changed"] else "unchanged"
    member = entry.get("member")
    if member is None:
        return f"{name}: {word}"
    place = " ".join(part for part in (member["provider"], member["region"]) if part)
    nodes = member["nodes"].get("readyNum", 0)
    ready = "ready" if member["ready"] else "not ready"
    return f"{name}: {word}, {ready}, {member['kubernetes_version']}, {nodes} nodes, {place or 'no place given'}"


if __name__ == "__main__":
    main()
