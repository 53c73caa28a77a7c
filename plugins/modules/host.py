#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host
short_description: Bring a host into the state that roles list
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Compares what is listed with what is on the host, and brings about the difference only. Packages, parameters of the kernel, files,
    programs, container images and units, in one call.
  - Files are written in one move, programs are recognised by their checksum, and a unit is started again when something that it reads
    is newer than its start. So an interrupted run is finished by the next one.
  - What the host can't fetch itself is brought by the controller, once, and only where the checksum differs.
  - Only one run changes a host at a time; a second one waits.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.host_requirements
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It brings files to the host.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  resources:
    description:
      - What is wanted, in any number of lists. Where two name the same path, parameter or unit, the later one counts.
    type: list
    elements: dict
    required: true
    suboptions:
      packages:
        description:
          - Packages of the distribution, as a name (with C(=version) where it is pinned), or as a dictionary with the names for C(apt) and
            C(dnf). A manager that such a dictionary does not name needs no package.
        type: list
        elements: raw
        default: []
      kernel_modules:
        description: Modules of the kernel, now and after each start.
        type: list
        elements: str
        default: []
      sysctls:
        description: Parameters of the kernel, now and after each start.
        type: dict
        default: {}
      swap:
        description: V(off) switches swap off, now and after each start.
        type: str
        choices: ["off", keep]
      files:
        description: Files and folders.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Where.
            type: path
            required: true
          content:
            description:
              - Its text. Without one it is a folder.
              - C(@ADDRESS_INTERFACE@) and C(@ADDRESS_NETWORK@) in it stand for the interface that carries
                O(requirements.address), and for the network of that.
            type: str
          mode:
            description: Its mode, V(0644) for a file and V(0755) for a folder by default.
            type: str
          secret:
            description: Whether its content is kept out of the output.
            type: bool
            default: false
          absent:
            description: Whether it is to be removed.
            type: bool
            default: false
      binaries:
        description: Programs from outside the distribution.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Where the program goes.
            type: path
            required: true
          sha256:
            description: Checksum of the file that is fetched.
            type: str
            required: true
          url:
            description: Where the host gets it, C(https://) or C(file://) for a disk that the host sees.
            type: str
          source:
            description: Where it lies on the controller, which brings it. Taken where there is no O(resources[].binaries[].url).
            type: path
          member:
            description: Path inside the archive, where the file is one (tar).
            type: str
          mode:
            description: Mode of the program.
            type: str
            default: "0755"
      images:
        description: Archives of container images for containerd.
        type: list
        elements: dict
        default: []
        suboptions:
          references:
            description: The images it holds, by full name.
            type: list
            elements: str
            required: true
          sha256:
            description: Checksum of the archive.
            type: str
            required: true
          url:
            description: Where the host gets it.
            type: str
          source:
            description: Where it lies on the controller, which brings it.
            type: path
      units:
        description: Units of systemd.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Its name.
            type: str
            required: true
          state:
            description: V(running) means enabled as well, V(stopped) means disabled as well.
            type: str
            choices: [running, stopped]
            default: running
          needs:
            description: A path without which it can't run; until that exists it is only enabled.
            type: path
          reads:
            description: Paths after whose change it is started again.
            type: list
            elements: path
            default: []
          on_change:
            description: What is done then.
            type: str
            choices: [restart, reload]
            default: restart
      permissions:
        description: What files and folders that exist may be open to at most, whoever wrote them.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Where. C(*) stands for any name.
            type: path
            required: true
          mode:
            description: The most that it may be open to.
            type: str
            required: true
          owner:
            description: To whom it belongs. A user who is missing is made, without a login.
            type: str
            default: root
          group:
            description: To which group it belongs, the owner's by default.
            type: str
  node:
    description:
      - Name of the host's Node. With it, RV(membership) tells how the host stands with its cluster.
    type: str
  package_source:
    description:
      - One line of apt's sources, which is then the only one used. By default the host's own sources.
    type: str
    default: ""
  package_archive:
    description:
      - An archive of packages with their index, as M(navarch.fleet.node_files) returns it for a bundle. With one, apt sees nothing else.
        It is unpacked for as long as packages are installed.
    type: dict
    default: {}
    suboptions:
      sha256:
        description: Checksum of the archive. Without one there is no archive.
        type: str
      url:
        description: Where the host gets it.
        type: str
      source:
        description: Where it lies on the controller, which brings it.
        type: path
  incoming:
    description:
      - Folder on the host with files that were brought there, named by their checksum. Set by the part on the controller.
    type: path
  patience:
    description:
      - Seconds without an answer after which a download is given up.
    type: float
    default: 30
  deadline:
    description:
      - Seconds for packages, and for waiting until another run has left the host.
    type: float
    default: 900
"""

EXAMPLES = r"""
- name: Let a host forward packets
  navarch.fleet.host:
    resources:
      - kernel_modules: [br_netfilter]
        sysctls:
          net.ipv4.ip_forward: 1

- name: Run a load balancer
  navarch.fleet.host:
    resources:
      - packages: [haproxy]
        files:
          - path: /etc/haproxy/haproxy.cfg
            content: "{{ lookup('ansible.builtin.template', 'haproxy.cfg.j2') }}"
        units:
          - name: haproxy.service
            reads: [/etc/haproxy/haproxy.cfg]
            on_change: reload
"""

RETURN = r"""
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["install runc (it is missing)", "restart containerd.service (/etc/containerd/config.toml changed)"]
seconds:
  description: How long each kind of resource took to bring about.
  returned: success
  type: dict
  sample: {"packages": 6.1, "files": 0.1, "binaries": 1.2, "units": 1.0, "images": 4.3}
findings:
  description: What the host lacks of O(requirements).
  returned: success
  type: list
  elements: str
  sample: ["It has 900 MiB of memory; 1700 MiB are needed."]
told:
  description: What does not keep it from becoming a node, and is worth a look.
  returned: success
  type: list
  elements: str
  sample: ["Nobody keeps its clock right; install chrony, or systemd-timesyncd."]
fitness:
  description: What was looked at for C(requirements.node). Empty without it.
  returned: success
  type: dict
facts:
  description: What the host is.
  returned: success
  type: dict
  sample:
    hostname: n1
    distribution: debian
    distribution_version: "12"
    architecture: amd64
    memory: 7972
    processors: 4
    address_network: 10.0.0.0/24
failures:
  description: How many changes of this host by this collection failed since it started.
  returned: success
  type: int
membership:
  description: How the host stands with its cluster.
  returned: when O(node) is given
  type: dict
  contains:
    journal:
      description: What kubeadm last began here, and whether it came to its end.
      type: dict
    control_plane:
      description: Whether it is a control plane.
      type: bool
    remains:
      description: Files of a cluster on the host.
      type: list
      elements: str
    answer:
      description: V(found), V(unknown) or V(refused) by the API server, V(silent) where it does not answer, or V(not asked).
      type: str
    ready:
      description: Whether its Node is Ready.
      type: bool
    version:
      description: Version of its kubelet.
      type: str
    etcd:
      description:
        - How the host stands with an etcd that is on hosts of its own; empty where it is none of them. C(journal) as above, whether there is
          C(data), whether its member is C(well), its C(version), and whether it C(holds) the data of a Kubernetes cluster.
      type: dict
    etcd_servers:
      description: Where its API server finds etcd.
      type: list
      elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node import (
    binaries,
    etcd_local,
    facts,
    fitness,
    host,
    kubeadm,
)
from ansible_collections.navarch.fleet.plugins.module_utils._node.arguments import ARGUMENTS
from ansible_collections.navarch.fleet.plugins.module_utils._node.ending import answer_alone
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.lock import failures
from ansible_collections.navarch.fleet.plugins.module_utils._node.steps import report


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
    )
    answer_alone(module, lambda: _run(module))


def _run(module: AnsibleModule) -> dict:
    params = module.params
    seen = facts.observe(params["requirements"].get("address") or "")
    wanted = host.resources([facts.filled_in(each, seen) for each in params["resources"]])
    found = host.observe(wanted)
    steps = host.plan(wanted, found)
    kubernetes = kubeadm.observe(params["node"]) if params["node"] else None
    in_a_cluster = kubernetes is not None and bool(kubernetes.remains)
    findings = facts.findings(seen, facts.Requirements.from_dict(params["requirements"]), in_a_cluster)
    fit = fitness.judge(params["requirements"], seen.to_dict(), steps, in_a_cluster)
    findings += fit.findings
    means = _means(params)
    bring = host.to_bring(wanted, steps, means.package_archive)
    seconds: dict[str, float] = {}
    if not module.check_mode:
        if findings:
            raise NodeError(" ".join(findings))
        if steps:
            seconds = host.act(wanted, steps, found, means)
            host.verify(wanted)
    return {
        **report(steps),
        "seconds": seconds,
        "findings": findings,
        "told": list(fit.told),
        "fitness": dict(fit.seen),
        "facts": seen.to_dict(),
        "bring": bring,
        "failures": failures(),
        "membership": {**kubernetes.to_dict(), **etcd_local.membership()} if kubernetes else {},
    }


def _means(params: dict) -> host.Means:
    return host.Means(
        package_source=params["package_source"],
        package_archive=host.PackageArchive.from_dict(params["package_archive"]),
        access=binaries.Access(params["incoming"] or "", params["patience"]),
        deadline=params["deadline"],
    )


if __name__ == "__main__":
    main()
