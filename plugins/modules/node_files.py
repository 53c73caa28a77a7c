#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/node_files.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: node_files
short_description: Get the binaries and images that hosts need to be nodes
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Has everything that a version of Kubernetes needs on hosts in the controller's cache, and says what goes where, with checksums.
    Which images these are, that version's C(kubeadm) says. C(etcd), C(etcdctl) and C(etcdutl) are of the version of etcd among them.
  - Binaries come as with M(navarch.fleet.binaries), images as with M(navarch.fleet.images); or all of it comes out of a bundle that
    M(navarch.fleet.bundle) wrote, and then nobody is contacted.
  - In check mode it fills the cache as well, because nothing could be said of the hosts without.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.cache
  - navarch.fleet.cache.node
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It runs on the controller, whatever the host is, and so does its cache lie there.
    support: full
  check_mode:
    description: Can run in check mode.
    details: The cache is filled in check mode, too; no host is touched in either.
    support: partial
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  bundle:
    description:
      - A bundle on the controller. Everything in it is checked before anything of it is used; one that was cut short or altered is refused.
        It is unpacked into the cache, once.
    type: path
  bundle_sha256:
    description:
      - The bundle's own SHA-256 as M(navarch.fleet.bundle) gave it. The checksums inside a bundle protect from damage; this one
        protects from somebody who writes a bundle of his own, too.
    type: str
    default: ""
  images:
    description:
      - V(archives) gets archives of the images. V(none) gets none, for hosts that pull them themselves. A bundle gives those that are in it.
    type: str
    choices: [archives, none]
    default: archives
  mirror:
    description:
      - Where hosts find the controller's cache, for example V(https://mirror.example.com/navarch) or V(file:///mnt/navarch).
        Files are then given by C(url), else by C(source), from where they are copied to hosts.
    type: str
    default: ""
seealso:
  - module: navarch.fleet.binaries
  - module: navarch.fleet.images
  - module: navarch.fleet.bundle
"""

EXAMPLES = r"""
- name: Have what nodes need
  navarch.fleet.node_files:
    kubernetes_version: v1.37.2
  register: node_files

- name: Have it from a bundle
  navarch.fleet.node_files:
    kubernetes_version: v1.37.2
    bundle: /media/usb/navarch-v1.37.2-debian-12.tar
  register: node_files
"""

RETURN = r"""
binaries:
  description: The binaries of a host.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where it belongs on a host.
      type: str
    sha256:
      description: Its SHA-256.
      type: str
    control_plane:
      description: Whether only control planes need it, and hosts of etcd.
      type: bool
    source:
      description: Where it is on the controller; without O(mirror).
      type: str
    url:
      description: Where hosts find it; with O(mirror).
      type: str
  sample:
    - path: /usr/local/bin/kubelet
      sha256: 0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f
      control_plane: false
      source: /home/me/.cache/navarch/binaries/kubernetes-v1.37.2-linux-amd64/kubelet
images:
  description: Archives of the images.
  returned: success
  type: list
  elements: dict
  contains:
    references:
      description: The names of the images in it.
      type: list
      elements: str
    sha256:
      description: Of the archive.
      type: str
    control_plane:
      description: Whether only control planes need it.
      type: bool
    source:
      description: Where it is on the controller; without O(mirror).
      type: str
    url:
      description: Where hosts find it; with O(mirror).
      type: str
  sample:
    - references: ["registry.k8s.io/pause:3.10.2"]
      sha256: b70600e3fef8aa9d5d07da72544384739f0878af4f0bd344f5b4364d81b6e2cd
      control_plane: false
      source: /home/me/.cache/navarch/images/registry.k8s.io_pause-3.10.2-linux-amd64/image.tar
etcd_version:
  description: Version of etcd that belongs to this version of Kubernetes. Empty for a bundle without images.
  returned: success
  type: str
  sample: v3.7.0
packages:
  description: The archive of packages, which is a folder with an index that C(apt) reads; empty without O(bundle).
  returned: success
  type: dict
  sample:
    source: /home/me/.cache/navarch/bundles/0f3c2f1e5b7a9d4c/packages.tar
    sha256: 9e107d9d372bb6826bd81d3542a419d6c2a9f2f8a5d2e7b4a1c3e5f708192a3b
missing:
  description: What was not in the cache.
  returned: success
  type: list
  elements: str
  sample: [kubelet, "registry.k8s.io/pause:3.10.2"]
"""
