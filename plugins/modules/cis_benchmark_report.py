#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cis_benchmark_report
short_description: Put what was found on all hosts by the CIS Kubernetes Benchmark into one table
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Reads the results of M(navarch.fleet.cis_benchmark_info) of all hosts of the play, and prints a table. What is the same on several hosts
    is one line.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    support: full
    details: Prints the table and writes no file.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  result:
    description:
      - Name of the variable that hosts registered their results in.
    type: str
    default: cis_benchmark_judged
  shown:
    description:
      - Results that are shown, out of V(pass), V(fail) and V(off). The others are only counted.
    type: list
    elements: str
    default: [fail, "off"]
  file:
    description:
      - File for the results, as JSON. Empty means none.
    type: str
    default: ""
  fail:
    description:
      - Whether it is an error when an item fails.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what was found
  navarch.fleet.cis_benchmark_report:
    file: report.json
  run_once: true
"""

RETURN = r"""
table:
  description: Lines of the table.
  returned: success
  type: list
  elements: str
  sample:
    - "FAIL  1.2.15  No profiles of the API server                                   n1"
    - "2 hosts: 120 pass, 1 fail, 2 off"
failed_items:
  description: Numbers of items that fail on some host.
  returned: success
  type: list
  elements: str
  sample: ["1.2.15"]
"""
