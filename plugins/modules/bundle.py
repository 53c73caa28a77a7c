#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/bundle.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle
short_description: Write all that hosts without a way out need to be nodes into one archive
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Writes a tar archive with the binaries, the images and the packages for one version of Kubernetes and one distribution; C(bundle.json)
    in it lists the contents, C(SHA256SUMS) has the checksums.
  - The machine that runs this needs the way out that the hosts lack. M(navarch.fleet.node_files) opens the bundle where there is none.
  - A bundle that holds the same already is left as it is. One that is being written appears under its name when it is complete.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.cache
  - navarch.fleet.cache.node
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It runs on the controller, whatever the host is, and so does the bundle lie there.
    support: full
  check_mode:
    description: Can run in check mode.
    details: Only the version of a bundle that is there is looked at, because nothing is downloaded.
    support: partial
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  path:
    description:
      - The bundle.
    type: path
    required: true
  distribution:
    description:
      - The distribution of the hosts, with its version, for example V(debian-12) or V(ubuntu-24.04). The controller's own by default.
    type: str
    default: ""
  packages:
    description:
      - The distribution's packages that hosts need; with them comes everything that they depend on. Without any, hosts need a source of
        packages of their own.
      - Needs C(apt-get) and C(dpkg-deb) on the controller, so it is for distributions of the Debian family only.
    type: list
    elements: str
    default: []
  package_sources:
    description:
      - Lines of a sources.list with the distribution's packages. By default the controller's own sources are asked, where it has the
        same distribution as the hosts.
    type: list
    elements: str
    default: []
seealso:
  - module: navarch.fleet.node_files
"""

EXAMPLES = r"""
- name: A bundle for hosts with Debian 12
  navarch.fleet.bundle:
    path: /media/usb/navarch-v1.37.2-debian-12.tar
    kubernetes_version: v1.37.2
    distribution: debian-12
    packages: [conntrack, runc, socat]
  register: bundle

- name: Show what to compare it with where it is used
  ansible.builtin.debug:
    msg: "{{ bundle.sha256 }}"
"""

RETURN = r"""
path:
  description: The bundle.
  returned: success, but in check mode
  type: str
  sample: /media/usb/navarch-v1.37.2-debian-12.tar
sha256:
  description: The SHA-256 of the bundle.
  returned: success, but in check mode
  type: str
  sample: 9e107d9d372bb6826bd81d3542a419d6c2a9f2f8a5d2e7b4a1c3e5f708192a3b
size:
  description: The size of the bundle in bytes.
  returned: success, but in check mode
  type: int
  sample: 909496320
contents:
  description: What C(bundle.json) says.
  returned: success, but in check mode
  type: dict
  sample:
    kubernetes_version: v1.37.2
    distribution: debian-12-amd64
    machine: linux-amd64
    versions: {kubernetes: v1.37.2, containerd: v2.4.2, cni-plugins: v1.10.0, cri-tools: v1.37.0}
    entries:
      - path: binaries/kubelet
        kind: binary
        sha256: 0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f
        size: 92274688
        target: /usr/local/bin/kubelet
        references: []
        control_plane: false
"""
