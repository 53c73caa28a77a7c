# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to reach an OpenStack cloud."""

    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of an entry of C(clouds.yaml). Without it, the environment variables C(OS_*) are used, or O(auth).
    type: str
  auth:
    description:
      - The credential itself, as C(auth) of an entry of C(clouds.yaml) holds it (C(auth_url), C(username), C(password), C(project_name) ...).
    type: dict
  auth_type:
    description:
      - What kind of credential O(auth) is, for example V(v3applicationcredential).
    type: str
  region_name:
    description:
      - Region of the cloud.
    type: str
  interface:
    description:
      - Which of the cloud's endpoints to use.
    type: str
    choices: [public, internal, admin]
  validate_certs:
    description:
      - Whether the cloud's certificates have to be valid. What the entry of C(clouds.yaml) says, by default.
    type: bool
  ca_cert:
    description:
      - File with the authorities that may have signed the cloud's certificates.
    type: path
  api_timeout:
    description:
      - Seconds in which one request has to be answered. It is repeated when that can do no harm.
    type: float
    default: 60
requirements:
  - openstacksdk >= 2.0
notes:
  - Every request that gets no usable answer (status 429, 500, 502, 503, 504, or none at all) is repeated up to seven times with growing pauses. Before a
    create is repeated, the module looks whether the first one took effect.
"""
