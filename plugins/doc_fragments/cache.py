# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Files of publishers in the controller's cache."""

    DOCUMENTATION = r"""
options:
  system:
    description:
      - For which operating system, in Go's words. The controller's by default.
    type: str
  architecture:
    description:
      - For which processor, in Go's words. The controller's by default.
    type: str
  cache:
    description:
      - The cache. By default C(navarch) in C($XDG_CACHE_HOME) or C(~/.cache).
    type: path
  patience:
    description:
      - Seconds after which a publisher or a registry counts as not reachable.
    type: float
    default: 4.0
"""

    NODE = r"""
options:
  kubernetes_version:
    description:
      - Version of Kubernetes, with the leading C(v).
    type: str
    required: true
  versions:
    description:
      - Versions of the products beside it, C(containerd), C(cni-plugins) and C(cri-tools), if not those that the collection is tested with,
        V(v2.4.2), V(v1.10.0) and V(v1.37.0).
    type: dict
    default: {}
  image_repository:
    description:
      - Where the cluster's images are named to be.
    type: str
    default: registry.k8s.io
  image_tags:
    description:
      - Tags other than those that C(kubeadm) names, by the last part of the image's name.
    type: dict
    default: {}
  extra_images:
    description:
      - Images beside those that C(kubeadm) names, each with its full name.
    type: list
    elements: str
    default: []
  mirrors:
    description:
      - For a registry, the address of another one that is asked instead.
    type: dict
    default: {}
  urls:
    description:
      - Where the publishers of binaries are, as in M(navarch.fleet.binaries).
    type: dict
    default: {}
  source:
    description:
      - V(auto) downloads where the publisher answers within O(patience), else builds.
      - V(release) never builds; V(build) never downloads.
    type: str
    choices: [auto, release, build]
    default: auto
"""
