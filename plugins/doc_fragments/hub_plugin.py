# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options that say where the hub is, for plugins that run in the controller (inventory, lookup)."""

    DOCUMENTATION = r"""
options:
  hub_kubeconfig:
    description:
      - Kubeconfig of the hub, as a path, as its text, or as a dictionary.
      - In an inventory file, a relative path starts at that file's folder when it exists there.
    type: raw
    env:
      - name: NAVARCH_HUB_KUBECONFIG
    vars:
      - name: navarch_hub_kubeconfig
  hub_context:
    description:
      - Context of O(hub_kubeconfig); its current one by default.
    type: str
    env:
      - name: NAVARCH_HUB_CONTEXT
    vars:
      - name: navarch_hub_context
  hub_host:
    description:
      - URL of the hub's API server, instead of O(hub_kubeconfig).
    type: str
    env:
      - name: NAVARCH_HUB_HOST
    vars:
      - name: navarch_hub_host
  hub_token:
    description:
      - Bearer token for O(hub_host).
    type: str
    env:
      - name: NAVARCH_HUB_TOKEN
    vars:
      - name: navarch_hub_token
  hub_ca_cert:
    description:
      - Certificate authority of O(hub_host), as a path or as PEM text.
    type: str
    env:
      - name: NAVARCH_HUB_CA_CERT
    vars:
      - name: navarch_hub_ca_cert
  hub_namespace:
    description:
      - Namespace of the registry in the hub.
    type: str
    default: navarch-system
    env:
      - name: NAVARCH_HUB_NAMESPACE
    vars:
      - name: navarch_hub_namespace
"""
