# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions as the modules take them that have something else write files."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment ``navarch.fleet.permissions``."""

    DOCUMENTATION = r"""
options:
  permissions:
    description:
      - What the files and folders that were written on the way may be open to at most, and to whom they belong, as
        O(navarch.fleet.host#module:resources[].permissions).
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
"""
