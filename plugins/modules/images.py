#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/images.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: images
short_description: Get archives of container images into a cache
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Gives the path of an archive of each image in the cache, in the OCI image layout, as C(ctr images import) takes it; and gets those that
    are not there or not whole. Needs no container engine.
  - Images are pulled from their registry or from a mirror, and each part is checked against its digest. Where no registry answers, the images
    that a cluster of kubeadm consists of (C(kube-apiserver), C(kube-controller-manager), C(kube-scheduler), C(kube-proxy), C(etcd),
    C(coredns), C(pause)) are made of the binaries that M(navarch.fleet.binaries) gets, under the same names.
  - An image of C(kube-proxy) that was made here has C(nft) of this machine in it, so it can only use mode C(nftables).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - navarch.fleet.cache
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It runs on the controller, whatever the host is, and so does its cache lie there.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
    support: full
options:
  references:
    description:
      - The images, each with its full name, V(registry/repository:tag).
    type: list
    elements: str
    required: true
  mirrors:
    description:
      - For a registry, the address of another one that is asked instead, with C(http://) or C(https://). The images keep their names.
      - Registries that want credentials are not supported, only those that give everybody a token.
    type: dict
    default: {}
  urls:
    description:
      - Where the publishers of binaries are, as in M(navarch.fleet.binaries), for images that are made here.
    type: dict
    default: {}
  source:
    description:
      - V(auto) pulls where the registry answers within O(patience), else makes the image.
      - V(release) never makes one; V(build) never pulls.
    type: str
    choices: [auto, release, build]
    default: auto
seealso:
  - module: navarch.fleet.binaries
"""

EXAMPLES = r"""
- name: Have the images of a node
  navarch.fleet.images:
    references:
      - registry.k8s.io/kube-proxy:v1.37.2
      - registry.k8s.io/pause:3.10.2
  register: got

- name: From a mirror
  navarch.fleet.images:
    references: [registry.k8s.io/pause:3.10.2]
    mirrors:
      registry.k8s.io: https://mirror.example.com
"""

RETURN = r"""
images:
  description: The archives that are there.
  returned: success
  type: list
  elements: dict
  contains:
    reference:
      description: The image's name.
      type: str
    path:
      description: The archive on the controller.
      type: str
    sha256:
      description: Of the archive.
      type: str
    size:
      description: Of the archive, in bytes.
      type: int
    source:
      description: V(registry) or V(build).
      type: str
  sample:
    - reference: registry.k8s.io/pause:3.10.2
      path: /home/me/.cache/navarch/images/registry.k8s.io_pause-3.10.2-linux-amd64/image.tar
      sha256: b70600e3fef8aa9d5d07da72544384739f0878af4f0bd344f5b4364d81b6e2cd
      size: 1443840
      source: build
missing:
  description: The images that were not there.
  returned: success
  type: list
  elements: str
  sample: ["registry.k8s.io/pause:3.10.2"]
"""
