# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hub's options as every module of the collection documents them."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment ``navarch.fleet.hub``."""

    DOCUMENTATION = r"""
options:
  hub_kubeconfig:
    description:
      - Kubeconfig of the hub, as a path, as its text or as a dictionary.
      - If not given, the environment variable E(NAVARCH_HUB_KUBECONFIG) is used.
    type: raw
  hub_context:
    description:
      - Which context of O(hub_kubeconfig) to use; by default its current one.
      - If not given, the environment variable E(NAVARCH_HUB_CONTEXT) is used.
    type: str
  hub_host:
    description:
      - URL of the hub's API server, instead of a kubeconfig. Needs O(hub_token).
      - If not given, the environment variable E(NAVARCH_HUB_HOST) is used.
    type: str
  hub_token:
    description:
      - Bearer token for O(hub_host).
      - If not given, the environment variable E(NAVARCH_HUB_TOKEN) is used.
    type: str
  hub_ca_cert:
    description:
      - Certificate authority of O(hub_host), as a path or as PEM text; by default the system's are trusted.
      - If not given, the environment variable E(NAVARCH_HUB_CA_CERT) is used.
    type: str
  hub_namespace:
    description:
      - Namespace of the hub that holds the registry.
      - If not given, the environment variable E(NAVARCH_HUB_NAMESPACE) is used.
    type: str
    default: navarch-system
requirements:
  - python >= 3.11
  - kubernetes >= 28.1.0
notes:
  - Runs where the hub and the members can be reached, usually on localhost.
  - The pod's own service account and C(K8S_AUTH_*) variables are never used.
"""
