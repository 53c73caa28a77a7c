#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation only: plugins/action/administrator.py does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: administrator
short_description: Get the administrator's kubeconfig of a cluster from a control plane
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the kubeconfig that kubeadm made for the cluster's administrator, and keeps it on the controller, where only its owner may read it.
  - Whoever has it may do everything in the cluster. Use C(no_log) with this module.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  action:
    description: Has a part that runs on the controller.
    details: It writes the file; the kubeconfig is read on the host.
    support: full
  check_mode:
    support: full
  diff_mode:
    description: Returns details on what has changed.
    details: What it writes is secret.
    support: none
  platform:
    platforms: posix
    support: full
options:
  path:
    description:
      - File on the controller, in a folder that is there. Without it, the kubeconfig is only returned.
    type: path
"""

EXAMPLES = r"""
- name: Keep the administrator's kubeconfig
  navarch.fleet.administrator:
    path: "{{ playbook_dir }}/north.conf"
  no_log: true
"""

RETURN = r"""
kubeconfig:
  description: The kubeconfig.
  returned: success
  type: str
"""
