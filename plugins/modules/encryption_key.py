#!/usr/bin/python
# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: encryption_key
short_description: Change the key that a cluster encrypts its Secrets with, step by step
version_added: 0.1.0
author:
  - navarch.fleet contributors (@navarch)
description:
  - Runs on a control plane. Each step has to be taken by all control planes before the next one; playbook
    C(navarch.fleet.rotate_encryption_key) does that.
  - The keys lie in C(/etc/kubernetes/navarch/encryption.json), readable for root alone. Where they change they are returned, so that the other
    control planes get the same. Use O(state=introduced) and O(state=promoted) with C(no_log), and keep the keys in no file.
  - A step is done when the API server of the host says that it uses the file as it is.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  state:
    description:
      - V(observed) changes nothing.
      - V(introduced) makes a new key that can be read with. A change that is on its way already goes on, and no other key is made.
      - V(promoted) writes with the new key.
      - V(rewritten) writes everything again that lies in etcd otherwise.
      - V(retired) takes the old key away, and refuses to as long as something lies in etcd otherwise.
      - V(copied) takes over the keys of another control plane, O(keys).
    type: str
    choices: [observed, introduced, promoted, rewritten, retired, copied]
    required: true
  keys:
    description:
      - RV(keys) of another control plane, for O(state=copied).
    type: str
  provider:
    description:
      - How a new key encrypts.
    type: str
    choices: [secretbox, aesgcm]
    default: secretbox
  resources:
    description:
      - Resources that are encrypted. One that is encrypted already is never left out.
    type: list
    elements: str
    default: [secrets]
  deadline:
    description:
      - Seconds to wait for the API server, which looks at its file once a minute.
    type: float
    default: 180
"""

EXAMPLES = r"""
- name: Make a new key on the first control plane
  navarch.fleet.encryption_key:
    state: introduced
  register: introduced
  no_log: true

- name: Bring it to another one
  navarch.fleet.encryption_key:
    state: copied
    keys: "{{ hostvars['n1'].introduced['keys'] }}"
  no_log: true
"""

RETURN = r"""
stage:
  description: How far a change of keys has come on this host. V(steady), V(introduced), V(promoted), or V(none) where nothing is encrypted.
  returned: success
  type: str
names:
  description: Names of the keys, the one that is written with first.
  returned: success
  type: list
  elements: str
  sample: [key-2, key-1]
keys:
  description: The file with the keys, a secret.
  returned: for O(state=introduced) and O(state=promoted)
  type: str
rewritten:
  description: How many objects were written again, or would be in check mode.
  returned: for O(state=rewritten)
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.lock import host_lock
from ansible_collections.navarch.fleet.plugins.module_utils._node.security import encryption, key_file, keys

_CHANGES = ("introduced", "promoted", "retired", "copied")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["observed", *_CHANGES[:2], "rewritten", *_CHANGES[2:]],
                "required": True,
            },
            "keys": {"type": "str", "no_log": True},
            "provider": {"type": "str", "choices": ["secretbox", "aesgcm"], "default": "secretbox"},
            "resources": {"type": "list", "elements": "str", "default": ["secrets"]},
            "deadline": {"type": "float", "default": 180.0},
        },
        required_if=[("state", "copied", ("keys",))],
        supports_check_mode=True,
    )
    try:
        with host_lock(module.params["deadline"], exclusive=not module.check_mode):
            result = _run(module.params, check=module.check_mode)
    except (NodeError, OSError, ValueError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


def _run(params: dict[str, Any], *, check: bool) -> dict[str, Any]:
    there = key_file.read()
    state = params["state"]
    if state == "observed":
        return {"changed": False, **_shown(there)}
    if there is None:
        raise NodeError(
            "Nothing is encrypted in this cluster.",
            "Its measure (cluster_security.encryption) was off when the cluster began.",
        )
    if state == "rewritten":
        count = len(keys.stale(there)) if check else keys.rewrite(there)
        return {"changed": count > 0, "rewritten": count, **_shown(there)}
    wanted = _wanted(state, there, params)
    if not check:
        _act(state, there, wanted, params["deadline"])
    secret = {"keys": encryption.to_text(wanted)} if state in ("introduced", "promoted") else {}
    return {"changed": wanted != there, **_shown(wanted), **secret}


def _wanted(state: str, there: encryption.Configuration, params: dict[str, Any]) -> encryption.Configuration:
    if state == "introduced":
        return encryption.introduced(there, params["provider"], params["resources"])
    if state == "promoted":
        return encryption.promoted(there)
    if state == "retired":
        return encryption.retired(there)
    return encryption.from_text(params["keys"])


def _act(state: str, there: encryption.Configuration, wanted: encryption.Configuration, deadline: float) -> None:
    if state == "retired" and wanted != there and (left := keys.stale(there)):
        raise NodeError(f"{len(left)} objects are still written with the old key.", "Take the step `rewritten` first.")
    if wanted != there:
        key_file.write(encryption.to_text(wanted))
    keys.await_reload(deadline)


def _shown(configuration: encryption.Configuration | None) -> dict[str, Any]:
    if configuration is None:
        return {"stage": "none", "names": []}
    return {"stage": configuration.stage.value, "names": [key.name for key in configuration.keys]}


if __name__ == "__main__":
    main()
