# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name an application, as every module that changes one documents them."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment ``navarch.fleet.application``."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the application.
    type: str
    required: true
  tenant:
    description:
      - Namespace of the hub that holds the application's record.
    type: str
    default: default
  lock_holder:
    description:
      - Id of the play, for tasks that share one lease.
    type: str
"""
